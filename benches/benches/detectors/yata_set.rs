//! What one would take from `yata` for the rules of our default set, with the same periods and bounds.
//!
//! It is less than ours in everything: no sessions, no ticks, no quality of quotes, no quiet time, floats, and
//! a mean absolute deviation where the true median one is asked for (`MedianAbsDev` is not that).

use stockflow_core::Quote;
use yata::{
    methods::{Cross, Highest, Lowest, MedianAbsDev, Past, SMA, StDev},
    prelude::*,
};

/// Deviations of one return that a move of 20 and of 5 may have: 4.25 times the root of that.
pub(crate) const LONG: f64 = 19.006;
pub(crate) const SHORT: f64 = 9.503;

pub(crate) struct YataSet {
    last: Quote,
    returns: (SMA, StDev),
    level: MedianAbsDev,
    settled: Past<f64>,
    range: (Highest, Lowest),
    older: (Past<f64>, Past<f64>, Past<f64>),
    usual: StDev,
    volumes: (SMA, Highest),
    changed: SMA,
    pauses: SMA,
    averages: (SMA, SMA, SMA),
    noise: StDev,
    cross: Cross,
}

impl YataSet {
    pub(crate) fn new(first: &Quote) -> Self {
        let price = first.price.to_f64();
        Self {
            last: *first,
            returns: (SMA::new(60, &0.0).unwrap(), StDev::new(60, &0.0).unwrap()),
            level: MedianAbsDev::new(21, &price).unwrap(),
            settled: Past::new(15, &price).unwrap(),
            range: (Highest::new(60, &price).unwrap(), Lowest::new(60, &price).unwrap()),
            older: (
                Past::new(20, &0.0).unwrap(),
                Past::new(20, &price).unwrap(),
                Past::new(5, &price).unwrap(),
            ),
            usual: StDev::new(60, &0.0).unwrap(),
            volumes: (SMA::new(60, &0.0).unwrap(), Highest::new(60, &0.0).unwrap()),
            changed: SMA::new(60, &0.0).unwrap(),
            pauses: SMA::new(20, &0.0).unwrap(),
            averages: (
                SMA::new(5, &price).unwrap(),
                SMA::new(20, &price).unwrap(),
                SMA::new(60, &0.0).unwrap(),
            ),
            noise: StDev::new(78, &0.0).unwrap(),
            cross: Cross::new((), &(0.0, 0.0)).unwrap(),
        }
    }

    /// How many of the rules found something.
    pub(crate) fn observe(&mut self, quote: &Quote) -> u64 {
        let (price, before) = (quote.price.to_f64(), self.last.price.to_f64());
        let (close, open) = (quote.previous_close.to_f64(), quote.open.to_f64());
        let mut found = u64::from((price / close - 1.0).abs() > 0.05);
        found += u64::from((open / close - 1.0).abs() > 0.03);

        let change = price / before - 1.0;
        let z = (change - self.returns.0.peek()) / self.returns.1.peek();
        found += u64::from(z.abs() > 8.0);
        self.returns.0.next(&change);
        self.returns.1.next(&change);

        let level = self.level.get_smm().peek();
        found += u64::from((price - level).abs() > 10.0 * 1.4826 * self.level.peek());
        self.level.next(&price);

        let (high, low) = (self.range.0.peek(), self.range.1.peek());
        let margin = 1.5 * (high - low);
        found += u64::from(price > high + margin || price < low - margin);
        let settled = self.settled.next(&price);
        self.range.0.next(&settled);
        self.range.1.next(&settled);

        let (long, short) = (self.older.1.next(&price), self.older.2.next(&price));
        let usual = self.usual.next(&self.older.0.next(&change));
        let far = |from: f64, bound: f64| {
            let size = (price / from - 1.0).abs();
            size > bound * usual && size > 0.012
        };
        found += u64::from(far(long, LONG) || far(short, SHORT));

        let volume = (quote.volume.get() - self.last.volume.get()) as f64;
        let bound = (8.0 * self.volumes.0.peek()).max(2.0 * self.volumes.1.peek());
        found += u64::from(volume > bound);
        self.volumes.0.next(&volume);
        self.volumes.1.next(&volume);

        let is_changed = quote.price != self.last.price || volume != 0.0;
        found += u64::from(!is_changed && self.changed.peek() * 15.0 > 15.0);
        self.changed.next(&f64::from(u8::from(is_changed)));

        let pause = (quote.timestamp.as_micros() - self.last.timestamp.as_micros()) as f64;
        found += u64::from(pause > 3e8 && pause > 8.0 * self.pauses.peek());
        self.pauses.next(&pause);

        let difference = self.averages.0.next(&price) - self.averages.1.next(&price);
        let mean = self.averages.2.next(&difference);
        let noise = self.noise.next(&(price - before));
        let side = if mean.abs() > 0.5 * noise { mean } else { 0.0 };
        found += u64::from(self.cross.next(&(side, 0.0)).analog() != 0);

        self.last = *quote;
        found
    }
}
