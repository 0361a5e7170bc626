//! Writing rows.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use stockflow_core::{BatchReport, ErrorKind, Result, RowKey, StoredRow};

use super::{
    super::{
        pool::{Lanes, Sent, drain},
        row,
    },
    DynamoTable,
};

/// Most items that the service takes in one `BatchWriteItem`.
const MOST: usize = 25;

impl DynamoTable {
    pub(super) async fn put_all(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        let lanes = Lanes { items: MOST, batches: self.batches };
        let mut failures = Vec::new();
        for layer in layers(rows) {
            let call = self.call("BatchWriteItem");
            let send = |indices| self.put_batch(rows, indices);
            let (report, _) = drain(layer, lanes, call, self.patience, send).await?;
            failures.extend(report.into_failures());
        }
        Ok(BatchReport::partial(failures))
    }

    pub(super) async fn put_all_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        let lanes = Lanes { items: 1, batches: self.batches };
        let mut failures = Vec::new();
        for layer in layers(rows) {
            let call = self.call("PutItem");
            let send = |indices| self.put_each_absent(rows, indices);
            let (report, _) = drain(layer, lanes, call, self.patience, send).await?;
            failures.extend(report.into_failures());
        }
        Ok(BatchReport::partial(failures))
    }

    async fn put_batch(&self, rows: &[StoredRow], indices: Vec<usize>) -> Result<Sent<()>> {
        let call = self.call("BatchWriteItem");
        let put = |&index: &usize| {
            let item = row::encode(&rows[index], self.expiry.as_ref());
            let put = PutRequest::builder().set_item(Some(item)).build();
            put.map(|put| WriteRequest::builder().put_request(put).build())
        };
        let requests = indices.iter().map(put).collect::<Result<Vec<_>, _>>();
        let requests = requests.map_err(|e| call.error(ErrorKind::Unexpected).with_source(e))?;
        let answer = self.client.batch_write_item().request_items(&self.name, requests).send();
        let answer = answer.await.map_err(|error| call.failed(error))?;
        let left = answer.unprocessed_items.and_then(|mut left| left.remove(&self.name));
        let left = left.unwrap_or_default();
        if left.is_empty() {
            return Ok(Sent { left: Vec::new(), answer: () });
        }
        let index: HashMap<RowKey, usize> =
            indices.iter().map(|&index| (rows[index].row.key(), index)).collect();
        let index_of = |request: WriteRequest| {
            let item = request.put_request?.item;
            index.get(&row::key_of(&item)?).copied()
        };
        // What cannot be told to be done counts as not done.
        let known: Option<Vec<usize>> = left.into_iter().map(index_of).collect();
        Ok(Sent { left: known.unwrap_or(indices), answer: () })
    }

    async fn put_each_absent(&self, rows: &[StoredRow], indices: Vec<usize>) -> Result<Sent<()>> {
        let call = self.call("PutItem");
        for index in indices {
            let item = row::encode(&rows[index], self.expiry.as_ref());
            let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
            match put.condition_expression("attribute_not_exists(symbol)").send().await {
                Ok(_) => {}
                // It is there: somebody else's, or ours of an attempt whose answer was lost.
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(|e| e.is_conditional_check_failed_exception()) => {}
                Err(error) => return Err(call.failed(error)),
            }
        }
        Ok(Sent { left: Vec::new(), answer: () })
    }
}

/// Indices of `rows` in layers, one after the other to be written, each key once in a layer: the service takes no key twice in a
/// batch, and of two rows of one key the later one counts.
fn layers(rows: &[StoredRow]) -> Vec<Vec<usize>> {
    let mut seen: BTreeMap<RowKey, usize> = BTreeMap::new();
    let mut layers: Vec<Vec<usize>> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let depth = seen.entry(row.row.key()).or_default();
        if *depth == layers.len() {
            layers.push(Vec::new());
        }
        layers[*depth].push(index);
        *depth += 1;
    }
    layers
}
