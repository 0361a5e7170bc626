//! What holds of `Retry` whatever fails.

use std::{collections::HashSet, time::Duration};

use proptest::prelude::*;
use stockflow_core::{
    Alerter, ErrorKind, QuoteTable, Sink,
    conformance::samples,
    memory::{Faults, Flaky, MemoryAlerter, MemorySink, MemoryTable},
    wrap::{Backoff, Retry},
};

use crate::{block_on, no_pause, quotes};

fn faults(answers: impl Strategy<Value = u8>) -> impl Strategy<Value = Faults> {
    let kind = prop::sample::select(vec![ErrorKind::Throttled, ErrorKind::Unavailable]);
    (0..60_u8, answers, 0..60_u8, kind).prop_map(|(calls, answers, items, kind)| Faults {
        calls,
        answers,
        items,
        kind,
    })
}

fn retry<T>(inner: T, seed: u64, attempts: u32) -> Retry<T> {
    let backoff = Backoff::new(attempts, Duration::ZERO, Duration::ZERO).expect("within bounds");
    Retry::new(inner, seed, no_pause).with_backoff(backoff)
}

/// Which of `len` items a report does not name.
fn done(report: &stockflow_core::BatchReport, len: usize) -> Vec<usize> {
    let failed: HashSet<usize> = report.failures().iter().map(|failure| failure.index).collect();
    assert_eq!(failed.len(), report.failures().len(), "an index twice");
    assert!(failed.iter().all(|index| *index < len), "an index that there is not");
    (0..len).filter(|index| !failed.contains(index)).collect()
}

proptest! {
    #[test]
    fn done_items_are_in_the_sink_in_the_order_of_their_symbol(
        seed: u64,
        faults in faults(0..60_u8),
        attempts in 1..8_u32,
        symbols in prop::collection::vec(0..4_usize, 0..40),
    ) {
        let items = quotes(&symbols);
        let flaky = Flaky::new(MemorySink::new(), seed, faults).expect("within bounds");
        let retry = retry(flaky, seed, attempts);
        if let Ok(report) = block_on(retry.write(&items)) {
            let written = retry.inner().inner().items();
            let mut last = [None; 4];
            for index in done(&report, items.len()) {
                let at = written.iter().rposition(|item| *item == items[index]);
                prop_assert!(at.is_some(), "item {} is done, but not there", index);
                let before = &mut last[symbols[index]];
                prop_assert!(*before < at, "item {} is before one that comes before it", index);
                *before = at;
            }
        }
    }

    #[test]
    fn no_alert_is_told_twice_unless_an_answer_was_lost(
        seed: u64,
        faults in faults(Just(0)),
        attempts in 1..8_u32,
        count in 0..40_u64,
    ) {
        let alerts = samples::alerts(count);
        let flaky = Flaky::new(MemoryAlerter::new(), seed, faults).expect("within bounds");
        let retry = retry(flaky, seed, attempts);
        let done = match block_on(retry.notify(&alerts)) {
            Ok(report) => done(&report, alerts.len()),
            Err(_) => Vec::new(),
        };
        let mut told: Vec<String> =
            retry.inner().inner().sent().iter().map(|alert| alert.id().to_string()).collect();
        let mut expected: Vec<String> =
            done.into_iter().map(|index| alerts[index].id().to_string()).collect();
        told.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn done_rows_are_in_the_table(
        seed: u64,
        faults in faults(0..60_u8),
        attempts in 1..8_u32,
        symbols in prop::collection::vec(0..4_usize, 0..40),
        absent: bool,
    ) {
        let symbol = |number: &usize| samples::symbol(samples::SYMBOLS[*number]);
        let rows: Vec<_> =
            (0..).zip(&symbols).map(|(n, number)| samples::row(symbol(number), n)).collect();
        let flaky = Flaky::new(MemoryTable::new(), seed, faults).expect("within bounds");
        let retry = retry(flaky, seed, attempts);
        let outcome = if absent {
            block_on(retry.put_absent(&rows))
        } else {
            block_on(retry.put(&rows))
        };
        if let Ok(report) = outcome {
            let stored = retry.inner().inner().snapshot();
            for index in done(&report, rows.len()) {
                prop_assert!(stored.contains(&rows[index]), "row {} is not there", index);
            }
        }
    }

    #[test]
    fn enough_attempts_get_everything_through(seed: u64) {
        let items = quotes(&[0, 1, 2, 3].repeat(10));
        let flaky = Flaky::new(MemorySink::new(), seed, Faults::default()).expect("within bounds");
        let retry = retry(flaky, seed, 60);
        prop_assert!(block_on(retry.write(&items)).expect("some attempt succeeds").is_complete());
    }
}
