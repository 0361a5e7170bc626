//! Rows that a table lets expire: what both stages do when they are gone.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use stockflow_core::{
    BatchReport, Price, Processor, Quote, QuoteHistory, QuoteTable, RecordBatch, Result, RowKey,
    RowQuery, Rules, StoredRow, StreamRecord, Symbol, Timestamp, TrendWatch, Volume,
    conformance::samples,
    memory::{MemoryAlerter, MemoryArchive, MemoryLedger, MemoryTable},
    wire,
};

/// splitmix64: the same series on every machine.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A table whose rows can be made to expire, in any order.
#[derive(Debug, Default)]
struct Expiring {
    table: MemoryTable,
    gone: Mutex<BTreeSet<RowKey>>,
}

impl Expiring {
    fn is_there(&self, key: RowKey) -> bool {
        !self.gone.lock().unwrap().contains(&key)
    }

    fn return_of(&self, rows: &[StoredRow]) {
        let mut gone = self.gone.lock().unwrap();
        rows.iter().for_each(|row| {
            gone.remove(&row.row.key());
        });
    }

    fn rows_left(&self) -> Vec<StoredRow> {
        self.table.snapshot().into_iter().filter(|row| self.is_there(row.row.key())).collect()
    }
}

#[async_trait]
impl QuoteHistory for Expiring {
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>> {
        let mut rows = self.table.rows(RowQuery { limit: None, ..query }).await?;
        rows.retain(|row| self.is_there(row.row.key()));
        let start = query.limit.map_or(0, |limit| rows.len().saturating_sub(limit));
        Ok(rows.split_off(start))
    }
}

#[async_trait]
impl QuoteTable for Expiring {
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        let mut newest = Vec::new();
        for symbol in symbols {
            newest.push(self.rows(RowQuery::latest(*symbol, 1)).await?.pop());
        }
        Ok(newest)
    }
    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        let there = self.table.contains(keys).await?;
        Ok(keys.iter().zip(there).map(|(key, there)| there && self.is_there(*key)).collect())
    }
    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        self.return_of(rows);
        self.table.put(rows).await
    }
    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        let fresh: Vec<StoredRow> =
            rows.iter().filter(|row| !self.is_there(row.row.key())).cloned().collect();
        self.return_of(rows);
        self.table.put(&fresh).await?.into_result()?;
        self.table.put_absent(rows).await
    }
}

const LENGTH: u64 = 400;
const SILENCE: u64 = 20 * 86_400;

/// A quote a minute, up and down by enough for turns and some anomalies.
fn records(dice: &mut Dice, symbol: Symbol, from: u64) -> Vec<StreamRecord> {
    let mut units: i64 = 10_000_000_000;
    let record = |n: u64| {
        let step = dice.below(60_000_000) as i64 - 30_000_000;
        let drift = if (n / 40).is_multiple_of(2) { 12_000_000 } else { -12_000_000 };
        let jump = if dice.percent(1) { 900_000_000 } else { 0 };
        if n < LENGTH / 2 {
            units = (units + step + drift).clamp(5_000_000_000, 20_000_000_000);
        }
        // The second half is a rhythm in which no window sees a turn, unless it has holes.
        let rhythm = if n % 4 < 2 { 400_000_000 } else { -400_000_000 };
        let jump = if n < LENGTH / 2 { jump } else { rhythm };
        let price = Price::from_units(units + jump).unwrap();
        let seconds = from + 60 * n;
        let quote = Quote {
            symbol,
            timestamp: samples::at(seconds),
            open: price,
            high: price,
            low: price,
            price,
            previous_close: Price::from_units(10_000_000_000).unwrap(),
            volume: Volume::new(n as i64 * 1_000).unwrap(),
        };
        let mut data = Vec::new();
        wire::encode(&quote, &mut data);
        StreamRecord {
            position: stockflow_core::Position::new(seconds.into()),
            arrival: samples::at(seconds + 1),
            data: data.into(),
        }
    };
    (0..LENGTH).map(record).collect()
}

#[derive(Debug, Default)]
struct World {
    table: Arc<Expiring>,
    lake: Arc<MemoryArchive>,
    ledger: Arc<MemoryLedger>,
    alerter: Arc<MemoryAlerter>,
}

impl World {
    fn stages(&self) -> (Processor, TrendWatch) {
        let rules = Rules::default_set();
        let table = Arc::clone(&self.table);
        let lake = Arc::clone(&self.lake);
        (
            Processor::new(&rules, Arc::clone(&table) as _, Arc::clone(&lake) as _, lake),
            TrendWatch::new(
                &rules,
                table,
                Arc::clone(&self.ledger) as _,
                Arc::clone(&self.alerter) as _,
            ),
        )
    }

