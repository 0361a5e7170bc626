//! Generators of valid values for property tests.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "tests, each of which uses some of them"
)]

use proptest::{collection::vec, prelude::*, sample::select};
use stockflow_core::{
    Anomaly, Direction, Evidence, Judgement, Price, Quality, Quote, Row, Symbol, Timestamp, Volume,
};

/// Any legal symbol.
pub fn symbol() -> impl Strategy<Value = Symbol> {
    let legal: Vec<u8> = (0..=255).filter(|&b| Symbol::from_bytes(&[b'A', b]).is_ok()).collect();
    vec(select(legal), 1..=Symbol::MAX_LEN)
        .prop_filter_map("a path segment", |bytes| Symbol::from_bytes(&bytes).ok())
}

/// Any price; those at the bounds and those that feeds send more often than chance would.
pub fn price() -> impl Strategy<Value = Price> {
    let units = prop_oneof![
        4 => (1..2_000_000_i64).prop_map(|cents| cents * 1_000_000),
        2 => 1..=Price::MAX.units(),
        1 => 1..1_000_000_i64,
        1 => (0..=17_u32).prop_map(|power| 10_i64.pow(power)),
        1 => (0..1_000_i64).prop_map(|less| Price::MAX.units() - less),
    ];
    units.prop_map(|units| Price::from_units(units).unwrap())
}

/// Any volume.
pub fn volume() -> impl Strategy<Value = Volume> {
    let shares = prop_oneof![
        2 => 0..10_000_000_i64,
        1 => 0..=Volume::MAX.get(),
        1 => (0..=15_u32).prop_map(|power| 10_i64.pow(power)),
        1 => Just(0),
    ];
    shares.prop_map(|shares| Volume::new(shares).unwrap())
}

/// Any market time.
pub fn timestamp() -> impl Strategy<Value = Timestamp> {
    let micros = prop_oneof![
        1 => Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros(),
        2 => (0..4_000_000_000_i64).prop_map(|seconds| seconds * 1_000_000),
    ];
    micros.prop_map(|micros| Timestamp::from_micros(micros).unwrap())
}

/// Any quote, its fields independent of each other.
pub fn quote() -> impl Strategy<Value = Quote> {
    (symbol(), timestamp(), [price(), price(), price(), price(), price()], volume()).prop_map(
        |(symbol, timestamp, [open, high, low, price, previous_close], volume)| Quote {
            symbol,
            timestamp,
            open,
            high,
            low,
            price,
            previous_close,
            volume,
        },
    )
}

/// A trading day's quotes of one symbol, times ascending, prices in a walk by whole cents, volume growing.
pub fn walk(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Quote>> {
    let steps = vec((1..90_000_000_i64, -200..=200_i64, 0..5_000_i64), len);
    (symbol(), 1_000..1_000_000_i64, steps).prop_map(|(symbol, start, steps)| {
        let price = |cents: i64| Price::from_units(cents * 1_000_000).unwrap();
        let (mut micros, mut cents, mut shares) = (1_400_000_000_000_000, start, 0_i64);
        let (mut high, mut low) = (start, start);
        let quote = |(pause, step, traded): (i64, i64, i64)| {
            micros += pause;
            cents = (cents + step).max(1);
            shares += traded;
            (high, low) = (high.max(cents), low.min(cents));
            Quote {
                symbol,
                timestamp: Timestamp::from_micros(micros).unwrap(),
                open: price(start),
                high: price(high),
                low: price(low),
                price: price(cents),
                previous_close: price(start),
                volume: Volume::new(shares).unwrap(),
            }
        };
        steps.into_iter().map(quote).collect()
    })
}

/// Any row, with every finite number in its evidence.
pub fn row() -> impl Strategy<Value = Row> {
    let number = || any::<f64>().prop_filter("finite", |number| number.is_finite());
    let direction = select(vec![Direction::Up, Direction::Down, Direction::Flat]);
    let anomaly = ("\\PC*", direction, number(), number(), number()).prop_map(
        |(rule, direction, score, value, threshold)| Anomaly {
            rule: rule.into(),
            evidence: Evidence { direction, score, value, threshold },
        },
    );
    let accepted = (any::<u16>(), any::<u8>(), vec(anomaly, 0..4)).prop_map(
        |(bits, warming_up, anomalies)| Judgement::Accepted {
            quality: Quality::from_bits_truncate(bits),
            warming_up,
            anomalies,
        },
    );
    let judgement = prop_oneof![1 => Just(Judgement::Late), 4 => accepted];
    (quote(), judgement).prop_map(|(quote, judgement)| Row { quote, judgement })
}
