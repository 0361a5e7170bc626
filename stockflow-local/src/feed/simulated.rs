//! A simulated market with labelled events in it.

mod event;
mod matching;
mod options;
mod plan;
mod profile;
mod walker;

use std::time::Duration;

use async_trait::async_trait;
use stockflow_core::{Cursor, InvalidConfig, Quote, QuoteSource, Result, SourceBatch, Timestamp};

pub use self::{
    event::{EventKind, PlantedEvent},
    matching::{Finding, Matches, match_events},
    options::SimulatedOptions,
    profile::default_symbols,
};
use crate::rng::Rng;

use self::{
    plan::{Planned, plan},
    walker::{Moment, Walker},
};

/// A market out of a seed: the same quotes for the same seed and options, on every machine and in every version.
///
/// Prices move with a common market factor and on their own, in cents, livelier at the ends of the day; now and then
/// a return is twice as large as usual. Volume is U-shaped. Into this, [events](SimulatedMarket::events) are planted.
///
/// ```
/// use stockflow_core::QuoteSource;
/// use stockflow_local::{SimulatedMarket, SimulatedOptions};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut market = SimulatedMarket::new(7, SimulatedOptions::default(), &[])?;
/// assert_eq!(market.events().len(), 16);
/// let batch = market.next_batch().await?.expect("a day is longer than a batch");
/// assert_eq!(batch.quotes.len(), 500);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct SimulatedMarket {
    options: SimulatedOptions,
    seed: u64,
    feed: String,
    days: Vec<Day>,
    walkers: Vec<Walker>,
    market: Rng,
    moment: Moment,
    /// Where the next quote comes from.
    day: usize,
    tick: u32,
    symbol: usize,
    delivered: u64,
}

#[derive(Debug)]
struct Day {
    open: Timestamp,
    planned: Vec<Planned>,
}

impl SimulatedMarket {
    /// The market of `seed`, after what `cursors` say was delivered; cursors of other feeds do not matter.
    ///
    /// # Errors
    /// [`InvalidConfig`] for an option out of its bounds, or a cursor of this feed that is no number.
    pub fn new(
        seed: u64,
        options: SimulatedOptions,
        cursors: &[Cursor],
    ) -> Result<Self, InvalidConfig> {
        options.check()?;
        let days = trading_days(&options)
            .enumerate()
            .map(|(number, open)| Day { open, planned: plan(&options, seed, number as u32) })
            .collect();
        let ticks = options.ticks();
        let mut market = Self {
            feed: options.feed(seed),
            walkers: options.symbols.iter().map(|symbol| Walker::new(*symbol, ticks)).collect(),
            options,
            seed,
            days,
            market: Rng::new(&[]),
            moment: Moment::new(0, ticks, 0.0),
            day: 0,
            tick: 0,
            symbol: 0,
            delivered: 0,
        };
        let delivered = offset(&market.feed, cursors)?;
        while market.delivered < delivered && market.next_quote().is_some() {}
        Ok(market)
    }

    /// As [`SimulatedMarket::new`], with default options.
    ///
    /// # Errors
    /// As [`SimulatedMarket::new`].
    pub fn with_seed(seed: u64, cursors: impl AsRef<[Cursor]>) -> Result<Self, InvalidConfig> {
        Self::new(seed, SimulatedOptions::default(), cursors.as_ref())
    }

    /// What is planted, by day and start.
    #[must_use]
    pub fn events(&self) -> Vec<PlantedEvent> {
        let label = |day: &Day| -> Vec<PlantedEvent> {
            day.planned.iter().map(|event| event.label(&self.options, day.open)).collect()
        };
        self.days.iter().flat_map(label).collect()
    }

    /// End of the last session: no quote is after it.
    #[must_use]
    pub fn ends(&self) -> Timestamp {
        let session = self.options.close.saturating_sub(self.options.open);
        self.days.last().map_or(Timestamp::MIN, |day| day.open.saturating_add(session))
    }

