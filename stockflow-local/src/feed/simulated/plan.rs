//! Which event hits which symbol, when, and how.

use stockflow_core::{Direction, Timestamp};

use super::{
    event::{EventKind, PlantedEvent},
    options::SimulatedOptions,
    profile::Profile,
};
use crate::rng::Rng;

/// Longest event with the quiet time around it, in minutes; so many of them fit a symbol's day.
const SLOT: f64 = 105.0;
/// Quiet time after the open and before the close, in minutes: detectors warm up, and alerts come a little later.
const QUIET: (f64, f64) = (35.0, 20.0);
const MOST_PER_SYMBOL: u32 = 3;

/// An event in ticks of its symbol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned {
    /// Index of the symbol.
    pub(super) symbol: usize,
    pub(super) kind: EventKind,
    first: u32,
    /// Where the price is farthest away; the turn of a turn.
    apex: u32,
    /// The first tick after it.
    end: u32,
    /// Relative change of the price at the apex, or factor of the volume.
    size: f64,
    /// What of the change stays for the rest of the day, 0 to 1.
    rest: f64,
}

/// What an event does to one tick.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effect {
    /// Factor of the price.
    pub(super) level: f64,
    /// Factor of the price that is shown, and of nothing else.
    pub(super) print: f64,
    /// Factor of the volume.
    pub(super) volume: f64,
    /// Nothing is traded.
    pub(super) halted: bool,
    /// Nothing is shown.
    pub(super) muted: bool,
}

impl Planned {
    pub(super) fn effect(&self, tick: u32) -> Effect {
        let mut effect =
            Effect { level: 1.0, print: 1.0, volume: 1.0, halted: false, muted: false };
        let inside = tick >= self.first && tick < self.end;
        match self.kind {
            EventKind::Spike | EventKind::Crash | EventKind::TrendTurn => {
                effect.level = 1.0 + self.size * self.share(tick);
            }
            EventKind::BadPrint if inside => effect.print = 1.0 + self.size,
            EventKind::Halt => effect.halted = inside,
            EventKind::FeedGap => effect.muted = inside,
            EventKind::VolumeBurst if inside => effect.volume = self.size,
            _ => {}
        }
        // Nobody trades a crash or a spike at the usual volume.
        if inside && matches!(self.kind, EventKind::Spike | EventKind::Crash) {
            effect.volume = 3.0;
        }
        effect
    }

    /// What of the change is there at `tick`: up to the apex, then back to what stays.
    fn share(&self, tick: u32) -> f64 {
        let part = |from: u32, to: u32| f64::from(tick - from) / f64::from((to - from).max(1));
        if tick < self.first {
            0.0
        } else if tick <= self.apex {
            part(self.first - 1, self.apex)
        } else if tick < self.end {
            1.0 - (1.0 - self.rest) * part(self.apex, self.end)
        } else {
            self.rest
        }
    }

    /// Ticks without a quote.
    pub(super) const fn muted(&self) -> u32 {
        match self.kind {
            EventKind::FeedGap => self.end - self.first,
            _ => 0,
        }
    }

    /// The label.
    pub(super) fn label(&self, options: &SimulatedOptions, open: Timestamp) -> PlantedEvent {
        let at = |tick: u32| open.saturating_add(options.interval * tick);
        let size = match self.kind {
            EventKind::VolumeBurst => self.size,
            EventKind::Halt | EventKind::FeedGap => {
                options.interval.as_secs_f64() * f64::from(self.end - self.first) / 60.0
            }
            EventKind::TrendTurn => -100.0 * self.size,
            _ => 100.0 * self.size,
        };
        let direction = match self.kind {
            EventKind::Halt | EventKind::FeedGap => Direction::Flat,
            _ if size > 0.0 => Direction::Up,
            _ => Direction::Down,
        };
        let cause = if self.kind == EventKind::TrendTurn { self.apex } else { self.first };
        PlantedEvent {
            kind: self.kind,
            symbol: options.symbols[self.symbol],
            start: at(self.first),
            cause: at(cause),
            end: at(self.end),
            direction,
            size,
        }
    }
}

