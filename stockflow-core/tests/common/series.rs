//! Series of prices as quotes of one symbol, for tests of detectors.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "tests, each of which uses some of them"
)]

use std::time::Duration;

use stockflow_core::{Price, Quote, Timestamp, TrendDetector, TrendSignal, Volume};

/// The middle about which [`mirrored`] turns a price over, 1,000 in units of 10⁻⁸; [`walk`] and [`waves`] stay around it.
pub const MIDDLE: i64 = 100_000_000_000;

/// Quotes at uneven pauses, of about ten seconds, with these prices, in units of 10⁻⁸.
pub fn quotes(units: &[i64]) -> Vec<Quote> {
    let start: Timestamp = "2026-11-23T14:30:00Z".parse().unwrap();
    let price = |units: i64| Price::from_units(units).unwrap();
    let (mut high, mut low, mut seconds) = (units[0], units[0], 0);
    let quote = |(i, &unit): (usize, &i64)| {
        (high, low) = (high.max(unit), low.min(unit));
        seconds += 1 + (i as u64 * i as u64) % 19;
        Quote {
            symbol: "TEST".parse().unwrap(),
            timestamp: start.saturating_add(Duration::from_secs(seconds)),
            open: price(units[0]),
            high: price(high),
            low: price(low),
            price: price(unit),
            previous_close: price(units[0]),
            volume: Volume::new(1_000 * i as i64).unwrap(),
        }
    };
    units.iter().enumerate().map(quote).collect()
}

/// The same, upside down.
pub fn mirrored(units: &[i64]) -> Vec<i64> {
    units.iter().map(|unit| 2 * MIDDLE - unit).collect()
}

/// A walk in whole cents, of `len` steps of up to ±1 each, that `drift` (cents a step) leads.
pub fn walk(seed: u64, len: usize, mut drift: impl FnMut(usize) -> f64) -> Vec<i64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut price = 0.0;
    let step = |i| {
        price += 200.0 * (next() - 0.5) + drift(i);
        MIDDLE + price.round() as i64 * 1_000_000
    };
    (0..len).map(step).collect()
}

/// A walk that rises and falls by turns, `leg` steps each, clearly enough for every detector.
pub fn waves(seed: u64, len: usize, leg: usize) -> Vec<i64> {
    walk(seed, len, |i| if (i / leg).is_multiple_of(2) { 60.0 } else { -60.0 })
}

/// What the detector says of each quote.
pub fn signals(detector: &mut dyn TrendDetector, quotes: &[Quote]) -> Vec<TrendSignal> {
    quotes.iter().map(|quote| detector.update(quote)).collect()
}
