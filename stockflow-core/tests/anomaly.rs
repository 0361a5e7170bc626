//! What every detector in the table promises, whatever it is.

#![allow(clippy::unwrap_used, reason = "a test")]
#[path = "common/quotes.rs"]
mod quotes;

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use stockflow_core::{
    AnomalyDetector, AnomalyDetectorExt, MAX_LOOKBACK, Price, Quote, Timestamp, Verdict, Volume,
    anomaly::DETECTORS,
    params::{Entry, ParamKind, Value, Values},
};

/// With small windows, so that short series fill them; levels are set where prices are asked for.
fn build(entry: &Entry<dyn AnomalyDetector>, smallest: bool) -> Box<dyn AnomalyDetector> {
    let mut values = Values::defaults(entry.params);
    for param in entry.params {
        let value = match param.kind {
            ParamKind::Integer { min, .. } if smallest => Value::Integer((min + 4) | 1),
            ParamKind::Price => Value::Price("100.5".parse().unwrap()),
            _ => continue,
        };
        values.set(param, value).unwrap();
    }
    (entry.build)(&values).unwrap()
}

/// A step of a symbol's life, from which quotes are made.
#[derive(Clone, Copy, Debug)]
enum Move {
    Tick { basis_points: i64, volume: i64, seconds: u64 },
    Nothing { seconds: u64 },
    NewSession { basis_points: i64 },
}

