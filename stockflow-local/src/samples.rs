//! Rows and times for the tests of this crate.

use proptest::prelude::*;
use stockflow_core::{
    Anomaly, Checkpoint, Direction, Evidence, Judgement, Price, Quality, Quote, Row, StoredRow,
    Symbol, Timestamp, Volume,
};

/// An accepted row without findings, `second` seconds after a fixed start.
pub(crate) fn row(symbol: &str, second: u64, checkpoint: bool) -> StoredRow {
    let price = |cents: u64| Price::from_units((cents * 1_000_000) as i64).unwrap();
    let start: Timestamp = "2026-11-23T14:30:00Z".parse().unwrap();
    let quote = Quote {
        symbol: symbol.parse().unwrap(),
        timestamp: start.saturating_add(std::time::Duration::from_secs(second)),
        open: price(18_000),
        high: price(18_450),
        low: price(17_925),
        price: price(18_375 + second % 100),
        previous_close: price(17_500),
        volume: Volume::new(1_000_000 + (second % 1_000_000) as i64).unwrap(),
    };
    let judgement =
        Judgement::Accepted { quality: Quality::GOOD, warming_up: 3, anomalies: Vec::new() };
    let previous = start.saturating_add(std::time::Duration::from_secs(second.saturating_sub(1)));
    let checkpoint = checkpoint.then_some(Checkpoint { previous: Some(previous) });
    StoredRow { row: Row { quote, judgement }, checkpoint, arrival: None }
}

pub(crate) fn any_time() -> impl Strategy<Value = Timestamp> {
    (0..=Timestamp::MAX.as_micros()).prop_map(|micros| Timestamp::from_micros(micros).unwrap())
}

pub(crate) fn any_symbol() -> impl Strategy<Value = Symbol> {
    "[A-Za-z0-9^=._-]{1,23}".prop_filter_map("dots", |text| Symbol::new(&text).ok())
}

pub(crate) fn any_evidence() -> impl Strategy<Value = Evidence> {
    let direction = prop_oneof![Just(Direction::Up), Just(Direction::Down), Just(Direction::Flat)];
    (direction, any::<i32>(), any::<i32>(), any::<i32>()).prop_map(
        |(direction, score, value, threshold)| Evidence {
            direction,
            score: f64::from(score) / 7.0,
            value: f64::from(value) / 3.0,
            threshold: f64::from(threshold) / 9.0,
        },
    )
}

fn any_judgement() -> impl Strategy<Value = Judgement> {
    let anomaly = ("[a-z_]{1,20}", any_evidence())
        .prop_map(|(rule, evidence)| Anomaly { rule: rule.into(), evidence });
    let anomalies = prop::collection::vec(anomaly, 0..4);
    prop_oneof![
        1 => Just(Judgement::Late),
        4 => (any::<u16>(), any::<u8>(), anomalies).prop_map(|(bits, warming_up, anomalies)| {
            Judgement::Accepted { quality: Quality::from_bits_truncate(bits), warming_up, anomalies }
        }),
    ]
}

pub(crate) fn any_stored_row() -> impl Strategy<Value = StoredRow> {
    let price = || (1..=Price::MAX.units()).prop_map(|units| Price::from_units(units).unwrap());
    let prices = [price(), price(), price(), price(), price()];
    let mark = prop::option::of(prop::option::of(any_time()));
    (any_symbol(), any_time(), prices, 0..=Volume::MAX.get(), any_judgement(), mark).prop_map(
        |(symbol, timestamp, [open, high, low, price, previous_close], volume, judgement, mark)| {
            let volume = Volume::new(volume).unwrap();
            let quote = Quote { symbol, timestamp, open, high, low, price, previous_close, volume };
            let checkpoint = mark.map(|previous| Checkpoint { previous });
            StoredRow { row: Row { quote, judgement }, checkpoint, arrival: None }
        },
    )
}
