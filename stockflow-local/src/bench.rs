//! How good is a set of rules? Labelled events are planted into days of quotes, and what is told of them is counted.

mod cost;
mod days;
mod place;
mod score;

use std::collections::{BTreeMap, HashSet};

use stockflow_core::{Alert, AlertKind, Direction, Monitor, Quote, QuoteSource, Result, Rules};

pub use self::{
    cost::{Cost, costs},
    score::{Found, Scores},
};
use self::{days::Series, place::Place};
use crate::feed::{EventKind, PlantedEvent};

/// Quotes before an event from which its run starts: more than any detector looks back on.
const CONTEXT: usize = 600;

/// What can be chosen of a [`MarketBench`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BenchOptions {
    /// Where events are planted, and which way: the same seed, the same places.
    pub seed: u64,
    /// Events of each kind and size on each day of a symbol.
    pub places: usize,
    /// Which of the days.
    pub part: Part,
}

impl Default for BenchOptions {
    fn default() -> Self {
        Self { seed: 1, places: 4, part: Part::All }
    }
}

/// Some of the days, to keep those apart on which parameters were chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    #[default]
    All,
    /// The first half; of an odd number of days, the larger one.
    First,
    /// The other days.
    Rest,
}

/// Days of quotes, into which events are planted one at a time.
///
/// An event counts as **found** if an alert is told within its time (from its cause to some quotes after its end) that is not told of
/// the same quotes without it, of the right kind and direction:
///
/// | kind | what counts |
/// |---|---|
/// | a price that moves | an alert about an anomaly in the direction of the event |
/// | volume | an alert about an anomaly, up |
/// | a halt, a gap | an alert that is neither up nor down; a halt has to be told before it is over |
/// | a slow drift | an alert about an anomaly or a turn, in its direction |
/// | a turn | an alert about a turn, in the new direction |
/// | a split | any alert: none should be |
///
/// Every alert on the quotes as they are counts as **false**: of recorded days nobody knows what was worth telling.
///
/// ```
/// use stockflow_core::Rules;
/// use stockflow_local::{EventKind, SimulatedMarket, SimulatedOptions, bench::{BenchOptions, MarketBench}};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let symbols = vec!["AAPL".parse()?, "MSFT".parse()?];
/// let options = SimulatedOptions { symbols, events: 0, ..SimulatedOptions::default() };
/// let market = SimulatedMarket::new(7, options, &[])?;
/// let bench = MarketBench::read(Box::new(market), BenchOptions { places: 2, ..BenchOptions::default() }).await?;
/// let scores = bench.score(&Rules::default_set());
/// let jumps = scores.of(EventKind::LevelJump, 12.0).expect("a size that is planted");
/// assert_eq!(jumps.planted, 4);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct MarketBench {
    series: Vec<Series>,
    options: BenchOptions,
    days: Vec<stockflow_core::Date>,
}

