//! `stockflow backtest`: what would have been told.

mod print;

use std::{
    io,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Args;
use stockflow_core::{QuoteSource, Symbol, config::Config};
use stockflow_local::{
    Replay, ReplayOptions,
    backtest::{self, Backtest, Comparison},
};

use super::run::{configuration, count, screen::Screen, unreplayable};
use crate::{
    Failure, Outcome, fail,
    output::{self, Format},
};

/// Quotes at once.
const BATCH: usize = 8_192;

/// Say what would have been told of recorded quotes: both stages over history, without side effects
///
/// Counts alerts by symbol, day and rule. Nothing is stored, archived or sent; alerters of the configuration are left alone.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    stockflow backtest quotes.csv.gz --report report.html\n  \
    stockflow backtest quotes.csv.gz --config new.toml --each --format csv\n  \
    stockflow backtest quotes.csv.gz --config old.toml --compare new.toml")]
#[command(name = "backtest")]
pub struct Test {
    /// Recorded quotes: CSV, NDJSON (plain, .gz or .zst), Parquet (in a build with the feature query) or a lake folder;
    /// several are merged in market-time order
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// Only these symbols, separated by commas
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub symbols: Vec<Symbol>,
    /// Rules and policies, in TOML; without it the default set
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Show instead which alerts appear (+) and vanish (-) under this other configuration; `default` is the default set
    #[arg(long, value_name = "FILE", conflicts_with_all = ["report", "each"])]
    pub compare: Option<PathBuf>,
    /// Write a page with charts and tables, which opens without a network
    #[arg(long, value_name = "HTML")]
    pub report: Option<PathBuf>,
    /// A line for each alert instead of counts
    #[arg(long)]
    pub each: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl Test {
    pub(crate) fn execute(&self) -> Outcome {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(self.work())
    }

    async fn work(&self) -> Outcome {
        let config = configuration(self.config.as_deref())?;
        let mut tests = vec![Backtest::new(&config.rules())];
        if let Some(other) = &self.compare {
            let other = other_configuration(other)?;
            if self.symbols.is_empty() && other.symbols != config.symbols {
                let text =
                    "the two configurations name different symbols; say which with --symbols";
                return Err(Failure::usage(text));
            }
            tests.push(Backtest::new(&other.rules()));
        }
        if self.report.is_some() {
            tests = tests.into_iter().map(Backtest::with_charts).collect();
        }
        let symbols =
            if self.symbols.is_empty() { config.symbols } else { Some(self.symbols.clone()) };
        let source = replay(&self.files, symbols)?;
        read(source, &mut tests).await?;
        self.answer(&tests)
    }

    fn answer(&self, tests: &[Backtest]) -> Outcome {
        let [first, others @ ..] = tests else { return Ok(()) };
        let out = io::BufWriter::new(io::stdout().lock());
        match others {
            [second] => {
                let comparison = Comparison::of(first.alerts(), second.alerts());
                self.print_comparison(out, &comparison)?;
            }
            _ if self.each => {
                print::alerts(out, self.format, first.alerts(), output::terminal_width())?;
            }
            _ => print::days(out, self.format, &first.tally().rows(), output::terminal_width())?,
        }
        if let Some(path) = &self.report {
            let page = backtest::page(first, &self.title());
            std::fs::write(path, page)
                .map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
            fail::note(format_args!("report in {}", path.display()));
        }
        Ok(())
    }

    fn print_comparison(&self, mut out: impl io::Write, comparison: &Comparison) -> io::Result<()> {
        if self.format != Format::Table {
            return print::changes(out, self.format, &comparison.changes);
        }
        let first = self.config.as_deref().map_or("default".into(), |path| path.to_string_lossy());
        let second = self.compare.as_deref().map_or("default".into(), Path::to_string_lossy);
        write!(out, "--- {first}\n+++ {second}\n{comparison}")?;
        out.flush()
    }

    /// What was judged by which rules.
    fn title(&self) -> String {
        let files: Vec<_> = self.files.iter().map(|path| path.to_string_lossy()).collect();
        let rules = self
            .config
            .as_deref()
            .map_or("the default rules".into(), |path| format!("the rules of {}", path.display()));
        format!("{}, judged by {rules}", files.join(", "))
    }
}

fn other_configuration(path: &Path) -> Result<Config, Failure> {
    configuration(Some(path).filter(|path| *path != Path::new("default")))
}

/// Recorded quotes from their start.
pub(super) fn replay(
    files: &[PathBuf],
    symbols: Option<Vec<Symbol>>,
) -> Result<Box<dyn QuoteSource>, Failure> {
    let replay = Replay::open(files, ReplayOptions { symbols, batch: BATCH }, &[])
        .map_err(|error| unreplayable(&error))?;
    Ok(Box::new(replay))
}

/// Reads to the end, and says on standard error how far it is and what it came to.
async fn read(source: Box<dyn QuoteSource>, tests: &mut [Backtest]) -> Outcome {
    let (screen, started) = (Screen::stderr(), Instant::now());
    let mut drawn = Instant::now();
    let outcome = backtest::run(source, tests, |quotes| {
        if screen.is_live() && drawn.elapsed().as_millis() >= 100 {
            drawn = Instant::now();
            screen.progress(&format!("{} quotes judged", count(quotes)));
        }
    });
    let outcome = outcome.await;
    screen.progress("");
    outcome?;
    for test in tests.iter() {
        screen.line(&summary(test, started));
    }
    Ok(())
}

fn summary(test: &Backtest, started: Instant) -> String {
    let (tally, seconds) = (test.tally(), started.elapsed().as_secs_f64());
    let mut text = format!(
        "{} quotes of {} symbols on {} days in {seconds:.2} s: {} alerts, {:.2} per symbol and day",
        count(tally.quotes()),
        tally.symbols().count(),
        tally.days().len(),
        count(test.alerts().len() as u64),
        tally.alert_rate(),
    );
    for (number, what) in [
        (tally.late_quotes(), "late or repeated, not judged"),
        (tally.unreadable, "lines that are no quotes, left out"),
    ] {
        if number > 0 {
            text += &format!("; {} {what}", count(number));
        }
    }
    text
}
