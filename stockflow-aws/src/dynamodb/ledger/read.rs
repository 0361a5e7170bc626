//! Reading items by their ids, as many of them as one likes.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use stockflow_core::{ErrorKind, Result};

use super::{
    super::{
        pool::{Lanes, Sent, drain},
        value::{Item, text},
    },
    DynamoLedger,
};

/// The call that reads.
pub(super) const OPERATION: &str = "BatchGetItem";

/// Most keys that the service takes in one call, and how many calls go side by side.
const LANES: Lanes = Lanes { items: 100, batches: 4 };

impl DynamoLedger {
    /// The item of this id.
    pub(super) async fn item(&self, id: &str) -> Result<Option<Item>> {
        Ok(self.items(&[id.to_owned()]).await?.remove(id))
    }

    /// The items of these ids that are there, by id.
    pub(super) async fn items(&self, ids: &[String]) -> Result<HashMap<String, Item>> {
        let unique: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        let unique: Vec<&str> = unique.into_iter().collect();
        let send = |indices| self.some_of(&unique, indices);
        let call = self.call(OPERATION);
        let (report, found) = drain(0..unique.len(), LANES, call, self.patience, send).await?;
        report.into_result()?;
        let named = |item: Item| Some((id(&item)?.to_owned(), item));
        Ok(found.into_iter().flatten().filter_map(named).collect())
    }

    async fn some_of(&self, ids: &[&str], indices: Vec<usize>) -> Result<Sent<Vec<Item>>> {
        let call = self.call(OPERATION);
        let key = |&index: &usize| HashMap::from([("id".to_owned(), text(ids[index]))]);
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(indices.iter().map(key).collect()))
            .consistent_read(true)
            .build()
            .map_err(|error| call.error(ErrorKind::Unexpected).with_source(error))?;
        let answer = self.client.batch_get_item().request_items(&self.name, wanted).send();
        let answer = answer.await.map_err(|error| call.failed(error))?;
        let found = answer.responses.and_then(|mut items| items.remove(&self.name));
        let left = answer.unprocessed_keys.and_then(|mut left| left.remove(&self.name));
        let left: Option<BTreeSet<&str>> = left
            .as_ref()
            .map_or(Some(BTreeSet::new()), |left| left.keys.iter().map(|key| id(key)).collect());
        // What cannot be told to be answered counts as not answered.
        let is_left = |index: &usize| left.as_ref().is_none_or(|left| left.contains(ids[*index]));
        let left = indices.into_iter().filter(is_left).collect();
        Ok(Sent { left, answer: found.unwrap_or_default() })
    }
}

fn id(item: &Item) -> Option<&str> {
    item.get("id").and_then(|id| AttributeValue::as_s(id).ok()).map(String::as_str)
}