impl MarketBench {
    /// Sizes that are planted, in the unit of [`Planting`](crate::Planting).
    #[must_use]
    pub const fn sizes(kind: EventKind) -> &'static [f64] {
        match kind {
            EventKind::Halt => &[5.0, 10.0, 20.0],
            EventKind::FeedGap => &[10.0, 15.0, 30.0],
            EventKind::Split => &[1.5, 2.0, 4.0, 10.0, 0.1],
            _ => &[4.0, 6.0, 8.0, 12.0],
        }
    }

    /// From which size on an event should be told by default.
    #[must_use]
    pub const fn goal(kind: EventKind) -> f64 {
        match kind {
            EventKind::Halt | EventKind::FeedGap | EventKind::Split => 0.0,
            _ => 6.0,
        }
    }

    /// Reads `source` to its end, into memory.
    ///
    /// # Errors
    /// Those of the source.
    pub async fn read(mut source: Box<dyn QuoteSource>, options: BenchOptions) -> Result<Self> {
        let mut quotes = Vec::new();
        while let Some(batch) = source.next_batch().await? {
            quotes.extend(batch.quotes);
        }
        Ok(Self::new(quotes, options))
    }

    /// Of quotes in the order of time for each symbol; late ones are left out.
    #[must_use]
    pub fn new(quotes: Vec<Quote>, options: BenchOptions) -> Self {
        let series = days::by_symbol(quotes);
        let mut days: Vec<_> = series.iter().flat_map(|one| one.dates().map(|(d, _)| d)).collect();
        days.sort_unstable();
        days.dedup();
        let first = days.len().div_ceil(2);
        let days = match options.part {
            Part::All => days,
            Part::First => days[..first].to_vec(),
            Part::Rest => days[first..].to_vec(),
        };
        Self { series, options, days }
    }

    /// How many days of how many symbols count.
    #[must_use]
    pub fn symbol_days(&self) -> usize {
        self.series.iter().flat_map(Series::dates).filter(|(day, _)| self.counts(*day)).count()
    }

    /// Quotes of each symbol, in the order of time.
    pub fn quotes(&self) -> impl Iterator<Item = &[Quote]> {
        self.series.iter().map(|series| &*series.quotes)
    }

    fn counts(&self, day: stockflow_core::Date) -> bool {
        self.days.binary_search(&day).is_ok()
    }

    /// Plants every kind and size, one after the other, and counts what `rules` tell.
    #[must_use]
    pub fn score(&self, rules: &Rules) -> Scores {
        let mut scores = Scores { symbol_days: self.symbol_days(), ..Scores::planned() };
        for series in &self.series {
            self.undisturbed(rules, series, &mut scores.alerts);
            for kind in EventKind::ALL {
                for place in place::places(series, kind, &self.options) {
                    if self.counts(place.day(series)) {
                        plant_all(rules, series, &place, &mut scores);
                    }
                }
            }
        }
        scores
    }

    fn undisturbed(
        &self,
        rules: &Rules,
        series: &Series,
        told: &mut BTreeMap<stockflow_core::RuleName, u64>,
    ) {
        let alerts = alerts(rules, series.quotes.iter());
        for alert in alerts.into_iter().filter(|alert| self.counts(alert.cause.date())) {
            *told.entry(alert.rule).or_default() += 1;
        }
    }
}

/// All sizes at one place.
fn plant_all(rules: &Rules, series: &Series, place: &Place, scores: &mut Scores) {
    let before = &series.quotes[place.day.start.saturating_sub(CONTEXT)..place.day.start];
    let skipped = (before.len() + place.at).saturating_sub(CONTEXT);
    let day = &series.quotes[place.day.clone()];
    let run = |day: &[Quote], last: usize| {
        alerts(rules, before.iter().chain(&day[..last.min(day.len())]).skip(skipped))
    };
    let as_it_was: HashSet<_> =
        run(day, day.len().min(place.at + place.longest)).iter().map(Alert::id).collect();
    for &size in MarketBench::sizes(place.kind) {
        let mut changed = day.to_vec();
        let Ok(event) = place.planting(size).plant(&mut changed) else { continue };
        let in_time = place::last(&event, &changed);
        let alerts = run(&changed, in_time);
        let news = alerts.iter().filter(|alert| !as_it_was.contains(&alert.id()));
        let told = news.filter(|alert| tells(&event, alert)).map(|alert| alert.cause).min();
        let delay = told.map(|told| {
            let quotes = changed.iter().filter(|q| q.timestamp >= event.cause);
            quotes.take_while(|quote| quote.timestamp < told).count() as u32
        });
        scores.add(place.kind, size, delay);
    }
}

fn alerts<'a>(rules: &Rules, quotes: impl Iterator<Item = &'a Quote>) -> Vec<Alert> {
    let (mut monitor, mut alerts) = (Monitor::new(rules), Vec::new());
    for quote in quotes {
        let _ = monitor.observe(quote, &mut alerts);
    }
    alerts
}

/// Whether the alert is what the event should lead to.
fn tells(event: &PlantedEvent, alert: &Alert) -> bool {
    let same_way = alert.evidence.direction == event.direction;
    let kind = match event.kind {
        EventKind::Split | EventKind::SlowDrift => true,
        EventKind::TrendTurn => alert.kind == AlertKind::Trend,
        _ => alert.kind == AlertKind::Anomaly,
    };
    let in_time =
        alert.cause >= event.cause && (event.kind != EventKind::Halt || alert.cause < event.end);
    kind && in_time
        && (same_way || event.kind == EventKind::Split)
        && (event.direction != Direction::Flat || alert.kind == AlertKind::Anomaly)
}

#[cfg(test)]
mod tests;
