//! `stockflow tail`: quotes on the stream, as they come.

use clap::{Args, ValueEnum};
use stockflow_core::{Symbol, Timestamp};

use super::parse;
use crate::Outcome;

/// Show the quotes of a Kinesis stream, as they come
///
/// Reads beside all other readers and changes nothing. A shard answers five requests a second, to all its readers together. Ctrl-C ends it.
#[derive(Args, Debug)]
#[command(after_help = "Example: stockflow tail --symbol AAPL\n         \
                        stockflow tail --since 2026-11-23T14:30:00Z --format json -n 1000 > quotes.ndjson")]
pub struct Tail {
    /// The stream
    #[arg(long, value_name = "NAME", default_value = "stock-market-stream")]
    pub stream: String,
    /// Begin with what arrived at that time or day, instead of with what comes from now on
    #[arg(long, value_name = "TIME", value_parser = parse::time)]
    pub since: Option<Timestamp>,
    /// Of this symbol only
    #[arg(long)]
    pub symbol: Option<Symbol>,
    /// End after so many quotes
    #[arg(short = 'n', long = "number", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub number: Option<u64>,
    /// End when all that there is was read
    #[arg(long, requires = "since")]
    pub to_the_tip: bool,
    /// Form of the quotes
    #[arg(long, value_enum, default_value_t)]
    pub format: TailFormat,
}

/// Form of quotes that are printed as they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TailFormat {
    /// Aligned columns, for reading
    #[default]
    Table,
    /// A JSON object a line, in the wire format: what `stockflow run --replay` reads
    Json,
}

impl Tail {
    pub(crate) fn execute(&self) -> Outcome {
        super::cloud::tail(self)
    }
}
