//! What every trend detector in the table promises.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/quotes.rs"]
mod any_quotes;
#[path = "common/series.rs"]
mod series;

use proptest::prelude::*;
use series::{MIDDLE, mirrored, quotes, signals, walk, waves};
use stockflow_core::{
    Direction, MAX_LOOKBACK, Quote, TrendDetector, TrendSignal,
    params::{Entry, ParamKind, Value, Values},
    trend::DETECTORS,
};

type Detector = Box<dyn TrendDetector>;

/// With parameters near the lower end of what is allowed, so that windows are short and turns many.
fn nervous(entry: &Entry<dyn TrendDetector>, choice: u64) -> Detector {
    let mut values = Values::defaults(entry.params);
    for (i, param) in (0..).zip(entry.params) {
        let digit = choice >> (4 * i) & 0xf;
        let value = match (param.name, param.kind) {
            ("slow", _) => Value::Integer(17 + digit as i64),
            ("oversold", _) => Value::Number(50.0 - digit as f64),
            ("overbought", _) => Value::Number(50.0 + digit as f64),
            (_, ParamKind::Integer { min, max, .. }) => Value::Integer(max.min(min + digit as i64)),
            (_, ParamKind::Number { min, .. }) => Value::Number(min + digit as f64 / 20.0),
            (name, kind) => unreachable!("{name} is {kind}"),
        };
        values.set(param, value).unwrap();
    }
    (entry.build)(&values).unwrap()
}

fn each(choice: u64) -> impl Iterator<Item = (&'static str, Detector)> {
    DETECTORS.iter().flat_map(move |entry| {
        [(entry.name, entry.build_default().unwrap()), (entry.name, nervous(entry, choice))]
    })
}

/// NaN would differ from itself.
fn assert_same(name: &str, at: usize, left: &TrendSignal, right: &TrendSignal) {
    assert_eq!(left, right, "{name} at {at}");
    if let (TrendSignal::Turned(l), TrendSignal::Turned(r)) = (left, right) {
        for (l, r) in [(l.score, r.score), (l.value, r.value), (l.threshold, r.threshold)] {
            assert_eq!(l.to_bits(), r.to_bits(), "{name} at {at}");
        }
    }
}

fn turned(signal: &TrendSignal) -> Option<Direction> {
    match signal {
        TrendSignal::Turned(evidence) => Some(evidence.direction),
        _ => None,
    }
}

#[test]
fn entries_are_complete_and_lookbacks_bounded() {
    for entry in DETECTORS {
        let lookback = entry.build_default().unwrap().lookback();
        assert!((1..=MAX_LOOKBACK).contains(&lookback), "{}: {lookback}", entry.name);
        assert!(entry.exact && !entry.summary.is_empty(), "{}", entry.name);
    }
    assert!(DETECTORS.iter().any(|entry| entry.default));
}

#[test]
fn every_parameter_is_taken_at_its_bounds_or_refused_by_name() {
    for entry in DETECTORS {
        for param in entry.params {
            let (min, max) = param.kind.bounds();
            for value in [min, max] {
                let mut values = Values::defaults(entry.params);
                values.set(param, value).unwrap();
                match (entry.build)(&values) {
                    Ok(detector) => assert!(detector.lookback() <= MAX_LOOKBACK),
                    Err(error) => {
                        let named = entry.params.iter().any(|p| p.name == error.key);
                        assert!(named, "{}: {error}", entry.name);
                    }
                }
            }
        }
    }
}

#[test]
fn clear_turns_are_found_by_every_detector_and_told_once() {
    let quotes = quotes(&waves(1, 1_600, 200));
    for entry in DETECTORS {
        let signals = signals(entry.build_default().unwrap().as_mut(), &quotes);
        for leg in 3..8 {
            let expected = if leg % 2 == 0 { Direction::Up } else { Direction::Down };
            let said: Vec<Direction> =
                signals[200 * leg..200 * (leg + 1)].iter().filter_map(turned).collect();
            assert!(said.contains(&expected), "{} in leg {leg}: {said:?}", entry.name);
            if entry.default {
                assert_eq!(said, [expected], "{} in leg {leg}", entry.name);
            }
        }
    }
}

#[test]
fn a_detector_that_was_reset_is_as_new() {
    let quotes = quotes(&waves(2, 700, 120));
    for (name, mut detector) in each(0x1234) {
        let first = signals(detector.as_mut(), &quotes);
        detector.reset();
        let second = signals(detector.as_mut(), &quotes);
        for (at, (l, r)) in first.iter().zip(&second).enumerate() {
            assert_same(name, at, l, r);
        }
    }
}

