//! Reading rows.

use std::{collections::HashSet, time::Duration};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use stockflow_core::{
    BatchReport, Date, Error, ErrorKind, QuoteHistory, QuoteTable, Result, RowKey, RowQuery,
    StoredRow, Symbol, Timestamp,
};

use super::{
    super::{
        ANOMALIES,
        call::retry,
        pool::{Lanes, Sent, drain},
        row::{self, DAY_PARTS},
        value::{Fields, Item, text},
    },
    DynamoTable,
};

/// Most keys that the service takes in one `BatchGetItem`.
const MOST_KEYS: usize = 100;

/// A page of a query.
struct Page {
    rows: Vec<StoredRow>,
    next: Option<Item>,
}

impl DynamoTable {
    /// The rows of a UTC day of market time that have anomalies, in the order of market time, then of symbols.
    ///
    /// They come from the index, without a scan, eventually consistent: a row that was written a moment ago may be missing.
    ///
    /// # Errors
    /// As [`QuoteHistory::rows`].
    pub async fn anomalies_of(&self, day: Date) -> Result<Vec<StoredRow>> {
        let parts = (0..DAY_PARTS).map(|part| self.anomalies_in(row::day_part(day, part)));
        let parts: Vec<_> = stream::iter(parts).buffered(DAY_PARTS as usize).try_collect().await?;
        let mut rows: Vec<StoredRow> = parts.into_iter().flatten().collect();
        rows.sort_unstable_by_key(|row| (row.row.quote.timestamp, row.row.quote.symbol));
        Ok(rows)
    }

    async fn anomalies_in(&self, part: String) -> Result<Vec<StoredRow>> {
        let mut attempts = self.patience.begin();
        let (mut rows, mut start) = (Vec::new(), None);
        loop {
            let page = retry(self.call("Query"), &mut attempts, || async {
                let query = self.client.query().table_name(&self.name).index_name(ANOMALIES.name);
                let query = query
                    .key_condition_expression("anomaly_day = :part")
                    .expression_attribute_values(":part", text(&part))
                    .set_exclusive_start_key(start.clone());
                let answer = query.send().await.map_err(|e| self.call("Query").failed(e))?;
                self.page(answer.items.unwrap_or_default(), answer.last_evaluated_key)
            });
            let page = page.await?;
            rows.extend(page.rows);
            start = page.next;
            if start.is_none() {
                return Ok(rows);
            }
        }
    }

    fn page(&self, items: Vec<Item>, next: Option<Item>) -> Result<Page> {
        let rows = items.iter().map(|item| self.decode(item)).collect::<Result<_>>()?;
        Ok(Page { rows, next })
    }

    fn decode(&self, item: &Item) -> Result<StoredRow> {
        row::decode(&Fields::from(item)).map_err(|error| {
            let key = |name| item.get(name).map_or("absent".into(), |v| format!("{v:?}"));
            let cause = format!(
                "the item with symbol {} and timestamp {} in {} is no row of ours: {error}",
                key("symbol"),
                key("timestamp"),
                self.resource,
            );
            Error::new(ErrorKind::Corrupt, super::BACKEND, "Query").with_source(cause)
        })
    }

