//! What can be typed; each flag has a variable, and most have a key in the file.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::Parser;
use stockflow_core::Symbol;

use crate::{FeedKind, RecordForm};

/// Puts the quotes of a feed on a Kinesis stream.
///
/// What was read is kept in a spool on disk until the stream has it: whatever is killed, nothing is lost. A feed that ends (a replay, a
/// simulated market) ends the program when everything is sent; SIGTERM and Ctrl-C stop it cleanly.
#[derive(Debug, Default, Parser)]
#[command(
    name = "stockflow-producer",
    version,
    after_help = "Flags win over variables, and variables over the file.\n\
                  Region, credentials and endpoint are found as every tool of AWS finds them: AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL, …\n\
                  Exit codes: 0 success, 1 failure, 2 wrong usage or configuration.\n\n\
                  Examples:\n  stockflow-producer --feed yahoo --symbols AAPL,MSFT --stream stock-market-stream\n  \
                  stockflow-producer --feed yahoo-stream --symbols AAPL,MSFT --stream stock-market-stream\n  \
                  stockflow-producer --replay quotes.csv.gz --stream stock-market-stream\n  \
                  stockflow-producer --feed yahoo --symbols AAPL --once --dry-run"
)]
pub struct Cli {
    /// Settings, in TOML
    #[arg(long, value_name = "FILE", env = "STOCKFLOW_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where quotes come from
    #[arg(long, value_enum, env = "STOCKFLOW_FEED")]
    pub feed: Option<FeedKind>,
    /// Whose quotes, separated by commas
    #[arg(long, value_name = "A,B", value_delimiter = ',', env = "STOCKFLOW_SYMBOLS")]
    pub symbols: Vec<Symbol>,
    /// Name of the Kinesis stream
    #[arg(long, value_name = "NAME", env = "STOCKFLOW_STREAM")]
    pub stream: Option<String>,
    /// What a record of the stream holds
    #[arg(long, value_enum, env = "STOCKFLOW_RECORDS")]
    pub records: Option<RecordForm>,
    /// Folder of the spool
    #[arg(long, value_name = "DIR", env = "STOCKFLOW_SPOOL")]
    pub spool: Option<PathBuf>,
    /// Most bytes that wait in the spool; when it is full, the feed waits
    #[arg(long, value_name = "BYTES", env = "STOCKFLOW_SPOOL_BYTES")]
    pub spool_bytes: Option<u64>,
    /// Recorded quotes (implies the feed replay): CSV, NDJSON (plain, .gz or .zst) or a lake folder
    #[arg(long, value_name = "FILE", num_args = 1.., value_delimiter = ',', env = "STOCKFLOW_REPLAY")]
    pub replay: Vec<PathBuf>,
    /// How many times as fast as the market's clock a replay or simulation goes; without, as fast as the stream takes it
    #[arg(long, value_name = "TIMES", env = "STOCKFLOW_SPEED")]
    pub speed: Option<u32>,
    /// Of the simulated market: the same seed gives the same day
    #[arg(long, value_name = "N", env = "STOCKFLOW_SEED")]
    pub seed: Option<u64>,
    /// Of Yahoo, when it is polled: seconds from one poll of a symbol to the next
    #[arg(long, value_name = "SECONDS", env = "STOCKFLOW_INTERVAL", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub interval: Option<u32>,
    /// Asks another host in place of Yahoo's
    #[arg(long, value_name = "URL", env = "STOCKFLOW_YAHOO_URL", hide = true)]
    pub yahoo_url: Option<String>,
    /// Listens to another host in place of Yahoo's stream
    #[arg(long, value_name = "URL", env = "STOCKFLOW_YAHOO_STREAM_URL", hide = true)]
    pub yahoo_stream_url: Option<String>,
    /// Where to answer health checks: a port, which is one of the loopback interface, or an address with a port
    #[arg(long, value_name = "PORT", env = "STOCKFLOW_HEALTH")]
    pub health: Option<String>,
    /// Takes one batch of the feed (of Yahoo: each symbol once), sends it, and ends; not for yahoo-stream
    #[arg(long)]
    pub once: bool,
    /// Prints quotes to standard output instead of sending them; stores nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Asks the producer that answers health checks at --health how it is: exit code 0 if it is well; for containers
    #[arg(long)]
    pub check_health: bool,
    /// Most quotes in a batch of the feed, for tests: small ones give many steps out of few quotes
    #[arg(long, value_name = "N", hide = true)]
    pub batch_records: Option<NonZeroUsize>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
