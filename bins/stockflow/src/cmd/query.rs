//! `stockflow query`: SQL over the lake, the table and the alerts.

use clap::Args;

use crate::{DataDir, Outcome, output::Format};

/// Ask in SQL: raw quotes, judged quotes, alerts
///
/// Tables: stock_data_table (every quote as it came, with its day as dt), judged_quotes (what was made of each quote),
/// alerts (what was told). Read-only.
#[derive(Args, Debug)]
#[command(
    after_help = "Example: stockflow query \"SELECT symbol, AVG(price) FROM stock_data_table GROUP BY symbol\""
)]
pub struct Query {
    /// One SELECT statement
    #[arg(value_name = "SQL")]
    pub sql: String,
    /// Where the data lies.
    #[command(flatten)]
    pub data: DataDir,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl Query {
    pub(crate) fn execute(&self) -> Outcome {
        super::engine::query(self)
    }
}