    async fn play(&self, stages: &mut (Processor, TrendWatch), records: &[StreamRecord]) {
        for batch in records.chunks(17) {
            let batch = RecordBatch { shard: "shard-0".into(), records: batch.to_vec() };
            stages.0.process(&batch).await.unwrap().report.into_result().unwrap();
            let checkpoints = self.table.table.take_checkpoints();
            stages.1.process(&checkpoints, Timestamp::MIN).await.report.into_result().unwrap();
        }
    }

    /// The alerts that were sent, from the market time `from` on and before it.
    fn alerts(&self, from: Timestamp) -> (Vec<String>, Vec<String>) {
        let (new, old): (Vec<_>, Vec<_>) =
            self.alerter.sent().into_iter().partition(|alert| alert.cause >= from);
        let json = |alerts: Vec<stockflow_core::Alert>| {
            alerts.iter().map(stockflow_core::Alert::to_json).collect()
        };
        (json(new), json(old))
    }
}

/// What expires of the rows before the silence.
#[derive(Clone, Copy, Debug)]
enum Lost {
    All,
    Checkpoints,
    LastCheckpoint,
    OldestHalf,
    Random(u64),
}

async fn after_a_silence(seed: u64, lost: Lost, cold: bool) {
    let mut dice = Dice(seed);
    let symbol = samples::symbol("AAPL");
    let (before, after) =
        (records(&mut dice, symbol, 0), records(&mut dice, symbol, LENGTH * 60 + SILENCE));
    let resumed = samples::at(LENGTH * 60 + SILENCE);
    let world = World::default();
    let mut stages = world.stages();
    world.play(&mut stages, &before).await;
    let (_, told) = world.alerts(resumed);

    let rows = world.table.rows_left();
    let last = rows.iter().rposition(|row| row.checkpoint.is_some()).unwrap();
    for (index, row) in rows.iter().enumerate() {
        let expires = match lost {
            Lost::All => true,
            Lost::Checkpoints => row.checkpoint.is_some(),
            Lost::LastCheckpoint => index == last,
            Lost::OldestHalf => index < rows.len() / 2,
            Lost::Random(percent) => dice.percent(percent),
        };
        if expires {
            world.table.gone.lock().unwrap().insert(row.row.key());
        }
    }
    if cold {
        stages = world.stages();
    }
    world.play(&mut stages, &after).await;

    let name = format!("seed {seed}, {lost:?} lost, cold start: {cold}");
    let mut rows = world.table.rows_left();
    rows.retain(|row| row.row.quote.timestamp >= resumed && !row.row.is_late());
    assert_eq!(rows.len() as u64, LENGTH, "quotes that are stored and judged: {name}");
    assert_eq!(world.lake.lines().len() as u64, 2 * LENGTH, "lines of the lake: {name}");
    let (new, old) = world.alerts(resumed);
    assert_eq!(old, told, "alerts about quotes before the silence: {name}");
    assert!(!old.is_empty() && !new.is_empty(), "{name} says nothing");
    let unique: BTreeSet<&String> = new.iter().collect();
    assert_eq!(unique.len(), new.len(), "alerts that were told twice: {name}");
    if matches!(lost, Lost::All) {
        let fresh = World::default();
        fresh.play(&mut fresh.stages(), &after).await;
        let (alone, _) = fresh.alerts(resumed);
        let extra: Vec<_> = new.iter().filter(|alert| !alone.contains(alert)).collect();
        assert!(extra.is_empty(), "alerts that a symbol without a past has not: {name} {extra:?}");
    }
}

#[tokio::test]
async fn expired_rows_lose_no_quote_and_tell_of_nothing_old() {
    for seed in 0..12 {
        for lost in [
            Lost::All,
            Lost::Checkpoints,
            Lost::LastCheckpoint,
            Lost::OldestHalf,
            Lost::Random(10),
            Lost::Random(50),
            Lost::Random(90),
        ] {
            for cold in [false, true] {
                after_a_silence(seed, lost, cold).await;
            }
        }
    }
}

#[tokio::test]
async fn a_row_is_stored_with_the_arrival_of_its_record() {
    let world = World::default();
    let records = records(&mut Dice(1), samples::symbol("A"), 0);
    // A quote that comes after a later one is late.
    let mut mixed = records.clone();
    mixed.swap(20, 25);
    world.play(&mut world.stages(), &mixed).await;
    let rows = world.table.rows_left();
    assert_eq!(rows.iter().filter(|row| row.row.is_late()).count(), 5);
    for row in rows {
        let arrival = row.row.quote.timestamp.saturating_add(Duration::from_secs(1));
        assert_eq!(row.arrival, Some(arrival), "{:?}", row.row);
    }
}
