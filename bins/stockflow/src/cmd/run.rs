//! `stockflow run`: the pipeline, on a simulated market, recorded quotes or a live feed.

mod feed;
mod live;
mod planted;
mod report;
pub(super) mod screen;
mod signals;
mod speed;

use std::{
    collections::BTreeMap,
    io::{self, Write},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use clap::{Args, ValueEnum};
use stockflow_core::{AlertStatus, Alerter, QuoteSource, RuleName, Symbol, config::Config};
use stockflow_local::{
    AlertQuery, LedgerEntry, Paced, Pipeline, Progress, ReplayError, Summary,
    alerter::{self, ConsoleAlerter, Surroundings},
};

pub(super) use self::report::count;
use self::{planted::Planted, report::Report, screen::Screen};
use crate::{DataDir, Failure, shell};
pub use live::{FeedName, LiveOptions};
pub use speed::Speed;

/// Run the pipeline on a simulated market, on recorded quotes, or on a live feed
///
/// Without --replay and --feed, a trading day of 20 symbols is simulated, with events planted in it that should be found.
/// A second run on the same data goes on where the first ended. Ctrl-C stops cleanly; nothing that was read is lost.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  stockflow run\n  stockflow run --replay quotes.csv.gz --symbols IBM,SPY --data ./ibm-spy\n  \
                  stockflow run --feed yahoo --symbols AAPL,MSFT,BTC-USD\n  \
                  stockflow run --feed yahoo-stream --symbols AAPL,MSFT,BTC-USD\n  \
                  stockflow run --feed kinesis:stock-market-stream\n\n\
                  Yahoo's API is for personal use."
)]
pub struct Run {
    /// Recorded quotes instead of the simulated market: CSV, NDJSON (plain, .gz or .zst), Parquet (in a build with
    /// the feature query) or a lake folder; several are merged in market-time order
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub replay: Vec<PathBuf>,
    /// A live feed instead, until it is stopped: yahoo (polled) or yahoo-stream (needs --symbols), kinesis:STREAM (in a build with
    /// the feature aws); or simulated
    #[arg(long, value_name = "FEED", conflicts_with = "replay")]
    pub feed: Option<FeedName>,
    /// How live feeds are asked.
    #[command(flatten)]
    pub live: LiveOptions,
    /// Only these symbols, separated by commas
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub symbols: Vec<Symbol>,
    /// Where the data lies.
    #[command(flatten)]
    pub data: DataDir,
    /// How fast market time passes: max, or a multiple of real time such as 1x or 60x
    #[arg(long, value_name = "SPEED", default_value = "max")]
    pub speed: Speed,
    /// Rules, policies and alerters, in TOML
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Of the simulated market: the same seed gives the same day
    #[arg(long, value_name = "N", default_value_t = 7, conflicts_with = "replay")]
    pub seed: u64,
    /// Form of the summary: text goes to standard error, JSON to standard output
    #[arg(long, value_enum, default_value_t)]
    pub format: SummaryFormat,
    /// Most quotes in a batch of the feed and of stage 1, for tests: small ones give many steps out of few quotes
    #[arg(long, value_name = "N", hide = true)]
    pub batch_records: Option<NonZeroUsize>,
}

/// Form of the summary at the end of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SummaryFormat {
    /// For reading
    #[default]
    Text,
    /// One object
    Json,
}

impl Run {
    pub(crate) fn execute(self) -> crate::Outcome {
        // The stages block: enough threads that neither signals nor alerters wait for them.
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(self.work())
    }

    async fn work(self) -> crate::Outcome {
        let screen = Screen::stderr();
        let config = configuration(self.config.as_deref())?;
        let symbols = self.symbols(&config);
        let mut pipeline = Pipeline::open(&self.data.path, config.rules())?;
        if let Some(records) = self.batch_records {
            pipeline = pipeline.with_batch_records(records.get());
        }
        for alerter in alerters(&config, &self.data.path, &screen)? {
            pipeline = pipeline.with_alerter(alerter);
        }
        let cursors = pipeline.cursors();
        let feed = self.feed(symbols, &cursors).await?;
        pipeline = pipeline.with_earliest_arrival(feed.ends);
        screen.line(&feed.title);
        let progress = tokio::spawn(watch(screen.clone(), pipeline.progress(), feed.total));
        let source: Box<dyn QuoteSource> = match self.speed {
            Speed::Max => feed.source,
            Speed::Times(speed) => Box::new(Paced::new(feed.source, speed)?),
        };
        let stopped = Arc::new(AtomicBool::new(false));
        let stop = signals::stop(screen.clone(), Arc::clone(&stopped));
        let outcome = pipeline.run(source, stop).await;
        progress.abort();
        screen.progress("");
        let summary = outcome?;
        let told = pipeline.alerts(&AlertQuery::default())?;
        let stopped = stopped.load(SeqCst);
        let planted = match &feed.events[..] {
            [] => None,
            events => Some(Planted::of(events, &told, &pipeline.table(), stopped).await?),
        };
        let note = (summary.quotes == 0 && !stopped)
            .then(|| self.nothing_new(pipeline.cursors() == cursors));
        let report = self.report(&pipeline, &summary, &told, planted, note)?;
        match self.format {
            SummaryFormat::Json => writeln!(io::stdout().lock(), "{}", report.json())?,
            SummaryFormat::Text => screen.line(&format!("\n{}", report.text(&program()))),
        }
        match summary.pending + summary.undeliverable {
            0 => Ok(()),
            _ => Err(Failure::failed("not every alert could be told; the warnings above say why")),
        }
    }

