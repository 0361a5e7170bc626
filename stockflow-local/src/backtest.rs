//! History through the rules, without side effects: what would have been told.

mod bars;
mod compare;
mod page;
mod tally;

use std::time::{Duration, Instant};

use stockflow_core::{Alert, AlertKind, Judgement, Monitor, QuoteSource, Result, Rules, Severity};
use tokio::sync::mpsc;

pub use self::{
    bars::{Bar, Bars},
    compare::{Change, Comparison},
    page::page,
    tally::{Count, DayRow, Tally},
};

/// Batches that are read ahead of the one that is judged.
const AHEAD: usize = 4;
/// Marks of one symbol's chart; what comes after them is counted, and not drawn.
const MARKS: usize = 1_000;

/// The rules of both stages over recorded quotes.
///
/// It judges with what the stages judge with ([`Monitor`]), so the alerts are those that a run over the same quotes tells, but it
/// stores, archives and sends nothing, and reads no clock but to say how long it took.
///
/// ```
/// use stockflow_core::Rules;
/// use stockflow_local::{SimulatedMarket, backtest::{self, Backtest}};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut tests = [Backtest::new(&Rules::default_set())];
/// let market = SimulatedMarket::with_seed(7, [])?;
/// backtest::run(Box::new(market), &mut tests, |_quotes| {}).await?;
/// let [test] = tests;
/// assert!(test.alerts().len() > 16, "what was planted, and what followed from it");
/// for row in test.tally().rows().iter().take(3) {
///     println!("{} {} {}: {} alerts", row.symbol, row.day, row.rule, row.count.alerts);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Backtest {
    monitor: Monitor,
    rules: Vec<(AlertKind, stockflow_core::RuleName, Severity)>,
    alerts: Vec<Alert>,
    tally: Tally,
    charts: Option<Vec<Chart>>,
    elapsed: Duration,
}

/// What a report draws of one symbol.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Prices and volume.
    pub bars: Bars,
    /// Findings in the order of time, the first thousand.
    pub marks: Vec<Mark>,
    /// Findings beyond them.
    pub unmarked: u64,
}

/// A finding, told or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// What the alert about it says, or would say.
    pub alert: Alert,
    /// Whether the rule's policy and severity let it become an alert.
    pub told: bool,
}

impl Backtest {
    /// Of `rules`, without memory of any symbol.
    #[must_use]
    pub fn new(rules: &Rules) -> Self {
        let anomalies = rules.anomaly.iter().map(|r| (AlertKind::Anomaly, &r.name, r.severity));
        let trends = rules.trend.iter().map(|r| (AlertKind::Trend, &r.name, r.severity));
        Self {
            monitor: Monitor::new(rules),
            rules: anomalies.chain(trends).map(|(kind, name, s)| (kind, name.clone(), s)).collect(),
            alerts: Vec::new(),
            tally: Tally::default(),
            charts: None,
            elapsed: Duration::ZERO,
        }
    }

    /// Keeps what a [`page`] draws: some thousand bars a symbol, however many quotes there are.
    #[must_use]
    pub fn with_charts(mut self) -> Self {
        self.charts = Some(Vec::new());
        self
    }

    /// Judges quotes, in the order of their times for each symbol.
    pub fn observe(&mut self, quotes: &[stockflow_core::Quote]) {
        let started = Instant::now();
        let Self { monitor, rules, alerts, tally, charts, .. } = self;
        for quote in quotes {
            let symbol = tally.quote(quote);
            let chart = charts.as_mut().map(|charts| {
                if charts.len() == symbol {
                    charts.push(Chart { bars: Bars::new(), marks: Vec::new(), unmarked: 0 });
                }
                &mut charts[symbol]
            });
            let mut marks = Vec::new();
            let judgement = monitor.follow(quote, |kind, rule, evidence, alert| {
                tally.finding(symbol, kind, rule, alert.as_ref());
                let told = alert.is_some();
                if chart.is_some() {
                    let severity = rules.iter().find(|(of, name, _)| *of == kind && name == rule);
                    let severity = severity.map_or(Severity::Info, |(_, _, severity)| *severity);
                    let alert = Alert::new(quote, kind, rule.clone(), severity, evidence);
                    marks.push(Mark { alert, told });
                }
                alerts.extend(alert);
            });
            if matches!(judgement, Judgement::Late) {
                tally.late();
                continue;
            }
            if let Some(chart) = chart {
                chart.bars.push(quote);
                let room = MARKS - chart.marks.len().min(MARKS);
                chart.unmarked += marks.len().saturating_sub(room) as u64;
                chart.marks.extend(marks.into_iter().take(room));
            }
        }
        self.elapsed += started.elapsed();
    }

    /// Counts what could not be read as a quote.
    pub const fn unreadable(&mut self, count: u64) {
        self.tally.unreadable += count;
    }

    /// What would have been told, in the order in which it would have been.
    #[must_use]
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    /// Counts by symbol, day and rule.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What is drawn, with each symbol; none without [`with_charts`](Self::with_charts).
    pub fn charts(&self) -> impl Iterator<Item = (stockflow_core::Symbol, &Chart)> {
        self.tally.symbols().zip(self.charts.iter().flatten())
    }

    /// The time that judging took.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

/// Reads `source` to its end into each of `tests`; `progress` hears after each batch how many quotes were judged so far.
///
/// Reading and judging go on side by side.
///
/// # Errors
/// Those of the source.
pub async fn run(
    mut source: Box<dyn QuoteSource>,
    tests: &mut [Backtest],
    mut progress: impl FnMut(u64),
) -> Result<()> {
    let (sender, mut batches) = mpsc::channel(AHEAD);
    let reader = async move {
        while let Some(batch) = source.next_batch().await.transpose() {
            let failed = batch.is_err();
            // Nobody listens any more, or nothing can come after this.
            if sender.send(batch).await.is_err() || failed {
                break;
            }
        }
    };
    let reader = tokio::spawn(reader);
    let mut quotes = 0;
    while let Some(batch) = batches.recv().await {
        let batch = batch?;
        for test in &mut *tests {
            test.observe(&batch.quotes);
            test.unreadable(batch.unreadable.len() as u64);
        }
        quotes += batch.quotes.len() as u64;
        progress(quotes);
    }
    // Only a panic of the source can be left here.
    reader.await.map_err(|error| {
        stockflow_core::Error::new(stockflow_core::ErrorKind::Unexpected, "backtest", "read")
            .with_source(error)
    })
}

#[cfg(test)]
mod tests;
