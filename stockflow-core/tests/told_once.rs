//! Where there is no other sender, leases are zero: nothing but the stage itself keeps it from telling an alert twice in a call,
//! or from counting a turn twice.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use stockflow_core::{
    Anomaly, Checkpoint, Direction, Evidence, Judgement, Policy, Quality, Quote, QuoteTable as _,
    Row, Rule, Rules, Severity, StoredRow, TrendDetector, TrendSignal, TrendWatch,
    conformance::samples::{at, quote, symbol},
    memory::{Faults, Flaky, MemoryAlerter, MemoryLedger, MemoryTable},
};

/// A checkpoint with an anomaly that is told.
fn checkpoint(name: &str, second: u64, previous: Option<u64>) -> StoredRow {
    let evidence = Evidence { direction: Direction::Up, score: 9.0, value: 9.0, threshold: 3.0 };
    let anomalies = vec![Anomaly { rule: "jump".into(), evidence }];
    let judgement = Judgement::Accepted { quality: Quality::GOOD, warming_up: 0, anomalies };
    let row = Row { quote: quote(symbol(name), second), judgement };
    let checkpoint = Some(Checkpoint { previous: previous.map(at) });
    StoredRow { row, checkpoint, arrival: None }
}

fn rules() -> Rules {
    let zero = Duration::ZERO;
    let policy = Policy { confirm: 1, confirm_within: zero, cooldown: zero, rearm: zero };
    Rules::empty().with_anomaly(Rule::new("jump", Severity::Warning, |_| None).with_policy(policy))
}

#[tokio::test]
async fn after_a_failure_later_checkpoints_of_its_symbol_wait() {
    let rows =
        [checkpoint("AAPL", 1, None), checkpoint("MSFT", 1, None), checkpoint("AAPL", 2, Some(1))];
    for seed in 0..200 {
        let table = Arc::new(MemoryTable::new());
        table.put(&rows).await.unwrap().into_result().unwrap();
        let faults = Faults { calls: 20, answers: 10, ..Faults::NONE };
        let ledger = Arc::new(Flaky::new(MemoryLedger::new(), seed, faults).unwrap());
        let alerter = Arc::new(MemoryAlerter::new());
        let watch = TrendWatch::new(&rules(), table, ledger, alerter.clone());
        let mut watch = watch.with_lease(Duration::ZERO);
        let (mut calls, mut before) = (0, 0);
        loop {
            let is_complete = watch.process(&rows, at(3)).await.report.is_complete();
            // The second checkpoint of a symbol would bring the rows of the first along, and win what that has won.
            let sent = alerter.sent();
            let told: Vec<String> = sent[before..].iter().map(|a| a.id().to_string()).collect();
            let each: BTreeSet<&String> = told.iter().collect();
            assert_eq!(each.len(), told.len(), "seed {seed}: {told:?}");
            before = sent.len();
            if is_complete {
                break;
            }
            calls += 1;
            assert!(calls < 100, "seed {seed}: it gets nowhere");
        }
        let ids: BTreeSet<String> = alerter.sent().iter().map(|a| a.id().to_string()).collect();
        assert_eq!(ids.len(), rows.len(), "seed {seed}: {ids:?}");
    }
}

#[tokio::test]
async fn alerts_of_a_call_are_told_in_the_order_of_the_market() {
    let rows = [
        checkpoint("AAPL", 1, None),
        checkpoint("AAPL", 3, Some(1)),
        checkpoint("MSFT", 2, None),
        checkpoint("MSFT", 3, Some(2)),
    ];
    let table = Arc::new(MemoryTable::new());
    table.put(&rows).await.unwrap().into_result().unwrap();
    let alerter = Arc::new(MemoryAlerter::new());
    let ledger = Arc::new(MemoryLedger::new());
    let mut watch = TrendWatch::new(&rules(), table, ledger, alerter.clone());
    assert!(watch.process(&rows, at(4)).await.report.is_complete());
    let told: Vec<String> =
        alerter.sent().iter().map(|a| format!("{} {}", a.symbol, a.cause)).collect();
    let expected = [("AAPL", 1), ("MSFT", 2), ("AAPL", 3), ("MSFT", 3)];
    assert_eq!(told, expected.map(|(name, second)| format!("{name} {}", at(second))));
}

/// Turns with every quote.
#[derive(Debug)]
struct Turning;

impl TrendDetector for Turning {
    fn lookback(&self) -> usize {
        0
    }
    fn tolerates(&self) -> Quality {
        Quality::ALL
    }
    fn update(&mut self, _: &Quote) -> TrendSignal {
        let direction = Direction::Up;
        TrendSignal::Turned(Evidence { direction, score: 1.0, value: 1.0, threshold: 1.0 })
    }
    fn reset(&mut self) {}
}

#[tokio::test]
async fn a_turn_counts_once_however_often_its_alert_is_tried() {
    let turn = Rule::new("turning", Severity::Warning, |_| Some(Box::new(Turning) as _));
    let rules = rules().with_trend(turn);
    let rows =
        [checkpoint("AAPL", 1, None), checkpoint("MSFT", 1, None), checkpoint("AAPL", 2, Some(1))];
    for seed in 0..50 {
        let table = Arc::new(MemoryTable::new());
        table.put(&rows).await.unwrap().into_result().unwrap();
        let faults = Faults { calls: 40, items: 30, ..Faults::NONE };
        let alerter = Arc::new(Flaky::new(MemoryAlerter::new(), seed, faults).unwrap());
        let ledger = Arc::new(MemoryLedger::new());
        let mut watch = TrendWatch::new(&rules, table, ledger, alerter).with_lease(Duration::ZERO);
        let (mut left, mut counted) = (&rows[..], 0);
        while !left.is_empty() {
            let outcome = watch.process(left, at(3)).await;
            counted += outcome.counts.turns.values().sum::<u64>();
            // As the embedded pipeline does: all from the first failure on comes again.
            let failures = outcome.report.into_failures();
            left = failures.first().map_or(&[], |failure| &left[failure.index..]);
        }
        assert_eq!(counted, rows.len() as u64, "seed {seed}");
    }
}
