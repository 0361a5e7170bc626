//! Rows, alerts and quotes to test with; also for tests of your own.

use std::{borrow::Cow, time::Duration};

use crate::{
    Alert, AlertKind, Anomaly, Checkpoint, Direction, Evidence, Judgement, Price, Quality, Quote,
    Row, Severity, StoredRow, Symbol, Timestamp, Volume,
};

/// Symbols that are easily mixed up, and such as file systems and queries dislike.
pub const SYMBOLS: [&str; 12] = [
    "A",
    "AA",
    "A.B",
    "A-B",
    "a",
    "^GSPC",
    "EURUSD=X",
    "BTC-USD",
    "...",
    "*",
    "$A:B#C@D!",
    "AAPL261218C00250000.XYZ",
];

/// The symbol `text`.
///
/// # Panics
/// If it is not legal; meant for constants.
#[must_use]
#[allow(clippy::panic, reason = "a constant of a test that is wrong")]
pub fn symbol(text: &str) -> Symbol {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// So many seconds into 2026-11-23T14:30:00Z.
#[must_use]
pub fn at(seconds: u64) -> Timestamp {
    // The start as microseconds: a constant needs no parser that may fail.
    Timestamp::MIN.saturating_add(Duration::from_secs(1_795_444_200 + seconds))
}

/// A quote of `symbol`, `seconds` into 2026-11-23T14:30:00Z.
#[must_use]
pub fn quote(symbol: Symbol, seconds: u64) -> Quote {
    let price = |units: u64| {
        Price::from_units(18_000_000_000 + (units % 1_000_000) as i64).unwrap_or(Price::MIN)
    };
    Quote {
        symbol,
        timestamp: at(seconds),
        open: price(0),
        high: price(999_999),
        low: price(0),
        price: price(seconds),
        previous_close: price(7),
        volume: Volume::new((seconds % 1_000_000_000) as i64).unwrap_or(Volume::ZERO),
    }
}

/// An accepted row without findings.
#[must_use]
pub fn row(symbol: Symbol, seconds: u64) -> StoredRow {
    let judgement =
        Judgement::Accepted { quality: Quality::GOOD, warming_up: 0, anomalies: vec![] };
    Row { quote: quote(symbol, seconds), judgement }.into()
}

/// A late row.
#[must_use]
pub fn late(symbol: Symbol, seconds: u64) -> StoredRow {
    Row { quote: quote(symbol, seconds), judgement: Judgement::Late }.into()
}

/// Rows that use every field to its bounds, each with another time.
#[must_use]
pub fn extreme_rows(symbol: Symbol) -> Vec<StoredRow> {
    let anomaly = |rule: &'static str, direction, score, value, threshold| Anomaly {
        rule: Cow::Borrowed(rule),
        evidence: Evidence { direction, score, value, threshold },
    };
    let anomalies = vec![
        anomaly("price_hampel", Direction::Up, 1.0 / 3.0, 0.1, 3.5),
        anomaly("gap-2.of_NYSE", Direction::Down, 1e100, -1e100, 1e-100),
        anomaly("flat_line", Direction::Flat, 0.0, 0.1 + 0.2, -0.3),
    ];
    let judged = |quote, quality, warming_up, anomalies: &[Anomaly], checkpoint| StoredRow {
        row: Row {
            quote,
            judgement: Judgement::Accepted { quality, warming_up, anomalies: anomalies.to_vec() },
        },
        checkpoint,
        arrival: None,
    };
    let mut largest = quote(symbol, 0);
    for price in [&mut largest.open, &mut largest.high, &mut largest.price] {
        *price = Price::MAX;
    }
    (largest.low, largest.previous_close, largest.volume) = (Price::MIN, Price::MIN, Volume::MAX);
    let first = Quote { timestamp: Timestamp::MIN, ..largest };
    let last = Quote { timestamp: Timestamp::MAX, volume: Volume::ZERO, ..largest };
    let before = Some(Checkpoint { previous: Some(at(1)) });
    vec![
        judged(first, Quality::ALL, u8::MAX, &anomalies, Some(Checkpoint { previous: None })),
        judged(quote(symbol, 1), Quality::STALE, 0, &anomalies[..1], None),
        judged(quote(symbol, 2), Quality::GOOD, 1, &[], before),
        late(symbol, 3),
        judged(last, Quality::SUSPECTED_SPLIT | Quality::GAP, 0, &[], before),
    ]
}

/// An alert of `rule` about a quote of `symbol`, `seconds` into 2026-11-23T14:30:00Z.
#[must_use]
pub fn alert(symbol: Symbol, rule: &'static str, direction: Direction, seconds: u64) -> Alert {
    let evidence = Evidence { direction, score: 4.5, value: 2.25, threshold: 0.5 };
    Alert::new(
        &quote(symbol, seconds),
        AlertKind::Anomaly,
        rule.into(),
        Severity::Warning,
        evidence,
    )
}

/// `count` alerts of four symbols, each symbol's in the order of time.
#[must_use]
pub fn alerts(count: u64) -> Vec<Alert> {
    (0..count)
        .map(|n| alert(symbol(SYMBOLS[(n % 4) as usize]), "price_hampel", Direction::Up, n))
        .collect()
}

/// `count` quotes of four symbols, each symbol's in the order of time.
#[must_use]
pub fn quotes(count: u64) -> Vec<Quote> {
    (0..count).map(|n| quote(symbol(SYMBOLS[(n % 4) as usize]), n)).collect()
}
