//! The embedded backends one by one: what spool, table and lake take in a second, durable, on this disk.
//!
//! `cargo bench -p stockflow-benches --bench storage`; without `--bench` it runs a small round as a check.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use std::{path::Path, time::Instant};

use stockflow_core::{
    Archive as _, Checkpoint, Judgement, Object, ObjectName, Position, Price, Quality, Quote,
    QuoteHistory as _, QuoteTable as _, Row, RowQuery, StoredRow, Symbol, Timestamp, Volume, wire,
};
use stockflow_local::{Lake, LocalTable, Spool, SpoolOptions, Store};

/// Records in a batch.
const BATCH: usize = 20_000;

fn main() {
    let batches = if std::env::args().any(|arg| arg == "--bench") { 100 } else { 2 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    spool(&folder.path().join("spool"), batches);
    for symbols in [3, 500, 10_000] {
        let data = folder.path().join(format!("table-{symbols}"));
        runtime.block_on(table(&data, symbols, batches));
    }
    runtime.block_on(lake(&folder.path().join("lake"), batches));
}

fn report(what: &str, count: usize, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?").trim();
    println!(
        "{what:<44} {:>10.0}/s  {:>6.2} us each  peak {peak}",
        count as f64 / seconds,
        seconds * 1e6 / count as f64
    );
}

fn spool(dir: &Path, batches: usize) {
    let spool = Spool::open(dir, SpoolOptions::default()).unwrap();
    let line = [b'x'; 205];
    let mut writer = spool.writer();
    let started = Instant::now();
    for _ in 0..batches {
        writer.append((0..BATCH).map(|_| (Timestamp::MIN, line)), &[]).unwrap();
    }
    report("spool: append, 205 bytes", batches * BATCH, started);
    let mut reader = spool.reader();
    let started = Instant::now();
    let mut count = 0;
    loop {
        let batch = reader.read(BATCH, usize::MAX).unwrap();
        let Some(last) = batch.records.last() else { break };
        count += batch.records.len();
        reader.ack(&last.position).unwrap();
    }
    assert_eq!(count, batches * BATCH);
    report("spool: read and acknowledge", count, started);
}

fn row(symbol: Symbol, micros: usize) -> StoredRow {
    let cents = |cents: usize| Price::from_units((cents * 1_000_000) as i64).unwrap();
    let quote = Quote {
        symbol,
        timestamp: Timestamp::from_micros(1_800_000_000_000_000 + micros as i64).unwrap(),
        open: cents(18_000),
        high: cents(18_450),
        low: cents(17_925),
        price: cents(18_000 + micros % 400),
        previous_close: cents(17_500),
        volume: Volume::new(1_000_000 + micros as i64).unwrap(),
    };
    let judgement =
        Judgement::Accepted { quality: Quality::GOOD, warming_up: 0, anomalies: Vec::new() };
    Row { quote, judgement }.into()
}

/// The calls of a batch of both stages: newest rows, rows, checkpoints, feed, rows since the checkpoint before.
async fn table(data: &Path, symbols: usize, batches: usize) {
    let store = Store::open(data).unwrap();
    let table = LocalTable::new(&store);
    let names: Vec<Symbol> =
        (0..symbols).map(|n| Symbol::new(&format!("S{n:05}")).unwrap()).collect();
    let mut times = [0.0; 4];
    let (mut slowest, mut micros) = (0.0_f64, 0);
    let started = Instant::now();
    for _ in 0..batches {
        let mut rows: Vec<StoredRow> =
            (0..BATCH).map(|n| row(names[n % symbols], micros + n)).collect();
        let previous = Timestamp::from_micros(1_800_000_000_000_000 + micros as i64 - 1).unwrap();
        micros += BATCH;
        let mut last: Vec<StoredRow> = rows.split_off(BATCH - symbols);
        for row in &mut last {
            row.checkpoint = Some(Checkpoint { previous: Some(previous) });
        }
        let at = Instant::now();
        assert_eq!(table.newest(&names).await.unwrap().len(), symbols);
        times[0] += at.elapsed().as_secs_f64();
        let at = Instant::now();
        table.put(&rows).await.unwrap().into_result().unwrap();
        times[1] += at.elapsed().as_secs_f64();
        slowest = slowest.max(at.elapsed().as_secs_f64());
        let at = Instant::now();
        table.put(&last).await.unwrap().into_result().unwrap();
        times[2] += at.elapsed().as_secs_f64();
        let at = Instant::now();
        let mut read = 0;
        for (number, row) in store.feed(usize::MAX).unwrap() {
            let query = RowQuery::between(row.row.quote.symbol, previous, row.row.quote.timestamp);
            read += table.rows(query).await.unwrap().len();
            store.ack_feed(number);
        }
        assert_eq!(read, BATCH);
        times[3] += at.elapsed().as_secs_f64();
    }
    report(&format!("table: all calls of a batch, {symbols} symbols"), batches * BATCH, started);
    let [newest, put, checkpoints, feed] = times.map(|time| time * 1e3 / batches as f64);
    println!(
        "  per batch: newest {newest:.1} ms, rows {put:.1} ms (slowest {:.1}), checkpoints {checkpoints:.1} ms, feed and read {feed:.1} ms",
        slowest * 1e3
    );
    assert_eq!(store.row_count().unwrap(), (batches * BATCH) as u64);
}

async fn lake(root: &Path, batches: usize) {
    let lake = Lake::open(root).unwrap();
    let symbol = Symbol::new("AAPL").unwrap();
    let mut objects = Vec::new();
    for batch in 0..batches {
        let mut lines = Vec::new();
        for n in 0..BATCH {
            wire::encode(&row(symbol, batch * BATCH + n).row.quote, &mut lines);
            lines.push(b'\n');
        }
        let first = Position::new((batch as u64).into());
        let name = ObjectName { dt: Timestamp::MIN.date(), shard: "spool-0".into(), first };
        objects.push(Object { name, lines: lines.into() });
    }
    let started = Instant::now();
    for object in objects {
        lake.put(object).await.unwrap();
    }
    report("lake: put", batches * BATCH, started);
}
