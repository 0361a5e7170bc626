//! Where events are planted.

use std::ops::Range;

use stockflow_core::{Date, Quote};

use super::{BenchOptions, MarketBench, days::Series};
use crate::{
    feed::{EventKind, PlantedEvent},
    planting::Planting,
    rng::Rng,
};

/// A place in a day of a symbol, at which every size of a kind fits.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) kind: EventKind,
    pub(super) day: Range<usize>,
    /// From the start of the day.
    pub(super) at: usize,
    up: bool,
    /// Quotes of the largest event, and of the time in which it may be told.
    pub(super) longest: usize,
}

impl Place {
    pub(super) const fn planting(&self, size: f64) -> Planting {
        Planting { kind: self.kind, at: self.at, size, up: self.up }
    }

    pub(super) fn day(&self, series: &Series) -> Date {
        series.quotes[self.day.start].timestamp.date()
    }
}

/// For so many quotes after its end an event may still be told; with the last of a session, nothing can be told any more.
const fn grace(kind: EventKind) -> usize {
    match kind {
        EventKind::Split => 60,
        EventKind::TrendTurn => 30,
        _ => 5,
    }
}

/// How many quotes of the day are gone when an event can no longer be told in time.
pub(super) fn last(event: &PlantedEvent, day: &[Quote]) -> usize {
    day.partition_point(|quote| quote.timestamp < event.end) + grace(event.kind)
}

/// The same for every set of rules: places hang on seed, symbol, day and kind alone.
pub(super) fn places(series: &Series, kind: EventKind, options: &BenchOptions) -> Vec<Place> {
    let mut places = Vec::new();
    for (number, (date, day)) in series.dates().enumerate() {
        let quotes = &series.quotes[day.clone()];
        let Some(first) = quotes.first() else { continue };
        let symbol = first
            .symbol
            .as_bytes()
            .iter()
            .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        let date = u64::from(date.days_since_epoch().unsigned_abs());
        let mut rng = Rng::new(&[options.seed, symbol, date, kind as u64]);
        if kind == EventKind::Split {
            // At an open, and only where there is a day before it.
            if number > 0 {
                let longest = 1 + grace(kind);
                places.push(Place { kind, day, at: 0, up: false, longest });
            }
            continue;
        }
        for _ in 0..options.places {
            let at = Planting::BEFORE + rng.below(quotes.len() as u64) as usize;
            let up = rng.below(2) == 0;
            let sizes = MarketBench::sizes(kind).iter();
            let lengths = sizes.map(|&size| Planting { kind, at, size, up }.length(quotes));
            let longest = lengths.max().unwrap_or(0) + grace(kind);
            // Not where the rest of the day is too short; another draw would crowd the places before it.
            if at + longest + 1 < quotes.len() {
                places.push(Place { kind, day: day.clone(), at, up, longest });
            }
        }
    }
    places
}