/// The events of day `day`, by start.
pub(super) fn plan(options: &SimulatedOptions, seed: u64, day: u32) -> Vec<Planned> {
    let mut rng = Rng::new(&[seed, 0x0065_7665_6e74_7321, u64::from(day)]);
    let session = (options.close - options.open).as_secs_f64() / 60.0;
    let usable = session - QUIET.0 - QUIET.1;
    let symbols = options.symbols.len() as u32;
    let fitting = ((usable / SLOT) as u32).clamp(1, MOST_PER_SYMBOL);
    let slots = options.events.div_ceil(symbols).clamp(1, fitting);
    let count = options.events.min(symbols * slots);

    // One list of symbols a slot, each in an order of its own, so that nobody gets a second event before all have one.
    let mut places: Vec<(usize, u32)> = Vec::new();
    for slot in 0..slots {
        let mut order: Vec<usize> = (0..options.symbols.len()).collect();
        rng.shuffle(&mut order);
        places.extend(order.into_iter().map(|symbol| (symbol, slot)));
    }
    places.truncate(count as usize);
    // Starts are spread evenly, and kinds are dealt to them in random order.
    let mut spread: Vec<u32> = (0..count).collect();
    rng.shuffle(&mut spread);

    let width = usable / f64::from(slots);
    let kinds = EventKind::DEALT.iter().copied().cycle();
    let mut planned: Vec<Planned> = places
        .into_iter()
        .zip(kinds)
        .zip(spread)
        .map(|(((symbol, slot), kind), place)| {
            let mut event = shape(options, &mut rng, symbol, kind);
            let length = f64::from(event.end) * options.interval.as_secs_f64() / 60.0;
            // What a symbol's next slot begins with has to be quiet.
            let free = (width - length - if slots > 1 { 20.0 } else { 0.0 }).max(0.0);
            let within = (f64::from(place) + rng.unit()) / f64::from(count);
            let start = QUIET.0 + f64::from(slot) * width + free * within;
            event.move_to(options.ticks_of(start, 1));
            event
        })
        .collect();
    planned.sort_by_key(|event| (event.first, event.symbol));
    planned
}

impl Planned {
    fn move_to(&mut self, first: u32) {
        self.first += first;
        self.apex += first;
        self.end += first;
    }
}

/// An event that starts at tick 0.
fn shape(options: &SimulatedOptions, rng: &mut Rng, symbol: usize, kind: EventKind) -> Planned {
    let deviation = Profile::of(&options.symbols[symbol]).day_deviation();
    let sign = if rng.below(2) == 0 { 1.0 } else { -1.0 };
    let minutes = |rng: &mut Rng, low, high| options.ticks_of(rng.between(low, high), 4);
    let (apex, end, size, rest) = match kind {
        EventKind::Spike => {
            let size = rng.between(2.0, 3.0) * deviation + 0.015;
            (1, 4 + rng.below(3) as u32, sign * size, 0.0)
        }
        EventKind::BadPrint => (0, 1, sign * rng.between(0.1, 0.3), 0.0),
        EventKind::Crash => {
            let fall = options.ticks_of(1.0, 3);
            let back = minutes(rng, 8.0, 15.0);
            (fall - 1, fall + back, -rng.between(0.06, 0.1), rng.between(0.5, 1.0))
        }
        EventKind::Halt => (0, minutes(rng, 5.0, 9.0), 0.0, 0.0),
        EventKind::FeedGap => (0, minutes(rng, 6.0, 12.0), 0.0, 0.0),
        EventKind::VolumeBurst => (0, minutes(rng, 3.0, 5.0), rng.between(12.0, 20.0), 0.0),
        // The rest is not dealt out.
        _ => {
            let (there, back) = (minutes(rng, 32.0, 40.0), minutes(rng, 32.0, 40.0));
            (there, there + back, sign * (rng.between(2.2, 2.8) * deviation + 0.004), 0.0)
        }
    };
    Planned { symbol, kind, first: 0, apex, end, size, rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_day_has_sixteen_events_of_every_kind_on_as_many_symbols() {
        let options = SimulatedOptions::default();
        for seed in 0..50 {
            let events = plan(&options, seed, 0);
            assert_eq!(events.len(), 16);
            for kind in EventKind::DEALT {
                assert!(events.iter().filter(|event| event.kind == kind).count() >= 2, "{kind}");
            }
            let mut symbols: Vec<usize> = events.iter().map(|event| event.symbol).collect();
            symbols.sort_unstable();
            symbols.dedup();
            assert_eq!(symbols.len(), 16);
        }
    }

    #[test]
    fn events_of_a_symbol_do_not_overlap_and_end_before_the_close() {
        let symbols = SimulatedOptions::default().symbols[..3].to_vec();
        let options = SimulatedOptions { symbols, ..SimulatedOptions::default() };
        for seed in 0..50 {
            let events = plan(&options, seed, 0);
            assert_eq!(events.len(), 9, "at most three a symbol");
            for symbol in 0..3 {
                let of: Vec<&Planned> = events.iter().filter(|e| e.symbol == symbol).collect();
                assert!(of.windows(2).all(|pair| pair[0].end + 60 <= pair[1].first));
                assert!(of.iter().all(|event| event.end <= options.ticks() - 60));
            }
        }
    }
}
