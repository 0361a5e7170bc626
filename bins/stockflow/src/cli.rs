//! What can be typed.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::{Failure, Outcome, cmd};

/// Real-time stock-market analytics on one machine.
///
/// Quotes come in, are judged for anomalies, stored, archived and watched for trends, and you are told.
#[derive(Debug, Parser)]
#[command(
    name = "stockflow",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 success, 1 failure, 2 wrong usage or configuration.\n\
                  Nothing here is investment advice.\n\n\
                  Example: stockflow run && stockflow alerts"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, one file each.
#[derive(Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Run the pipeline on a simulated market, or on recorded quotes
    Run(cmd::run::Run),
    /// Ask in SQL: raw quotes, judged quotes, alerts
    Query(cmd::query::Query),
    /// Say what would have been told of recorded quotes
    Backtest(cmd::backtest::Test),
    /// Score the detectors on events planted into days of quotes
    BenchDetectors(cmd::bench::Bench),
    /// Choose thresholds for a budget of alerts
    Tune(cmd::tune::Tune),
    /// Show the newest judged quotes of a symbol
    Latest(cmd::latest::Latest),
    /// Show the alerts that were raised
    Alerts(cmd::alerts::Alerts),
    /// List the detectors with their parameters
    Detectors(cmd::detectors::Detectors),
    /// Pack raw quotes of past days into sorted Parquet
    Compact(cmd::compact::Compact),
    /// Score detectors on the Numenta Anomaly Benchmark
    Nab(cmd::nab::Nab),
    /// Tell what a month on AWS costs, beside the original's design
    Cost(cmd::cost::Cost),
    /// Check a set-up from outside, and tell what to do
    Doctor(cmd::doctor::Doctor),
    /// Show the quotes of a Kinesis stream, as they come
    Tail(cmd::tail::Tail),
    /// Send what was quarantined or given up through stage 1 again, after a fix
    Redrive(cmd::redrive::Redrive),
}

impl Command {
    pub(crate) fn execute(self) -> Outcome {
        match self {
            Self::Run(command) => command.execute(),
            Self::Query(command) => command.execute(),
            Self::Backtest(command) => command.execute(),
            Self::BenchDetectors(command) => command.execute(),
            Self::Tune(command) => command.execute(),
            Self::Latest(command) => command.execute(),
            Self::Alerts(command) => command.execute(),
            Self::Detectors(command) => command.execute(),
            Self::Compact(command) => command.execute(),
            Self::Nab(command) => command.execute(),
            Self::Cost(command) => command.execute(),
            Self::Doctor(command) => command.execute(),
            Self::Tail(command) => command.execute(),
            Self::Redrive(command) => command.execute(),
        }
    }
}

/// Where the data lies.
#[derive(Args, Clone, Debug)]
pub struct DataDir {
    /// Folder of the data
    #[arg(
        long = "data",
        value_name = "DIR",
        default_value = "./stockflow-data",
        env = "STOCKFLOW_DATA"
    )]
    pub path: PathBuf,
}

impl DataDir {
    /// The folder, if a run has left data in it.
    ///
    /// # Errors
    /// [`Failure::Usage`] if there is none.
    pub fn existing(&self) -> Result<&Path, Failure> {
        if self.path.join("stockflow.redb").is_file() || self.path.join("lake").is_dir() {
            return Ok(&self.path);
        }
        Err(Failure::usage(format!(
            "no data in {}; make some with `stockflow run`, or name the folder with --data",
            self.path.display()
        )))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_helps_with_an_example() {
        for command in Cli::command().get_subcommands_mut() {
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "{}: {help}", command.get_name());
        }
    }

    #[test]
    fn the_commands_are_those_of_the_manual() {
        let names: Vec<String> =
            Cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
        assert_eq!(
            names,
            [
                "run",
                "query",
                "backtest",
                "bench-detectors",
                "tune",
                "latest",
                "alerts",
                "detectors",
                "compact",
                "nab",
                "cost",
                "doctor",
                "tail",
                "redrive",
            ]
        );
    }
}