fn moves(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Move>> {
    let tick = |size: i64, volume: i64| {
        (-size..=size, 0..volume, 0..120_u64).prop_map(|(basis_points, volume, seconds)| {
            Move::Tick { basis_points, volume, seconds }
        })
    };
    let one = prop_oneof![
        40 => tick(10, 1_000),
        10 => (1..60_u64).prop_map(|seconds| Move::Nothing { seconds }),
        4 => tick(2_000, 1_000_000),
        1 => (300..4_000_u64).prop_map(|seconds| Move::Nothing { seconds }),
        1 => (-6_000..6_000_i64).prop_map(|basis_points| Move::NewSession { basis_points }),
    ];
    // Phases: a lively one, a dead one, one quote a session.
    let lively = vec(one, 1..120);
    let dead = vec((1..20_u64).prop_map(|seconds| Move::Nothing { seconds }), 1..80);
    let daily =
        vec((-900..900_i64).prop_map(|basis_points| Move::NewSession { basis_points }), 1..60);
    vec(prop_oneof![4 => lively, 1 => dead, 1 => daily], length).prop_map(|phases| phases.concat())
}

fn series(moves: &[Move]) -> Vec<Quote> {
    let start: Price = "100".parse().unwrap();
    let mut quote = Quote {
        symbol: "A".parse().unwrap(),
        timestamp: "2026-11-23T14:30:00Z".parse().unwrap(),
        open: start,
        high: start,
        low: start,
        price: start,
        previous_close: start,
        volume: Volume::ZERO,
    };
    let moved = |price: Price, basis_points: i64| {
        let cents = price.units() / 1_000_000;
        let cents = (cents + cents * basis_points / 10_000).clamp(1, 10_000_000);
        Price::from_units(cents * 1_000_000).unwrap()
    };
    let later = |time: Timestamp, seconds| time.saturating_add(Duration::from_secs(seconds + 1));
    moves
        .iter()
        .map(|step| {
            match *step {
                Move::Tick { basis_points, volume, seconds } => {
                    quote.timestamp = later(quote.timestamp, seconds);
                    quote.price = moved(quote.price, basis_points);
                    quote.volume = Volume::new(quote.volume.get() + volume).unwrap();
                }
                Move::Nothing { seconds } => quote.timestamp = later(quote.timestamp, seconds),
                Move::NewSession { basis_points } => {
                    quote.timestamp = later(quote.timestamp, 64_000);
                    quote.previous_close = quote.price;
                    quote.price = moved(quote.price, basis_points);
                    (quote.open, quote.high, quote.low) = (quote.price, quote.price, quote.price);
                    quote.volume = Volume::new(10).unwrap();
                }
            }
            quote.high = quote.high.max(quote.price);
            quote.low = quote.low.min(quote.price);
            quote
        })
        .collect()
}

fn bits(verdict: &Verdict) -> (u8, Vec<u64>) {
    match verdict {
        Verdict::Normal { score } => (1, vec![score.to_bits()]),
        Verdict::Anomalous(e) => (
            2 + e.direction as u8,
            vec![e.score.to_bits(), e.value.to_bits(), e.threshold.to_bits()],
        ),
        _ => (0, vec![]),
    }
}

fn check_rebuild(detector: &mut dyn AnomalyDetector, name: &str, quotes: &[Quote], cut: usize) {
    let lookback = detector.lookback();
    detector.reset();
    let all: Vec<_> = quotes.iter().map(|quote| bits(&detector.observe(quote))).collect();
    detector.reset();
    quotes[cut.saturating_sub(lookback)..cut].iter().for_each(|quote| detector.update(quote));
    for (at, quote) in quotes.iter().enumerate().skip(cut) {
        assert_eq!(bits(&detector.observe(quote)), all[at], "{name}, quote {at}, rebuilt at {cut}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn a_detector_rebuilt_from_its_lookback_gives_the_same_bits(moves in moves(1..9), cut in 0.0..1.0_f64) {
        let quotes = series(&moves);
        let cut = (cut * quotes.len() as f64) as usize;
        for entry in DETECTORS.iter().filter(|entry| entry.exact) {
            for smallest in [true, false] {
                check_rebuild(&mut *build(entry, smallest), entry.name, &quotes, cut);
            }
        }
    }

    #[test]
    fn arbitrary_quotes_neither_panic_nor_give_nan(mut quotes in vec(quotes::quote(), 1..150), cut in 0.0..1.0_f64) {
        quotes.sort_by_key(|quote| quote.timestamp);
        let cut = (cut * quotes.len() as f64) as usize;
        for entry in DETECTORS {
            let mut detector = build(entry, true);
            for quote in &quotes {
                let verdict = detector.observe(quote);
                prop_assert!(verdict.score().is_none_or(|score| score >= 0.0), "{}: {verdict:?}", entry.name);
                prop_assert!(verdict.evidence().is_none_or(|e| !e.value.is_nan() && !e.threshold.is_nan()));
            }
            check_rebuild(&mut *detector, entry.name, &quotes, cut);
        }
    }

    #[test]
    fn constant_series_are_never_anomalous(
        price in quotes::price(),
        volume in quotes::volume(),
        millis in prop_oneof![Just(1_u64), 1..300_000_u64, Just(86_400_000)],
    ) {
        let symbol = "A".parse().unwrap();
        let mut quote = Quote { symbol, timestamp: Timestamp::MIN, open: price, high: price, low: price, price, previous_close: price, volume };
        for entry in DETECTORS {
            for smallest in [true, false] {
                let mut detector = build(entry, smallest);
                for _ in 0..600 {
                    quote.timestamp = quote.timestamp.saturating_add(Duration::from_millis(millis));
                    let verdict = detector.observe(&quote);
                    prop_assert!(verdict.evidence().is_none(), "{}: {verdict:?}", entry.name);
                }
                quote.timestamp = Timestamp::MIN;
            }
        }
    }
}

#[test]
fn no_detector_looks_back_further_than_allowed() {
    for entry in DETECTORS {
        for smallest in [true, false] {
            assert!(build(entry, smallest).lookback() <= MAX_LOOKBACK, "{}", entry.name);
        }
        let mut values = Values::defaults(entry.params);
        for param in entry.params {
            match param.kind {
                ParamKind::Integer { max, .. } => {
                    let _ = values.set(param, Value::Integer(max));
                }
                ParamKind::Price => values.set(param, Value::Price(Price::MAX)).unwrap(),
                _ => {}
            }
        }
        // Either the largest values fit together, or the constructor says no.
        if let Ok(detector) = (entry.build)(&values) {
            assert!(detector.lookback() <= MAX_LOOKBACK, "{}", entry.name);
        }
    }
}

#[test]
fn the_defaults_in_the_tables_are_within_their_bounds() {
    for entry in DETECTORS {
        let defaults = Values::defaults(entry.params);
        let mut checked = Values::default();
        for param in entry.params {
            let value = match param.kind {
                ParamKind::Integer { .. } => Value::Integer(defaults.integer(param.name).unwrap()),
                ParamKind::Number { .. } => Value::Number(defaults.number(param.name).unwrap()),
                ParamKind::Duration { .. } => {
                    Value::Duration(defaults.duration(param.name).unwrap())
                }
                _ => continue,
            };
            checked.set(param, value).unwrap();
        }
        assert_eq!(entry.build_default().is_ok(), entry.name != "price_level", "{}", entry.name);
    }
}