#[test]
fn a_jump_of_the_price_alone_is_no_turn_by_default() {
    for (seed, jump) in [(3, 500), (4, -500), (5, 50_000), (6, -20_000)] {
        let mut units = walk(seed, 900, |_| 0.0);
        let quiet = quotes(&units);
        units[450..].iter_mut().for_each(|unit| *unit += jump * 1_000_000);
        let jumped = quotes(&units);
        for entry in DETECTORS.iter().filter(|entry| entry.default) {
            let count = |quotes: &[Quote]| {
                let signals = signals(entry.build_default().unwrap().as_mut(), quotes);
                signals[450..600].iter().filter_map(turned).count()
            };
            assert!(count(&jumped) <= count(&quiet), "{} with {jump}", entry.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_rebuild_from_exactly_the_lookback_gives_the_same_signals_to_the_bit(
        seed in any::<u64>(),
        choice in any::<u64>(),
        leg in 5_usize..150,
        cut in 0_usize..100,
    ) {
        let quotes = quotes(&waves(seed, 800, leg));
        for (name, mut detector) in each(choice) {
            let all = signals(detector.as_mut(), &quotes);
            let lookback = detector.lookback();
            detector.reset();
            let _ = signals(detector.as_mut(), &quotes[cut..cut + lookback]);
            for at in cut + lookback..quotes.len() {
                assert_same(name, at, &all[at], &detector.update(&quotes[at]));
            }
        }
    }

    #[test]
    fn the_next_signal_follows_from_the_lookback_wherever_it_begins(
        seed in any::<u64>(),
        choice in any::<u64>(),
    ) {
        let quotes = quotes(&walk(seed, 500, |_| 0.0));
        for entry in DETECTORS {
            let mut detector = nervous(entry, choice);
            let all = signals(detector.as_mut(), &quotes);
            let lookback = detector.lookback();
            for at in lookback..quotes.len() {
                detector.reset();
                let _ = signals(detector.as_mut(), &quotes[at - lookback..at]);
                assert_same(entry.name, at, &all[at], &detector.update(&quotes[at]));
            }
        }
    }

    #[test]
    fn nothing_before_the_lookback_matters_however_odd(
        odd in prop::collection::vec(any_quotes::quote(), 1..60),
        seed in any::<u64>(),
        choice in any::<u64>(),
    ) {
        let quotes = quotes(&waves(seed, 600, 40));
        for (name, mut detector) in each(choice) {
            let lookback = detector.lookback();
            let _ = signals(detector.as_mut(), &odd);
            let after_odd = signals(detector.as_mut(), &quotes);
            detector.reset();
            let alone = signals(detector.as_mut(), &quotes);
            for at in lookback..quotes.len() {
                assert_same(name, at, &after_odd[at], &alone[at]);
            }
        }
    }

    #[test]
    fn arbitrary_quotes_neither_panic_nor_give_numbers_that_are_none(
        quotes in prop::collection::vec(any_quotes::quote(), 1..400),
        choice in any::<u64>(),
    ) {
        for (name, mut detector) in each(choice) {
            for signal in signals(detector.as_mut(), &quotes) {
                if let TrendSignal::Turned(evidence) = signal {
                    let numbers = [evidence.score, evidence.value, evidence.threshold];
                    prop_assert!(numbers.iter().all(|n| n.is_finite()), "{name}: {evidence:?}");
                    prop_assert!(evidence.score >= 0.0 && evidence.direction != Direction::Flat);
                }
            }
        }
    }

    #[test]
    fn a_constant_series_has_no_direction_and_no_turn(
        unit in 1..=100_000_000_000_000_000_i64,
        choice in any::<u64>(),
    ) {
        let quotes = quotes(&vec![unit; 520]);
        for (name, mut detector) in each(choice) {
            for signal in signals(detector.as_mut(), &quotes) {
                let calm = matches!(signal, TrendSignal::WarmingUp | TrendSignal::Steady(Direction::Flat));
                prop_assert!(calm, "{name}: {signal:?}");
            }
        }
    }

    #[test]
    fn a_short_history_is_warming_up(seed in any::<u64>(), choice in any::<u64>()) {
        let quotes = quotes(&waves(seed, 600, 50));
        for (name, mut detector) in each(choice) {
            let signals = signals(detector.as_mut(), &quotes);
            let warm = signals.iter().position(|signal| *signal != TrendSignal::WarmingUp).unwrap();
            prop_assert!((1..=detector.lookback()).contains(&warm), "{name}: {warm}");
            prop_assert!(!signals[warm..].contains(&TrendSignal::WarmingUp), "{name}");
        }
    }

    #[test]
    fn a_mirrored_series_gives_mirrored_turns(seed in any::<u64>(), leg in 10_usize..150) {
        let units = waves(seed, 900, leg);
        prop_assume!(units.iter().all(|unit| *unit < 2 * MIDDLE));
        let (upright, mirror) = (quotes(&units), quotes(&mirrored(&units)));
        for entry in DETECTORS {
            let upright = signals(entry.build_default().unwrap().as_mut(), &upright);
            let mirror = signals(entry.build_default().unwrap().as_mut(), &mirror);
            for (at, pair) in upright.iter().zip(&mirror).enumerate() {
                match pair {
                    (TrendSignal::Turned(l), TrendSignal::Turned(r)) => {
                        prop_assert_ne!(l.direction, r.direction, "{} at {}", entry.name, at);
                        prop_assert!((l.score - r.score).abs() <= 1e-9 * l.score.max(1.0));
                    }
                    (TrendSignal::Steady(l), TrendSignal::Steady(r)) => {
                        prop_assert!(l != r || *l == Direction::Flat, "{} at {}", entry.name, at);
                    }
                    (l, r) => prop_assert_eq!(l, r, "{} at {}", entry.name, at),
                }
            }
        }
    }
}
