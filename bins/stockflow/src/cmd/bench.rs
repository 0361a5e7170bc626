//! `stockflow bench-detectors`: how good the detection is.

mod print;

use std::{io, path::PathBuf};

use clap::{Args, ValueEnum};
use stockflow_core::{
    QuoteSource, Rules, Severity, anomaly, params::Values, rule_from_entry, trend,
};
use stockflow_local::{
    SimulatedMarket, SimulatedOptions,
    bench::{self, BenchOptions, Cost, MarketBench, Scores},
};

use super::{
    backtest::replay,
    run::{configuration, count, screen::Screen},
};
use crate::{
    Outcome,
    output::{self, Format},
};

/// Quotes over which time is measured.
const TIMED: usize = 200_000;

/// Score every detector, and the rules as a whole, on events that are planted into days of quotes
///
/// Sizes of moves are in local standard deviations: of the hour before for quotes a minute apart. What is told of the days as
/// they are counts as false. Nothing is stored or sent.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    stockflow bench-detectors quotes.csv.gz\n  \
    stockflow bench-detectors quotes.csv.gz --days rest --seed 2 --config mine.toml --format csv")]
pub struct Bench {
    /// Recorded quotes, as for backtest; without any, simulated days
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where events are planted, and which way: the same seed, the same places
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Events of each kind and size on each day of a symbol
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub places: u16,
    /// Only some of the days: those on which parameters are chosen, or the others
    #[arg(long, value_enum, default_value_t)]
    pub days: Days,
    /// Rules as a whole, in TOML; without it the default set
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Leave out single detectors
    #[arg(long)]
    pub whole: bool,
    /// Leave out time and memory, which differ from run to run
    #[arg(long)]
    pub no_cost: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Which days of the quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Days {
    /// Every day
    #[default]
    All,
    /// The first half
    First,
    /// The second half
    Rest,
}

impl From<Days> for bench::Part {
    fn from(days: Days) -> Self {
        match days {
            Days::All => Self::All,
            Days::First => Self::First,
            Days::Rest => Self::Rest,
        }
    }
}

/// A detector, or the rules as a whole, with what it came to.
pub(super) struct Result {
    pub(super) name: String,
    pub(super) scores: Scores,
    pub(super) cost: Option<Cost>,
}

impl Bench {
    pub(crate) fn execute(&self) -> Outcome {
        let sets = self.sets()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let options =
            BenchOptions { seed: self.seed, places: self.places.into(), part: self.days.into() };
        let screen = Screen::stderr();
        screen.progress("reading quotes");
        let bench = runtime.block_on(MarketBench::read(self.source()?, options))?;
        let longest = bench.quotes().max_by_key(|quotes| quotes.len()).unwrap_or_default();
        let quotes = &longest[..longest.len().min(TIMED)];
        let mut costs = Vec::new();
        if !self.no_cost {
            let rules: Vec<Rules> = sets.iter().map(|(_, rules)| rules.clone()).collect();
            costs = bench::costs(&rules, quotes, &resident);
        }
        let mut results = Vec::new();
        for (number, (name, rules)) in sets.iter().enumerate() {
            screen.progress(&format!("{name}, {} of {}", number + 1, sets.len()));
            let (name, scores) = (name.clone(), bench.score(rules));
            results.push(Result { name, scores, cost: costs.get(number).copied() });
        }
        screen.progress("");
        let total: usize = bench.quotes().map(<[_]>::len).sum();
        screen.line(&format!(
            "{} quotes, {} days of symbols, seed {}",
            count(total as u64),
            bench.symbol_days(),
            self.seed
        ));
        let out = io::BufWriter::new(io::stdout().lock());
        match self.format {
            Format::Table => print::tables(out, &results, output::terminal_width())?,
            format => print::flat(out, format, &results)?,
        }
        Ok(())
    }

    fn source(&self) -> std::result::Result<Box<dyn QuoteSource>, crate::Failure> {
        if !self.files.is_empty() {
            return replay(&self.files, None);
        }
        let options = SimulatedOptions { events: 0, days: 2, ..SimulatedOptions::default() };
        Ok(Box::new(SimulatedMarket::new(self.seed, options, &[])?))
    }

    /// The rules as a whole, then each detector by itself with its default parameters.
    fn sets(&self) -> std::result::Result<Vec<(String, Rules)>, crate::Failure> {
        let name = self
            .config
            .as_ref()
            .map_or_else(|| "default rules".to_owned(), |path| path.display().to_string());
        let mut sets = vec![(name, configuration(self.config.as_deref())?.rules())];
        if self.whole {
            return Ok(sets);
        }
        // A finding of whatever severity counts.
        let alone = || Rules { least_severity: Severity::Info, ..Rules::empty() };
        for entry in anomaly::DETECTORS {
            // One that needs a parameter without a default can find nothing by itself.
            if let Ok(rule) = rule_from_entry(entry, Values::defaults(entry.params)) {
                sets.push((entry.name.to_owned(), alone().with_anomaly(rule)));
            }
        }
        for entry in trend::DETECTORS {
            if let Ok(rule) = rule_from_entry(entry, Values::defaults(entry.params)) {
                sets.push((entry.name.to_owned(), alone().with_trend(rule)));
            }
        }
        Ok(sets)
    }
}

/// Bytes of memory that this process has; none where the system does not tell as Linux does.
fn resident() -> Option<u64> {
    /// Of a page, on all that Linux runs on where this matters.
    const PAGE: u64 = 4_096;
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split(' ').nth(1)?.parse::<u64>().ok().map(|pages| pages * PAGE)
}
