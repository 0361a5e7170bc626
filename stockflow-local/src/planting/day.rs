//! Changes to the quotes of a day.

use std::time::Duration;

use stockflow_core::{
    Price, Quote, Volume, rolling::RETURN_UNITS_PER_ONE, rolling::midpoint_return,
};

/// What is usual before an event.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Local {
    /// Root mean square of the returns of the 60 quotes before.
    pub deviation: f64,
    /// Mean volume between two quotes, of the same, in shares.
    pub mean_volume: f64,
    /// Standard deviation of that volume, in shares.
    pub volume_deviation: f64,
}

impl Local {
    /// Of the 60 quotes before the one at `at`, or as many as there are.
    #[must_use]
    pub fn before(day: &[Quote], at: usize) -> Self {
        let window = &day[at.saturating_sub(61).min(day.len())..at.min(day.len())];
        let n = window.len().saturating_sub(1).max(1) as f64;
        let pairs = || window.windows(2).map(|pair| (&pair[0], &pair[1]));
        let one = RETURN_UNITS_PER_ONE as f64;
        let squares: f64 =
            pairs().map(|(a, b)| (midpoint_return(a.price, b.price) as f64 / one).powi(2)).sum();
        let volumes: Vec<f64> = pairs().map(|(a, b)| b.volume_since(a) as f64).collect();
        let mean = volumes.iter().sum::<f64>() / n;
        let spread: f64 = volumes.iter().map(|volume| (volume - mean).powi(2)).sum();
        Self {
            deviation: (squares / n).sqrt(),
            mean_volume: mean,
            volume_deviation: (spread / n).sqrt(),
        }
    }
}

/// The quotes of a symbol's day from an event on.
pub(super) struct Day<'a> {
    before: Option<Quote>,
    quotes: &'a mut [Quote],
    tick: i64,
}

impl<'a> Day<'a> {
    pub(super) fn new(day: &'a mut [Quote], at: usize) -> Self {
        let tick = tick(day);
        let (before, quotes) = day.split_at_mut(at);
        Self { before: before.last().copied(), quotes, tick }
    }

    /// How many quotes from `at` on are within so many minutes.
    pub(super) fn span(day: &[Quote], at: usize, minutes: f64) -> usize {
        let Some(first) = day.get(at) else { return 0 };
        let length = Duration::try_from_secs_f64(minutes * 60.0).unwrap_or(Duration::MAX);
        let end = first.timestamp.saturating_add(length);
        day[at..].iter().take_while(|quote| quote.timestamp < end).count()
    }

    fn price(&self, units: f64) -> Price {
        let ticks = (units / self.tick as f64).round().max(1.0);
        let units = (ticks * self.tick as f64).min(Price::MAX.units() as f64) as i64;
        Price::from_units(units).unwrap_or(Price::MAX)
    }

    /// Multiplies each price by `factor` of its number; the day's range follows, unless it is an error that nobody traded.
    pub(super) fn move_prices(&mut self, factor: impl Fn(usize) -> f64, is_error: bool) {
        let Some(mut known) = self.before.or_else(|| self.quotes.first().copied()) else { return };
        let (mut high, mut low) = (known.high, known.low);
        for i in 0..self.quotes.len() {
            let (quote, factor) = (self.quotes[i], factor(i));
            if factor != 1.0 {
                self.quotes[i].price = self.price(quote.price.units() as f64 * factor);
            }
            if is_error {
                continue;
            }
            // A new extreme of the recorded day is one of the moved price.
            if quote.high > known.high {
                high = high.max(self.price(quote.high.units() as f64 * factor));
            }
            if quote.low < known.low {
                low = low.min(self.price(quote.low.units() as f64 * factor));
            }
            (high, low) = (high.max(self.quotes[i].price), low.min(self.quotes[i].price));
            (self.quotes[i].high, self.quotes[i].low) = (high, low);
            known = quote;
        }
    }

    /// Nothing is traded for `length` quotes.
    pub(super) fn halt(&mut self, length: usize) {
        let Some(last) = self.before else { return };
        for quote in &mut self.quotes[..length] {
            *quote = Quote { timestamp: quote.timestamp, ..last };
        }
    }

    /// So many shares more with each of `length` quotes.
    pub(super) fn trade_more(&mut self, length: usize, shares: i64) {
        for (i, quote) in self.quotes.iter_mut().enumerate() {
            let more = shares.saturating_mul((i + 1).min(length) as i64);
            let volume = quote.volume.get().saturating_add(more);
            quote.volume = Volume::new(volume).unwrap_or(Volume::MAX);
        }
    }

    /// `ratio` new shares for an old one; the previous close stays as it was traded.
    pub(super) fn split(&mut self, ratio: f64) {
        for i in 0..self.quotes.len() {
            let quote = self.quotes[i];
            let scaled = |price: Price| self.price(price.units() as f64 / ratio);
            let [open, high, low, price] =
                [quote.open, quote.high, quote.low, quote.price].map(scaled);
            let volume = Volume::new((quote.volume.get() as f64 * ratio) as i64);
            let volume = volume.unwrap_or(Volume::MAX);
            self.quotes[i] = Quote { open, high, low, price, volume, ..quote };
        }
    }
}

/// The largest power of ten, at most 1, that divides all prices of the day.
fn tick(day: &[Quote]) -> i64 {
    let mut tick = Price::UNITS_PER_ONE;
    for quote in day {
        let prices = [quote.price, quote.open, quote.high, quote.low];
        while tick > 1 && prices.iter().any(|price| price.units() % tick != 0) {
            tick /= 10;
        }
    }
    tick
}
