//! One symbol's day, tick by tick.

use stockflow_core::{Price, Quote, Symbol, Timestamp, Volume};

use super::{
    plan::{Effect, Planned},
    profile::{MARKET, Profile, name_number},
};
use crate::rng::Rng;

/// A tick of the whole market.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Its number in the day.
    pub(super) tick: u32,
    /// The market's return, in deviations of a tick.
    pub(super) market: f64,
    /// Activity: 1 on average over the day, more at its ends.
    pub(super) volume: f64,
    /// The same for the size of returns.
    pub(super) volatility: f64,
}

impl Moment {
    /// The U shape of a day: a polynomial, since powers and cosines differ between platforms in the last bit.
    pub(super) fn new(tick: u32, ticks: u32, market: f64) -> Self {
        let from_noon = 2.0 * (f64::from(tick) + 0.5) / f64::from(ticks) - 1.0;
        let edge = from_noon * from_noon * from_noon * from_noon;
        Self { tick, market, volume: 0.6 + 2.0 * edge, volatility: 0.8 + 0.9 * edge }
    }
}

#[derive(Debug)]
pub(super) struct Walker {
    symbol: Symbol,
    profile: Profile,
    /// Relative deviation of a tick's return, own and the market's.
    own: f64,
    market: f64,
    /// Mean volume of a tick.
    lot: f64,
    rng: Rng,
    events: Vec<Planned>,
    /// What a trade would cost without planted events.
    fair: f64,
    /// Price and day's range in cents.
    last: i64,
    open: i64,
    high: i64,
    low: i64,
    previous_close: i64,
    volume: i64,
}

impl Walker {
    pub(super) fn new(symbol: Symbol, ticks: u32) -> Self {
        let profile = Profile::of(&symbol);
        let per_tick = f64::from(ticks).sqrt();
        let cents = cents(profile.price);
        Self {
            symbol,
            profile,
            own: profile.own / per_tick,
            market: profile.beta * MARKET / per_tick,
            lot: profile.volume / f64::from(ticks),
            rng: Rng::new(&[]),
            events: Vec::new(),
            fair: profile.price,
            last: cents,
            open: 0,
            high: 0,
            low: 0,
            previous_close: cents,
            volume: 0,
        }
    }

    /// The next morning: an overnight gap, and the day's volume from zero.
    pub(super) fn start_day(&mut self, seed: u64, day: u32, events: Vec<Planned>) {
        self.rng = Rng::new(&[seed, name_number(&self.symbol), u64::from(day)]);
        self.events = events;
        self.previous_close = self.last;
        let gap = 0.4 * self.profile.day_deviation() * self.rng.normal();
        self.fair = self.last as f64 / 100.0 * (1.0 + gap);
        self.volume = 0;
        self.open = 0;
    }

    /// What the feed shows at `moment`, if anything.
    pub(super) fn step(&mut self, moment: &Moment, time: Timestamp) -> Option<Quote> {
        let effect = self.effect(moment.tick);
        if !effect.halted {
            self.trade(moment, &effect);
        }
        if effect.muted {
            return None;
        }
        let shown = (self.last as f64 * effect.print).round() as i64;
        Some(Quote {
            symbol: self.symbol,
            timestamp: time,
            open: price(self.open),
            high: price(self.high),
            low: price(self.low),
            price: price(shown),
            previous_close: price(self.previous_close),
            volume: Volume::new(self.volume).unwrap_or(Volume::MAX),
        })
    }

    fn effect(&self, tick: u32) -> Effect {
        let mut all = Effect { level: 1.0, print: 1.0, volume: 1.0, halted: false, muted: false };
        for event in &self.events {
            let one = event.effect(tick);
            all.level *= one.level;
            all.print *= one.print;
            all.volume *= one.volume;
            all.halted |= one.halted;
            all.muted |= one.muted;
        }
        all
    }

    fn trade(&mut self, moment: &Moment, effect: &Effect) {
        let own = self.own * self.rng.fat_tailed();
        self.fair *= 1.0 + (own + self.market * moment.market) * moment.volatility;
        // Between bid and ask: gone with the next trade.
        let bounce = 0.3 * self.own * self.rng.normal();
        self.last = cents(self.fair * effect.level * (1.0 + bounce));
        if self.open == 0 {
            (self.open, self.high, self.low) = (self.last, self.last, self.last);
        }
        self.high = self.high.max(self.last);
        self.low = self.low.min(self.last);
        let (a, b) = (self.rng.unit(), self.rng.unit());
        let crowd = if self.rng.below(60) == 0 { 2.0 } else { 1.0 };
        let shares = self.lot * moment.volume * (0.3 + 2.8 * a * b) * crowd * effect.volume;
        self.volume = (self.volume + (shares as i64).max(1)).min(Volume::MAX.get());
    }
}

fn cents(value: f64) -> i64 {
    (value * 100.0).round() as i64
}

/// The next legal price: a walk that comes to the edge of the range stays there.
fn price(cents: i64) -> Price {
    const CENT: i64 = Price::UNITS_PER_ONE / 100;
    let units = cents.clamp(1, Price::MAX.units() / CENT) * CENT;
    Price::from_units(units).unwrap_or(Price::MIN)
}
