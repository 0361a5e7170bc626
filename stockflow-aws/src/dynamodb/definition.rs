//! The tables, as code and templates have to make them.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    error::BuildError,
    operation::create_table::builders::CreateTableFluentBuilder,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
        TableStatus, TimeToLiveSpecification,
    },
};
use stockflow_core::{ErrorKind, InvalidConfig, Result};

use super::{BACKEND, call::retry};
use crate::{Patience, error::Call};

/// How a table is made. All keys are strings, billing is on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableDefinition {
    /// Its usual name.
    pub name: &'static str,
    /// Attribute that items are spread by.
    pub partition_key: &'static str,
    /// Attribute that they are sorted by, if any.
    pub sort_key: Option<&'static str>,
    /// Its global secondary indexes; they hold all attributes.
    pub indexes: &'static [IndexDefinition],
    /// Whether it has a stream, of new images.
    pub stream: bool,
    /// Attribute with the time (seconds since 1970) after which the service may delete an item.
    pub expires_at: Option<&'static str>,
}

/// How an index is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexDefinition {
    /// Its name.
    pub name: &'static str,
    /// Attribute that items are spread by; items without it are not in the index.
    pub partition_key: &'static str,
    /// Attribute that they are sorted by.
    pub sort_key: &'static str,
}

/// The table of judged rows.
pub const QUOTES: TableDefinition = TableDefinition {
    name: "stock-market-table",
    partition_key: "symbol",
    sort_key: Some("timestamp"),
    indexes: &[ANOMALIES],
    stream: true,
    expires_at: Some("expires_at"),
};

/// The index of rows with anomalies, by day.
pub(super) const ANOMALIES: IndexDefinition = IndexDefinition {
    name: "anomalies-by-day",
    partition_key: "anomaly_day",
    sort_key: "timestamp",
};

/// The ledger.
pub const ALERTS: TableDefinition = TableDefinition {
    name: "stock-market-alerts",
    partition_key: "id",
    sort_key: None,
    indexes: &[ALERT_DAYS],
    stream: false,
    expires_at: None,
};

/// How far feeds were read, by programs that read a stream by themselves.
pub const CURSORS: TableDefinition = TableDefinition {
    name: "stock-market-cursors",
    partition_key: "reader",
    sort_key: Some("feed"),
    indexes: &[],
    stream: false,
    expires_at: None,
};

/// The index of alerts, by day.
pub(super) const ALERT_DAYS: IndexDefinition =
    IndexDefinition { name: "alerts-by-day", partition_key: "day", sort_key: "time" };

/// Between two looks at a table that is being made.
const LOOK: Duration = Duration::from_millis(500);

impl TableDefinition {
    /// Makes a table of this kind under the name `name`, and waits until it can be used. A table of that name that is there
    /// already is left as it is.
    ///
    /// # Errors
    /// As the service says, and [`ErrorKind::Unavailable`] if the table is not ready after two minutes.
    pub async fn create(&self, client: &Client, name: &str) -> Result<()> {
        let resource = format!("table `{name}`");
        let call = |operation| Call { backend: BACKEND, operation, resource: &resource };
        let built = self.describe(client.create_table().table_name(name));
        let request =
            built.map_err(|e| call("CreateTable").error(ErrorKind::Rejected).with_source(e))?;
        let patience = Patience::default().with_deadline(Duration::from_secs(120));
        let mut attempts = patience.begin();
        let created = retry(call("CreateTable"), &mut attempts, || async {
            match request.clone().send().await {
                Ok(_) => Ok(true),
                Err(e)
                    if e.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) =>
                {
                    Ok(false)
                }
                Err(error) => Err(call("CreateTable").failed(error)),
            }
        });
        let created = created.await?;
        retry(call("DescribeTable"), &mut attempts, || async {
            let answer = client.describe_table().table_name(name).send().await;
            let table = answer.map_err(|error| call("DescribeTable").failed(error))?.table;
            if table.and_then(|table| table.table_status) == Some(TableStatus::Active) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
            Err(call("DescribeTable").error(ErrorKind::Unavailable).with_source("it is being made"))
        })
        .await?;
        let Some(attribute) = self.expires_at.filter(|_| created) else { return Ok(()) };
        let rule = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute);
        let rule = rule.build();
        let rule =
            rule.map_err(|e| call("UpdateTimeToLive").error(ErrorKind::Rejected).with_source(e))?;
        retry(call("UpdateTimeToLive"), &mut attempts, || async {
            let update = client.update_time_to_live().table_name(name);
            let answer = update.time_to_live_specification(rule.clone()).send().await;
            answer.map(drop).map_err(|error| call("UpdateTimeToLive").failed(error))
        })
        .await
    }

    fn describe(
        &self,
        request: CreateTableFluentBuilder,
    ) -> Result<CreateTableFluentBuilder, BuildError> {
        let mut keys = vec![self.partition_key];
        keys.extend(self.sort_key);
        keys.extend(self.indexes.iter().flat_map(|index| [index.partition_key, index.sort_key]));
        keys.sort_unstable();
        keys.dedup();
        let attributes = keys.into_iter().map(|name| {
            let kind = ScalarAttributeType::S;
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
        });
        let indexes = self.indexes.iter().map(|index| {
            GlobalSecondaryIndex::builder()
                .index_name(index.name)
                .set_key_schema(Some(schema(index.partition_key, Some(index.sort_key))?))
                .projection(Projection::builder().projection_type(ProjectionType::All).build())
                .build()
        });
        let mut request = request
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(attributes.collect::<Result<_, _>>()?))
            .set_key_schema(Some(schema(self.partition_key, self.sort_key)?))
            .set_global_secondary_indexes(Some(indexes.collect::<Result<_, _>>()?));
        if self.stream {
            let images = StreamSpecification::builder().stream_enabled(true);
            request = request
                .stream_specification(images.stream_view_type(StreamViewType::NewImage).build()?);
        }
        Ok(request)
    }
}

fn schema(partition: &str, sort: Option<&str>) -> Result<Vec<KeySchemaElement>, BuildError> {
    let key = |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let sort = sort.map(|sort| key(sort, KeyType::Range));
    std::iter::once(key(partition, KeyType::Hash)).chain(sort).collect()
}

/// Whether a table can have that name.
pub(super) fn check_name(name: &str) -> Result<(), InvalidConfig> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if (3..=255).contains(&name.len()) && name.bytes().all(legal) {
        return Ok(());
    }
    Err(InvalidConfig::new("table", name, "3 to 255 letters, digits, `_`, `-` and `.`"))
}