    /// The newest of the rows from `from` to `up_to`, both inclusive, or all of them.
    async fn query(
        &self,
        symbol: Symbol,
        bounds: (Timestamp, Timestamp),
        limit: Option<usize>,
    ) -> Result<Vec<StoredRow>> {
        let mut attempts = self.patience.begin();
        let (mut rows, mut start) = (Vec::new(), None);
        let left = |rows: &Vec<StoredRow>| limit.map(|limit| limit.saturating_sub(rows.len()));
        while left(&rows) != Some(0) {
            let most = left(&rows);
            let page = retry(self.call("Query"), &mut attempts, || {
                self.query_page(symbol, bounds, most, start.clone())
            });
            let page = page.await?;
            rows.extend(page.rows);
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        if limit.is_some() {
            rows.reverse();
        }
        Ok(rows)
    }

    /// A page of rows: at most `limit` from the newest down, or from the oldest up.
    async fn query_page(
        &self,
        symbol: Symbol,
        (from, up_to): (Timestamp, Timestamp),
        limit: Option<usize>,
        start: Option<Item>,
    ) -> Result<Page> {
        let query = self.client.query().table_name(&self.name).consistent_read(true);
        let query = query
            .key_condition_expression("symbol = :symbol AND #time BETWEEN :from AND :to")
            .expression_attribute_names("#time", "timestamp")
            .expression_attribute_values(":symbol", text(symbol.as_str()))
            .expression_attribute_values(":from", text(from.to_string()))
            .expression_attribute_values(":to", text(up_to.to_string()))
            .scan_index_forward(limit.is_none())
            .set_limit(limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(start);
        let answer = query.send().await.map_err(|error| self.call("Query").failed(error))?;
        self.page(answer.items.unwrap_or_default(), answer.last_evaluated_key)
    }

    /// The newest row of each of these symbols, with its index.
    async fn newest_of(
        &self,
        symbols: &[Symbol],
        indices: Vec<usize>,
    ) -> Result<Sent<Vec<(usize, StoredRow)>>> {
        let mut newest = Vec::with_capacity(indices.len());
        for index in indices {
            let all = (Timestamp::MIN, Timestamp::MAX);
            let page = self.query_page(symbols[index], all, Some(1), None).await?;
            newest.extend(page.rows.into_iter().map(|row| (index, row)));
        }
        Ok(Sent { left: Vec::new(), answer: newest })
    }

    async fn keys_there(&self, keys: &[RowKey], indices: Vec<usize>) -> Result<Sent<Vec<RowKey>>> {
        let call = self.call("BatchGetItem");
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(indices.iter().map(|&index| row::key(&keys[index])).collect()))
            .consistent_read(true)
            .projection_expression("symbol, #time")
            .expression_attribute_names("#time", "timestamp")
            .build()
            .map_err(|error| call.error(ErrorKind::Unexpected).with_source(error))?;
        let answer = self.client.batch_get_item().request_items(&self.name, wanted).send();
        let answer = answer.await.map_err(|error| call.failed(error))?;
        let found = answer.responses.and_then(|mut items| items.remove(&self.name));
        let found = found.unwrap_or_default().iter().filter_map(row::key_of).collect();
        let left = answer.unprocessed_keys.and_then(|mut left| left.remove(&self.name));
        let left: Option<Vec<RowKey>> =
            left.map_or(Some(Vec::new()), |left| left.keys.iter().map(row::key_of).collect());
        // What cannot be told to be answered counts as not answered.
        let is_left = |key| left.as_ref().is_none_or(|left| left.contains(key));
        let left = indices.into_iter().filter(|&index| is_left(&keys[index])).collect();
        Ok(Sent { left, answer: found })
    }
}

#[async_trait]
impl QuoteHistory for DynamoTable {
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>> {
        // Keys are whole microseconds, and a key condition has bounds that are inclusive.
        const TICK: Duration = Duration::from_micros(1);
        let from = query.after.map_or(Timestamp::MIN, |after| after.saturating_add(TICK));
        if from > query.up_to || query.after == Some(Timestamp::MAX) {
            return Ok(Vec::new());
        }
        self.query(query.symbol, (from, query.up_to), query.limit).await
    }
}

#[async_trait]
impl QuoteTable for DynamoTable {
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        let lanes = Lanes { items: 1, batches: self.batches };
        let send = |indices| self.newest_of(symbols, indices);
        let call = self.call("Query");
        let (report, found) = drain(0..symbols.len(), lanes, call, self.patience, send).await?;
        report.into_result()?;
        let mut newest = vec![None; symbols.len()];
        for (index, row) in found.into_iter().flatten() {
            newest[index] = Some(row);
        }
        Ok(newest)
    }

    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        let unique: HashSet<RowKey> = keys.iter().copied().collect();
        let unique: Vec<RowKey> = unique.into_iter().collect();
        let lanes = Lanes { items: MOST_KEYS, batches: self.batches };
        let send = |indices| self.keys_there(&unique, indices);
        let call = self.call("BatchGetItem");
        let (report, found) = drain(0..unique.len(), lanes, call, self.patience, send).await?;
        report.into_result()?;
        let found: HashSet<RowKey> = found.into_iter().flatten().collect();
        Ok(keys.iter().map(|key| found.contains(key)).collect())
    }

    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        self.put_all(rows).await
    }

    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        self.put_all_absent(rows).await
    }
}
