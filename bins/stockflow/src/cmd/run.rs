//! `stockflow run`: the pipeline, on a simulated market or on recorded quotes.

mod report;
mod screen;
mod signals;
mod speed;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use stockflow_core::Symbol;

use crate::DataDir;
pub use speed::Speed;

/// Run the pipeline on a simulated market, or on recorded quotes
///
/// Without --replay, a trading day of about 20 symbols is simulated, with events planted in it that should be found.
/// A second run on the same data goes on where the first ended. Ctrl-C stops cleanly; nothing that was read is lost.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  stockflow run\n  stockflow run --replay quotes.csv.gz --symbols IBM,SPY --data ./ibm-spy"
)]
pub struct Run {
    /// Recorded quotes instead of the simulated market: CSV, NDJSON (plain, .gz or .zst) or a lake folder; several are
    /// merged in market-time order
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub replay: Vec<PathBuf>,
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
        Err(crate::Failure::failed("run waits for its backend"))
    }
}
