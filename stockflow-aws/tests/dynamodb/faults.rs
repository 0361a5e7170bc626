//! A service that throttles, fails, hangs, breaks connections and does batches in part.
//!
//! Time is Tokio's and does not pass by itself: waits cost nothing, and deadlines are exact.

use std::time::Duration;

use stockflow_aws::{
    Patience,
    dynamodb::{DynamoTable, QUOTES},
    testing::{Fault, Faults, FaultyClient},
};
use stockflow_core::{
    ErrorKind, QuoteHistory as _, QuoteTable as _, RowKey, RowQuery, StoredRow, Symbol, Timestamp,
    conformance::samples::{self, at, symbol},
};
use tokio::time::Instant;

use crate::fake::Fake;

const SYMBOLS: usize = 10;

fn symbols() -> Vec<Symbol> {
    (0..SYMBOLS).map(|n| symbol(&format!("S{n}"))).collect()
}

fn rows(count: usize) -> Vec<StoredRow> {
    let symbols = symbols();
    let row = |n: usize| samples::row(symbols[n % SYMBOLS], (n / SYMBOLS) as u64);
    (0..count).map(row).collect()
}

fn sorted(mut rows: Vec<StoredRow>) -> Vec<StoredRow> {
    rows.sort_by_key(|row| row.row.key());
    rows
}

fn table(fake: &Fake, faults: Faults) -> (DynamoTable, FaultyClient) {
    let (client, faulty) = fake.behind(faults);
    // A deadline that no run of the tests comes near: what they say is about what is done, not about luck.
    let patience = Patience::default().with_deadline(Duration::from_secs(3_600));
    (DynamoTable::new(client, QUOTES.name).unwrap().with_patience(patience), faulty)
}

/// Half of all items are left undone, half of all requests throttled, a tenth answered with an error of the server; and all that
/// there is at once.
fn troubles(seed: u64) -> [Faults; 4] {
    let none = Faults::by_seed(seed);
    let partial = none.clone().with(Fault::Partial, 0.5);
    let throttle = none.clone().with(Fault::Throttle, 0.5);
    let broken = none.with(Fault::ServerError, 0.1);
    let everything = partial
        .clone()
        .with(Fault::Throttle, 0.3)
        .with(Fault::ServerError, 0.1)
        .with(Fault::Reset, 0.1)
        .with(Fault::Timeout, 0.05)
        .with(Fault::Hang, 0.05)
        .with(Fault::ExpiredCredentials, 0.05);
    [partial, throttle, broken, everything]
}

#[tokio::test(start_paused = true)]
async fn of_a_hundred_thousand_rows_none_is_lost_and_none_is_there_twice() {
    let mut stored = 0;
    for seed in 0..4 {
        // A request that fails is sent once more, and an item that is left undone is a part of another full batch: twice as many
        // requests where half of them fail, but for chance and for the last few batches.
        let costs = [(4_000, 2.1), (10_000, 2.15), (10_000, 1.2), (1_000, 7.0)];
        for (faults, (count, cost)) in troubles(seed).into_iter().zip(costs) {
            let (fake, rows) = (Fake::default(), rows(count));
            let (table, faulty) = table(&fake, faults.clone());
            let report = table.put(&rows).await.unwrap();
            assert!(report.is_complete(), "{faults:?}: {:?}", report.failures().first());
            assert!(fake.rows() == sorted(rows), "{faults:?}: rows differ");
            let requests = faulty.requests() as f64 / (count as f64 / 25.0);
            assert!(requests <= cost, "{faults:?}: {requests} requests for one");
            stored += count;
        }
    }
    assert!(stored >= 100_000, "{stored}");
}

