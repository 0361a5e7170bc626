//! SQL over the lake, run by Athena.

mod answer;
mod run;
mod sql;

use aws_sdk_athena::{Client, types::QueryExecutionContext};
use aws_smithy_types::retry::RetryConfig;
use stockflow_core::{ErrorKind, InvalidConfig, Result};

pub use self::{
    answer::{AthenaAnswer, AthenaColumn, AthenaStatistics, AthenaValue},
    run::{AthenaProgress, AthenaQuery},
    sql::SqlParameter,
};
use crate::{Patience, again::again, error::Call};

const BACKEND: &str = "athena";
/// The database of the original's Glue catalog.
const DATABASE: &str = "stock_market_catalog";

/// Asks Athena, in a workgroup that says where answers are kept.
///
/// Queries only: a statement that would change something is [`Rejected`](ErrorKind::Rejected) before it is sent, as the local
/// engine does. Values of others belong into parameters (`?`), never into the text.
///
/// **Delivery.** A query is started once, also if the answer to its start was lost and it is asked for again. A query that is no longer
/// waited for is [stopped](AthenaQuery::cancel), so that it costs no more.
///
/// **Limits.** 256 KiB of SQL; Athena gives up a query after 30 minutes, unless the account has another quota. Answers come in
/// pages of 1,000 rows. Billed are the bytes scanned, at least 10 MB a query, also of one that is cancelled.
///
/// ```no_run
/// use stockflow_aws::athena::{Athena, SqlParameter};
///
/// # async fn f(client: &aws_sdk_athena::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let athena = Athena::new(client, "primary")?;
/// let sql = "SELECT AVG(volume) FROM stock_data_table WHERE symbol = ?";
/// let query = athena.start(sql, &[SqlParameter::text("AAPL")]).await?;
/// let mut answer = query.finish(|now| eprintln!("{now}")).await?;
/// while let Some(rows) = answer.next().await? {
///     println!("{rows:?}");
/// }
/// println!("{} bytes scanned", answer.statistics().scanned_bytes);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Athena {
    client: Client,
    workgroup: String,
    resource: String,
    database: String,
    patience: Patience,
}

impl Athena {
    /// Asks in that workgroup, about the database `stock_market_catalog`.
    ///
    /// The client's own retries are turned off: [`Patience`] takes their place.
    ///
    /// # Errors
    /// A workgroup has 1 to 128 of the characters `A-Z a-z 0-9 . _ -`.
    pub fn new(client: &Client, workgroup: &str) -> Result<Self, InvalidConfig> {
        sql::check_name("workgroup", workgroup, "._-", 128)?;
        let config = client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Ok(Self {
            client: Client::from_conf(config),
            workgroup: workgroup.to_owned(),
            resource: format!("workgroup `{workgroup}`"),
            database: DATABASE.to_owned(),
            patience: Patience::default(),
        })
    }

    /// Asks about another database.
    ///
    /// # Errors
    /// A database has 1 to 128 of the characters `A-Z a-z 0-9 _`.
    pub fn with_database(mut self, database: &str) -> Result<Self, InvalidConfig> {
        sql::check_name("database", database, "_", 128)?;
        database.clone_into(&mut self.database);
        Ok(self)
    }

    /// With other limits of time for each call; a query may take many of them.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Starts to answer one statement; each `?` in it stands for the parameter of that place.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] for what is no query, or not one that Athena understands; what Athena says.
    pub async fn start(&self, sql: &str, parameters: &[SqlParameter]) -> Result<AthenaQuery> {
        let call = self.call("StartQueryExecution");
        sql::check_read_only(sql)
            .map_err(|why| call.error(ErrorKind::Rejected).with_source(why))?;
        // The same for all attempts: a query whose start was asked for twice runs once.
        let token = sql::token();
        let context = QueryExecutionContext::builder().database(&self.database).build();
        let parameters: Vec<String> = parameters.iter().map(ToString::to_string).collect();
        let parameters = (!parameters.is_empty()).then_some(parameters);
        let answer = again(self.patience, call, || async {
            let request = self.client.start_query_execution();
            request
                .query_string(sql)
                .client_request_token(&token)
                .query_execution_context(context.clone())
                .work_group(&self.workgroup)
                .set_execution_parameters(parameters.clone())
                .send()
                .await
                .map_err(|error| call.failed(error))
        })
        .await?;
        let Some(id) = answer.query_execution_id else {
            return Err(call.error(ErrorKind::Unexpected).with_source("the answer has no id"));
        };
        Ok(AthenaQuery::new(self.clone(), id))
    }

    fn call(&self, operation: &'static str) -> Call<'_> {
        Call { backend: BACKEND, operation, resource: &self.resource }
    }
}
