//! How far feeds were read.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use stockflow_core::{Cursor, CursorStore, ErrorKind, InvalidConfig, Result, wire::DecodeError};

use super::{
    BACKEND,
    call::retry,
    definition::check_name,
    value::{Fields, Item, text},
};
use crate::{Patience, error::Call};

/// Requests of one call that are under way together.
const AT_ONCE: usize = 8;

/// Cursors in a DynamoDB table: a [`CursorStore`] for programs whose disk does not stay, such as containers.
///
/// # Items
/// The key is `reader` and `feed`, and there is `offset`. So one table serves many programs, each under its own name, and each
/// finds what it stored itself.
///
/// The table is made by [`CURSORS`](super::CURSORS), or by whatever makes the same.
///
/// # Delivery
/// What `store` returns for is durable. A request whose answer never came may still reach the service, after later ones: then the
/// cursor is an older one of this reader, and what was read since comes again. Nothing is left out.
///
/// # Limits
/// A stored cursor of up to 1 KB costs a write unit. A feed's name has 1 to 1,024 bytes, a reader's 1 to 2,048.
///
/// Retries are as those of [`DynamoTable`](super::DynamoTable).
///
/// ```
/// use stockflow_aws::dynamodb::{CURSORS, DynamoCursors};
/// use stockflow_aws::kinesis::KinesisReader;
/// # async fn example(kinesis: aws_sdk_kinesis::Client, dynamodb: aws_sdk_dynamodb::Client) -> Result<(), Box<dyn std::error::Error>> {
/// CURSORS.create(&dynamodb, CURSORS.name).await?;
/// let cursors = DynamoCursors::new(dynamodb, CURSORS.name, "my-service")?;
/// let reader = KinesisReader::new(&kinesis, "stock-market-stream")?.going_on_from(&cursors).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DynamoCursors {
    client: Client,
    name: String,
    reader: String,
    resource: String,
    patience: Patience,
}

impl DynamoCursors {
    /// The cursors of the program called `reader` in the table `name`; nothing is asked of it yet.
    ///
    /// # Errors
    /// [`InvalidConfig`] if no table can have that name, or no reader.
    pub fn new(client: Client, name: &str, reader: &str) -> Result<Self, InvalidConfig> {
        check_name(name)?;
        if !(1..=2_048).contains(&reader.len()) {
            return Err(InvalidConfig::new("reader", reader, "1 to 2,048 bytes"));
        }
        Ok(Self {
            client,
            name: name.to_owned(),
            reader: reader.to_owned(),
            resource: format!("table `{name}`"),
            patience: Patience::default(),
        })
    }

    /// With another deadline and other waits.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    fn call(&self, operation: &'static str) -> Call<'_> {
        Call { backend: BACKEND, operation, resource: &self.resource }
    }

    async fn store_one(&self, feed: String, offset: String) -> Result<()> {
        let call = self.call("PutItem");
        retry(call, &mut self.patience.begin(), || {
            let put = self.client.put_item().table_name(&self.name);
            let put = put.item("reader", text(&self.reader)).item("feed", text(&feed));
            let put = put.item("offset", text(&offset));
            async move { put.send().await.map(drop).map_err(|error| call.failed(error)) }
        })
        .await
    }
}

fn decode(item: &Item) -> Result<Cursor, DecodeError> {
    let fields = Fields::from(item);
    Ok(Cursor { feed: fields.text("feed")?.to_owned(), offset: fields.text("offset")?.to_owned() })
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl CursorStore for DynamoCursors {
    async fn load(&self) -> Result<Vec<Cursor>> {
        let call = self.call("Query");
        let mut attempts = self.patience.begin();
        let (mut cursors, mut start) = (Vec::new(), None);
        loop {
            let page = retry(call, &mut attempts, || {
                let query = self.client.query().table_name(&self.name).consistent_read(true);
                let query = query
                    .key_condition_expression("reader = :reader")
                    .expression_attribute_values(":reader", text(&self.reader))
                    .set_exclusive_start_key(start.clone());
                async move { query.send().await.map_err(|error| call.failed(error)) }
            });
            let page = page.await?;
            for item in page.items.unwrap_or_default() {
                cursors.push(decode(&item).map_err(|error| {
                    let feed = item.get("feed").map_or("absent".into(), |feed| format!("{feed:?}"));
                    let cause = format!(
                        "the item of reader `{}` with feed {feed} in {} is no cursor of ours: {error}",
                        self.reader, self.resource
                    );
                    call.error(ErrorKind::Corrupt).with_source(cause)
                })?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(cursors);
            }
        }
    }

    async fn store(&self, cursors: &[Cursor]) -> Result<()> {
        // Of a feed, the last one counts: the others would race with it.
        let last: BTreeMap<String, String> =
            cursors.iter().cloned().map(|Cursor { feed, offset }| (feed, offset)).collect();
        let stores = last.into_iter().map(|(feed, offset)| self.store_one(feed, offset));
        stream::iter(stores).buffer_unordered(AT_ONCE).try_collect().await
    }
}
