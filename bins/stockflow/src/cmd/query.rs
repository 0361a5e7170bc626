//! `stockflow query`: SQL over the lake, the table and the alerts.

use std::sync::Arc;

use clap::Args;
use stockflow_local::RemoteLake;
use tokio::runtime::Runtime;

use crate::{DataDir, Outcome, output::Format};

/// Ask in SQL: raw quotes, judged quotes, alerts
///
/// Tables: stock_data_table (every quote as it came, with its day as dt), judged_quotes (what was made of each quote),
/// anomalies (what was found), alerts (what was told). Read-only: DESCRIBE tells a table's columns. In a lake or in Athena
/// there is stock_data_table alone.
#[derive(Args, Debug)]
#[command(
    after_help = "Example: stockflow query \"SELECT symbol, AVG(price) FROM stock_data_table GROUP BY symbol\"\n         \
                  stockflow query --athena primary \"SELECT AVG(volume) FROM stock_data_table WHERE symbol = ?\" --param AAPL\n         \
                  stockflow query --lake s3://stock-market-data-bucket-7/lake \"SELECT COUNT(*) FROM stock_data_table WHERE dt = '2026-11-23'\""
)]
pub struct Query {
    /// One SELECT statement
    #[arg(value_name = "SQL")]
    pub sql: String,
    /// Where the data lies.
    #[command(flatten)]
    pub data: DataDir,
    /// Ask about a lake in S3, by the engine of this machine: it copies the days that the query wants
    #[arg(long, value_name = "s3://BUCKET/PREFIX", conflicts_with = "athena")]
    pub lake: Option<String>,
    /// Let Athena answer, in that workgroup
    #[arg(long, value_name = "WORKGROUP")]
    pub athena: Option<String>,
    /// Database that Athena looks in
    #[arg(long, value_name = "NAME", requires = "athena", default_value = "stock_market_catalog")]
    pub database: String,
    /// What a ? in the SQL stands for, in their order: a number, or else a text; a text of digits in double quotes
    #[arg(long = "param", value_name = "VALUE", requires = "athena")]
    pub parameters: Vec<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl Query {
    /// Answers from a lake that lies elsewhere.
    ///
    /// # Errors
    /// As the command.
    pub fn execute_over(&self, lake: Arc<dyn RemoteLake>, runtime: &Runtime) -> Outcome {
        super::engine::query_remote(self, lake, runtime)
    }

    pub(crate) fn execute(&self) -> Outcome {
        match (&self.athena, &self.lake) {
            (Some(workgroup), _) => super::cloud::athena(self, workgroup),
            (None, Some(lake)) => super::cloud::lake(self, lake),
            (None, None) => super::engine::query(self),
        }
    }
}
