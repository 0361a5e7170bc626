//! `stockflow cost`: the bill of a month, before there is one.

mod bill;
mod load;
mod measured;
mod original;
mod ours;
mod print;
mod saving;
#[cfg(all(test, feature = "full"))]
mod units;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use stockflow_aws::prices::Prices;

pub use self::load::Hours;
use self::{load::Load, ours::Plan, print::Estimate};
use crate::{Failure, Outcome, output::Format};

/// Tell what a month on AWS costs, beside the original's design
///
/// From list prices and the billed units per quote that were measured (docs/cost.md has the calculation). Needs no account and no network.
#[derive(Args, Debug)]
#[command(after_help = "Example: stockflow cost --symbols 500 --interval 30\n         \
                  stockflow cost --symbols 10000 --interval 1 --mode on-demand --hours always --format json")]
pub struct Cost {
    /// How many symbols
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub symbols: u32,
    /// Seconds from one quote of a symbol to its next
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub interval: f64,
    /// How our stream is paid for
    #[arg(long, value_enum, default_value_t)]
    pub mode: Mode,
    /// When there are quotes
    #[arg(long, value_enum, default_value_t)]
    pub hours: Hours,
    /// Prices of another region or contract, in the form of stockflow-aws/prices/us-east-1.toml
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Form of the answer; as JSON, one object
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// How a stream is paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// By the hour of each shard and by records
    #[default]
    Provisioned,
    /// By the hour of the stream and by bytes
    OnDemand,
}

impl Cost {
    pub(crate) fn execute(&self) -> Outcome {
        let prices = self.prices()?;
        let load = Load::new(self.symbols, self.interval, self.hours);
        let plan = Plan { mode: self.mode, ..Plan::default() };
        let estimate = Estimate {
            load,
            mode: self.mode,
            ours: ours::bill(&load, &plan, &prices),
            original: original::bill(&load, &prices),
            savings: saving::savings(&load, &plan, &prices),
            prices,
        };
        estimate.print(self.format)?;
        Ok(())
    }

    fn prices(&self) -> Result<Prices, Failure> {
        let Some(path) = &self.prices else { return Ok(Prices::us_east_1()) };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        Prices::from_toml(&text)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
    }
}

/// From a millisecond to a day.
fn seconds(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('s').unwrap_or(text).parse::<f64>().ok();
    number
        .filter(|seconds| (0.001..=86_400.0).contains(seconds))
        .ok_or_else(|| "not a number of seconds from 0.001 to 86400, such as 30".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_seconds() {
        assert_eq!(seconds("30"), Ok(30.0));
        assert_eq!(seconds("0.5s"), Ok(0.5));
        for text in ["", "s", "0", "-1", "NaN", "inf", "1m", "100000"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