#[tokio::test(start_paused = true)]
async fn what_is_there_stays_as_it_is_when_late_rows_come() {
    let rows: Vec<StoredRow> = rows(200);
    let (there, fresh) = rows.split_at(100);
    let late: Vec<StoredRow> = rows
        .iter()
        .map(|row| {
            let seconds = row.row.quote.timestamp.since(at(0)).as_secs();
            samples::late(row.row.quote.symbol, seconds)
        })
        .collect();
    let keys: Vec<RowKey> = rows.iter().map(|row| row.row.key()).collect();
    for seed in 0..3 {
        for faults in troubles(seed) {
            let fake = Fake::default();
            let (table, _) = table(&fake, faults.clone());
            table.put(there).await.unwrap().into_result().unwrap();
            let known: Vec<bool> = table.contains(&keys).await.unwrap();
            assert!(known[..100].iter().all(|k| *k) && !known[100..].contains(&true), "{faults:?}");
            table.put_absent(&late).await.unwrap().into_result().unwrap();
            let expected = [there, &late[100..]].concat();
            assert!(fake.rows() == sorted(expected), "{faults:?}: rows differ");
            assert_eq!(fresh.len(), 100);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn reads_are_whole_whatever_fails() {
    let rows = rows(1_000);
    let fake = Fake::default();
    let (calm, _) = table(&fake, Faults::by_seed(0));
    calm.put(&rows).await.unwrap().into_result().unwrap();
    for seed in 0..3 {
        for faults in troubles(seed) {
            let (table, _) = table(&fake, faults.clone());
            let newest = table.newest(&symbols()).await.unwrap();
            let expected: Vec<_> = rows[1_000 - SYMBOLS..].iter().cloned().map(Some).collect();
            assert_eq!(newest, expected, "{faults:?}");
            for symbol in symbols() {
                let found = table.rows(RowQuery::latest(symbol, 1_000)).await.unwrap();
                let expected: Vec<_> =
                    rows.iter().filter(|r| r.row.quote.symbol == symbol).cloned().collect();
                assert!(found == expected, "{faults:?}: rows of {symbol}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_is_back_by_its_deadline_and_tells_what_is_not_done() {
    let rows: Vec<StoredRow> = rows(500);
    let keys: Vec<RowKey> = rows.iter().map(|row| row.row.key()).collect();
    for (fault, kind) in [
        (Fault::Throttle, ErrorKind::Throttled),
        (Fault::ServerError, ErrorKind::Unavailable),
        (Fault::ExpiredCredentials, ErrorKind::Unavailable),
        (Fault::Reset, ErrorKind::Unavailable),
        (Fault::Timeout, ErrorKind::Unavailable),
        (Fault::Hang, ErrorKind::Unavailable),
    ] {
        let (client, faulty) = Fake::default().behind(Faults::by_seed(1).with(fault, 1.0));
        let table = DynamoTable::new(client, QUOTES.name).unwrap();
        let begin = Instant::now();
        let in_time = |begin: Instant| {
            let took = begin.elapsed();
            assert!(took <= Duration::from_millis(30_001), "{fault:?} took {took:?}");
        };
        let report = table.put(&rows).await.unwrap();
        in_time(begin);
        let indices: Vec<usize> = report.failures().iter().map(|failure| failure.index).collect();
        assert_eq!(indices, (0..500).collect::<Vec<_>>(), "{fault:?}");
        assert!(report.failures().iter().all(|failure| failure.error.kind() == kind), "{fault:?}");
        let begin = Instant::now();
        let report = table.put_absent(&rows).await.unwrap();
        in_time(begin);
        assert_eq!(report.failures().len(), 500, "{fault:?}");
        for read in 0..3 {
            let begin = Instant::now();
            let error = match read {
                0 => table.newest(&symbols()).await.unwrap_err(),
                1 => table.rows(RowQuery::latest(symbol("S1"), 9)).await.unwrap_err(),
                _ => table.contains(&keys).await.unwrap_err(),
            };
            in_time(begin);
            assert_eq!(error.kind(), kind, "{fault:?}: {}", error.chain());
        }
        // A service in trouble is not asked without pause.
        assert!(faulty.requests() < 1_000, "{fault:?}: {} requests", faulty.requests());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_left_undone_to_the_end_is_told_by_index() {
    let rows: Vec<StoredRow> = rows(500);
    let fake = Fake::default();
    let (client, _) = fake.behind(Faults::by_seed(3).with(Fault::Partial, 0.97));
    let hasty = Patience::default().with_deadline(Duration::from_millis(300));
    let table = DynamoTable::new(client, QUOTES.name).unwrap().with_patience(hasty);
    let report = table.put(&rows).await.unwrap();
    let failed: Vec<usize> = report.failures().iter().map(|failure| failure.index).collect();
    let stored: Vec<(Symbol, Timestamp)> =
        fake.rows().iter().map(|row| (row.row.quote.symbol, row.row.quote.timestamp)).collect();
    assert!(!failed.is_empty() && !stored.is_empty(), "{} failed", failed.len());
    for (index, row) in rows.iter().enumerate() {
        let there = stored.contains(&(row.row.quote.symbol, row.row.quote.timestamp));
        assert!(there || failed.contains(&index), "row {index} is lost");
        assert_ne!(there, failed.contains(&index), "row {index}");
    }
    assert!(report.failures().iter().all(|f| f.error.kind() == ErrorKind::Throttled));
}
