//! What can be chosen of a simulated market.

use std::time::Duration;

use stockflow_core::{Date, InvalidConfig, Symbol, params::within};

use super::profile::default_symbols;

/// Version of the generator: any change to the quotes of a seed counts it up, so that no cursor of an older one fits.
const GENERATOR: u32 = 1;

/// What can be chosen of a [`SimulatedMarket`](super::SimulatedMarket), all but the seed.
///
/// The default is a day of twenty symbols with a quote every ten seconds each, 46,800 in all, and 16 planted events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatedOptions {
    /// Who trades, 1 to 100,000 symbols, none twice.
    pub symbols: Vec<Symbol>,
    /// First trading day.
    pub date: Date,
    /// Trading days, 1 to 1,000; Saturdays and Sundays are left out.
    pub days: u32,
    /// Start of the session after midnight UTC.
    pub open: Duration,
    /// End of the session after midnight UTC, 3 hours or more after its start.
    pub close: Duration,
    /// Between two quotes of a symbol, 100 ms to 60 s.
    pub interval: Duration,
    /// Planted events a day; at most three a symbol, and no more than fit one after the other.
    pub events: u32,
    /// Most quotes in a batch, at least 1. It changes no quote.
    pub batch: usize,
}

impl Default for SimulatedOptions {
    fn default() -> Self {
        Self {
            symbols: default_symbols(),
            date: Date::new(2026, 11, 23).unwrap_or(stockflow_core::Timestamp::MIN.date()),
            days: 1,
            open: Duration::from_secs(14 * 3600 + 1800),
            close: Duration::from_secs(21 * 3600),
            interval: Duration::from_secs(10),
            events: 16,
            batch: 500,
        }
    }
}

impl SimulatedOptions {
    pub(super) fn check(&self) -> Result<(), InvalidConfig> {
        within("symbols", self.symbols.len(), 1, 100_000)?;
        let mut sorted = self.symbols.clone();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(InvalidConfig::new("symbols", pair[0], "each symbol once"));
        }
        within("days", self.days, 1, 1_000)?;
        // The generator adds weekends, and the calendar ends with the year 9999.
        within("date", self.date.year_month_day().0, 1970, 9_990)?;
        let hours = |duration: Duration| duration.as_secs_f64() / 3600.0;
        within("open", hours(self.open), 0.0, 21.0)?;
        within("close", hours(self.close), hours(self.open) + 3.0, 24.0)?;
        within("interval", self.interval.as_millis(), 100, 60_000)?;
        within("events", self.events, 0, 300_000)?;
        within("batch", self.batch, 1, 1_000_000)
    }

    /// Quotes of a symbol in a day.
    pub(super) const fn ticks(&self) -> u32 {
        let session = self.close.as_micros() - self.open.as_micros();
        (session / self.interval.as_micros()) as u32
    }

    /// So many ticks as `minutes` take, at least `least`.
    pub(super) fn ticks_of(&self, minutes: f64, least: u32) -> u32 {
        ((minutes * 60.0 / self.interval.as_secs_f64()) as u32).max(least)
    }

    /// Name of the quotes that these options and `seed` give.
    pub(super) fn feed(&self, seed: u64) -> String {
        let mut hasher = blake3::Hasher::new();
        let [open, close, interval] =
            [self.open, self.close, self.interval].map(|duration| duration.as_micros());
        let (date, days, events) = (self.date, self.days, self.events);
        let chosen = format!("{GENERATOR} {date} {days} {open} {close} {interval} {events} ");
        hasher.update(chosen.as_bytes());
        for symbol in &self.symbols {
            hasher.update(symbol.as_bytes()).update(b" ");
        }
        format!("sim:{seed}:{}", &hasher.finalize().to_hex()[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_options_are_refused_with_their_bounds() {
        let default = SimulatedOptions::default();
        assert_eq!(default.check(), Ok(()));
        assert_eq!(default.ticks(), 2_340);
        let mut twice = default.clone();
        twice.symbols.push(twice.symbols[0]);
        for (key, options) in [
            ("symbols", twice),
            ("symbols", SimulatedOptions { symbols: vec![], ..default.clone() }),
            ("days", SimulatedOptions { days: 0, ..default.clone() }),
            ("interval", SimulatedOptions { interval: Duration::ZERO, ..default.clone() }),
            ("close", SimulatedOptions { close: default.open, ..default.clone() }),
            ("batch", SimulatedOptions { batch: 0, ..default.clone() }),
        ] {
            assert_eq!(options.check().unwrap_err().key, key);
        }
    }

    #[test]
    fn a_feed_is_named_by_what_changes_its_quotes() {
        let default = SimulatedOptions::default();
        let feed = default.feed(7);
        assert!(feed.starts_with("sim:7:"), "{feed}");
        assert_ne!(feed, default.feed(8));
        assert_ne!(feed, SimulatedOptions { days: 2, ..default.clone() }.feed(7));
        assert_eq!(feed, SimulatedOptions { batch: 1, ..default }.feed(7));
    }
}