    /// Why there may have been no quote.
    fn nothing_new(&self, same_cursors: bool) -> String {
        if same_cursors {
            let data = self.data.path.display();
            return format!("all of it was taken into {data} before; another --data starts anew");
        }
        "there are no quotes in it, or none of the symbols asked for".to_owned()
    }

    fn report(
        &self,
        pipeline: &Pipeline,
        summary: &Summary,
        told: &[LedgerEntry],
        planted: Option<Planted>,
        note: Option<String>,
    ) -> Result<Report, Failure> {
        let text = |counts: &BTreeMap<RuleName, u64>| {
            counts.iter().map(|(rule, n)| (rule.to_string(), *n)).collect()
        };
        let waiting =
            told.iter().filter(|entry| matches!(entry.status, AlertStatus::Claimed { .. }));
        Ok(Report {
            quotes: summary.quotes,
            note,
            rows: summary.rows,
            late: summary.late,
            duplicate: summary.duplicate,
            quarantined: summary.quarantined,
            anomalies: text(&summary.anomalies),
            turns: text(&summary.turns),
            alerts: summary.alerts,
            untold: match summary.pending {
                0 => summary.undeliverable,
                _ => waiting.count() as u64,
            },
            damages: summary.damages.iter().map(ToString::to_string).collect(),
            elapsed: summary.elapsed,
            stages: vec![
                ("source", summary.times.source),
                ("spool", summary.times.spool),
                ("stage 1", summary.times.stage_one),
                ("stage 2", summary.times.stage_two),
            ],
            planted,
            symbol: match told.last() {
                Some(entry) => Some(entry.alert.symbol.to_string()),
                None => pipeline
                    .table()
                    .scan(None, 1)?
                    .pop()
                    .map(|row| row.row.quote.symbol.to_string()),
            },
            data: self.data.path.clone(),
        })
    }
}

pub(super) fn configuration(path: Option<&Path>) -> Result<Config, Failure> {
    let Some(path) = path else { return Ok(Config::default()) };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    Config::from_toml(&text, &name).map_err(|error| Failure::usage(error.to_string()))
}

/// Those of the configuration; without any, the screen.
fn alerters(
    config: &Config,
    data: &Path,
    screen: &Screen,
) -> Result<Vec<Arc<dyn Alerter>>, Failure> {
    let console = || -> Box<dyn Write + Send> { Box::new(screen.writer()) };
    if config.alerters.is_empty() {
        let screen = ConsoleAlerter::new(console()).with_colour(screen.has_colour());
        return Ok(vec![Arc::new(screen)]);
    }
    let surroundings = Surroundings {
        variable: &|name| std::env::var(name).ok(),
        folder: data,
        console: &console,
        colour: screen.has_colour(),
    };
    config
        .alerters
        .iter()
        .map(|spec| {
            alerter::build(spec, &surroundings).map_err(|error| Failure::usage(error.to_string()))
        })
        .collect()
}

/// Keeps the progress line up to date.
async fn watch(
    screen: Screen,
    mut progress: tokio::sync::watch::Receiver<Progress>,
    total: Option<u64>,
) {
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    while screen.is_live() && progress.changed().await.is_ok() {
        tick.tick().await;
        let Progress { taken, processed, alerts } = *progress.borrow_and_update();
        let of = total.map_or_else(String::new, |total| format!(" of {}", count(total)));
        screen.progress(&format!(
            "{}{of} quotes taken, {} judged and stored, {} alerts",
            count(taken),
            count(processed),
            count(alerts)
        ));
    }
}

/// How this program was called, for commands that can be copied.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "stockflow".to_owned())
}

/// Files that cannot be replayed at all.
pub(super) fn unreplayable(error: &ReplayError) -> Failure {
    match error {
        ReplayError::Feature { path, .. } => {
            let what = format!("cannot read {}, which is Parquet", path.display());
            let features = if cfg!(feature = "aws") { "aws,query" } else { "query" };
            shell::missing(&what, features)
        }
        error => Failure::usage(with_causes(error)),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
