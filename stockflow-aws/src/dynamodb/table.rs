//! The table of judged rows.

mod read;
mod write;

use aws_sdk_dynamodb::Client;
use stockflow_core::InvalidConfig;

use super::{BACKEND, Expiry, definition::check_name};
use crate::{Patience, error::Call};

/// Judged rows in a DynamoDB table, one item each: a [`QuoteTable`](stockflow_core::QuoteTable).
///
/// # Items
/// The key is `symbol` and `timestamp`; then the quote under the names of the wire format, as numbers in exact decimals; then, each
/// only where it says something: `late`, `quality` (names of flags), `warming_up`, `anomalies` (rule, direction, score, value,
/// threshold), `checkpoint` (time of the symbol's checkpoint before, or `first`), `arrival`, `expires_at`, and `anomaly_day`.
/// `change`, `change_percent` and `ohlc4` are there for others and not read back.
///
/// The table is made by [`QUOTES`](super::QUOTES), or by whatever makes the same.
///
/// # Delivery
/// At least once, idempotent: a row replaces the one of its key. What `put` does not report is durable. Rows go in batches of 25,
/// several side by side; what the service leaves undone or throttles is tried again until the deadline of the [`Patience`], and
/// reported by index after it. A row that can never be stored hurts only itself.
///
/// A request that was given up after a timeout is taken to have no effect later than the requests after it; the service knows no
/// fence against one that has.
///
/// # Limits
/// - A key value (a symbol) takes 1,000 write units a second; more is throttled, and waits. A row of up to 1 KB, that is with up to
///   about 8 anomalies, costs one unit; one with anomalies costs another in the index.
/// - The index spreads a day's anomalies over 8 partitions by symbol, which take 8,000 write units a second: more anomalies than that,
///   and the table's own writes are throttled, and wait.
/// - An item holds 400 KB: more than 3,000 anomalies.
/// - [`anomalies_of`](Self::anomalies_of) reads the index, which follows the table within moments, not at once.
///
/// # Retries
/// Retrying is done here, where the deadline is known. Give it a client with
/// [`RetryConfig::disabled()`](aws_sdk_dynamodb::config::retry::RetryConfig::disabled); with the SDK's own retries on top the
/// deadline still holds, but each attempt counts up to three times.
///
/// ```
/// use stockflow_aws::dynamodb::DynamoTable;
/// # fn example(config: aws_sdk_dynamodb::config::Builder) -> Result<(), stockflow_core::InvalidConfig> {
/// use aws_sdk_dynamodb::{Client, config::retry::RetryConfig};
///
/// // let config = aws_sdk_dynamodb::config::Builder::from(&aws_config::load_from_env().await);
/// let config = config.retry_config(RetryConfig::disabled()).build();
/// let table = DynamoTable::new(Client::from_conf(config), "stock-market-table")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DynamoTable {
    client: Client,
    name: String,
    resource: String,
    patience: Patience,
    batches: usize,
    expiry: Option<Expiry>,
}

impl DynamoTable {
    /// The table `name`; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`InvalidConfig`] if no table can have that name.
    pub fn new(client: Client, name: &str) -> Result<Self, InvalidConfig> {
        check_name(name)?;
        Ok(Self {
            client,
            name: name.to_owned(),
            resource: format!("table `{name}`"),
            patience: Patience::default(),
            batches: 8,
            expiry: None,
        })
    }

    /// With another deadline and other waits.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// With at most so many requests at one time (8 if nothing is said, at least 1).
    #[must_use]
    pub fn with_requests_at_once(mut self, requests: usize) -> Self {
        self.batches = requests.max(1);
        self
    }

    /// Lets rows expire; if nothing is said they are kept for ever.
    #[must_use]
    pub const fn with_expiry(mut self, expiry: Expiry) -> Self {
        self.expiry = Some(expiry);
        self
    }

    fn call(&self, operation: &'static str) -> Call<'_> {
        Call { backend: BACKEND, operation, resource: &self.resource }
    }
}
