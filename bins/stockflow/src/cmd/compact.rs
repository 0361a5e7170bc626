//! `stockflow compact`: raw objects of a day into sorted Parquet.

use clap::Args;
use stockflow_core::Date;

use crate::{DataDir, Outcome};

/// Pack raw quotes of past days into sorted Parquet
///
/// Queries and replays see each record once, before, during and after. Can be repeated, and interrupted anywhere.
#[derive(Args, Debug)]
#[command(after_help = "Example: stockflow compact --dt 2026-11-23")]
pub struct Compact {
    /// Where the data lies.
    #[command(flatten)]
    pub data: DataDir,
    /// Day (UTC) such as 2026-11-23; all days if absent
    #[arg(long, value_name = "DAY", value_parser = super::parse::day)]
    pub dt: Option<Date>,
}

impl Compact {
    pub(crate) fn execute(&self) -> Outcome {
        super::engine::compact(self)
    }
}