    /// Quotes from the first to the last, those delivered before included.
    #[must_use]
    pub fn total_quotes(&self) -> u64 {
        let all = u64::from(self.options.ticks()) * self.options.symbols.len() as u64;
        let muted = |day: &Day| day.planned.iter().map(|e| u64::from(e.muted())).sum::<u64>();
        self.days.iter().map(|day| all - muted(day)).sum()
    }

    fn next_quote(&mut self) -> Option<Quote> {
        loop {
            if self.symbol == self.walkers.len() {
                (self.symbol, self.tick) = (0, self.tick + 1);
            }
            if self.tick == self.options.ticks() {
                (self.tick, self.day) = (0, self.day + 1);
            }
            let open = self.days.get(self.day)?.open;
            if self.symbol == 0 {
                self.start_tick();
            }
            let number = self.symbol;
            self.symbol += 1;
            let time = self.time(open, number);
            if let Some(quote) = self.walkers[number].step(&self.moment, time) {
                self.delivered += 1;
                return Some(quote);
            }
        }
    }

    fn start_tick(&mut self) {
        if self.tick == 0 {
            let day = self.day as u32;
            self.market = Rng::new(&[self.seed, 0x006d_6172_6b65_7421, u64::from(day)]);
            let mut by_symbol: Vec<Vec<Planned>> = vec![Vec::new(); self.walkers.len()];
            for event in &self.days[self.day].planned {
                by_symbol[event.symbol].push(*event);
            }
            for (walker, events) in self.walkers.iter_mut().zip(by_symbol) {
                walker.start_day(self.seed, day, events);
            }
        }
        let market = self.market.normal();
        self.moment = Moment::new(self.tick, self.options.ticks(), market);
    }

    /// Each symbol has its own slice of the interval, so that order of symbols is order of time.
    fn time(&mut self, open: Timestamp, number: usize) -> Timestamp {
        let slice = self.options.interval.as_micros() as u64 / self.walkers.len() as u64;
        // Half a slice, so that two quotes of an only symbol do not come at once.
        let jitter = self.market.below(slice / 2 + 1);
        let micros = slice * number as u64 + jitter;
        let micros = if slice >= 2_000 { micros / 1_000 * 1_000 } else { micros };
        let tick = self.options.interval * self.tick;
        open.saturating_add(tick + Duration::from_micros(micros))
    }
}

#[async_trait]
impl QuoteSource for SimulatedMarket {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        let size = self.options.batch;
        let quotes: Vec<Quote> = std::iter::from_fn(|| self.next_quote()).take(size).collect();
        if quotes.is_empty() {
            return Ok(None);
        }
        let cursor = Cursor { feed: self.feed.clone(), offset: self.delivered.to_string() };
        Ok(Some(SourceBatch { quotes, cursors: vec![cursor], ..SourceBatch::default() }))
    }
}

/// Opening times, Saturdays and Sundays left out.
fn trading_days(options: &SimulatedOptions) -> impl Iterator<Item = Timestamp> + use<> {
    const DAY: Duration = Duration::from_secs(86_400);
    let (first, open) = (options.date.start(), options.open);
    (0..)
        .map(move |day| first.saturating_add(DAY * day))
        // The first of January 1970 was a Thursday.
        .filter(|start| (start.date().days_since_epoch() + 3) % 7 < 5)
        .map(move |start| start.saturating_add(open))
        .take(options.days as usize)
}

/// How many quotes of `feed` were delivered before.
fn offset(feed: &str, cursors: &[Cursor]) -> Result<u64, InvalidConfig> {
    let Some(cursor) = cursors.iter().find(|cursor| cursor.feed == feed) else { return Ok(0) };
    let number = cursor.offset.parse();
    number.map_err(|_| InvalidConfig::new(feed, &cursor.offset, "a number of delivered quotes"))
}

#[cfg(test)]
mod tests;
