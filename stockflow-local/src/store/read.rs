//! Rows of the table and those that wait, as one.

use std::{collections::BTreeMap, ops::Bound};

use stockflow_core::{Result, RowKey, RowQuery, StoredRow, Timestamp};

use super::{fault::Faults, recent::Recent, schema::ReadTable};
use crate::codec::{
    self,
    bytes::Malformed,
    key::{key_bytes, read_key},
};

/// Rows that wait and that the query asks for, ascending.
pub(super) fn waiting(
    recent: &Recent,
    query: &RowQuery,
    faults: &Faults,
) -> Result<Vec<StoredRow>> {
    let Some(waiting) = recent.symbols.get(&query.symbol) else { return Ok(Vec::new()) };
    let range = waiting.range(query.after, query.up_to);
    let most = query.limit.unwrap_or(usize::MAX);
    let mut rows = Vec::with_capacity(range.size_hint().0.min(most));
    for (timestamp, value) in range.rev() {
        if query.limit.is_some_and(|limit| rows.len() >= limit) {
            break;
        }
        rows.push(row(RowKey { symbol: query.symbol, timestamp }, value, "rows", faults)?);
    }
    rows.reverse();
    Ok(rows)
}

/// Rows of the table that the query asks for, ascending.
pub(super) fn stored(
    table: &ReadTable,
    query: &RowQuery,
    faults: &Faults,
) -> Result<Vec<StoredRow>> {
    if query.after.is_some_and(|after| after >= query.up_to) {
        return Ok(Vec::new());
    }
    let low = query.after.map(|after| key_bytes(query.symbol, after));
    // A symbol's first key is its text and a zero; no key of another symbol starts like that.
    let first = key_bytes(query.symbol, Timestamp::MIN);
    let low = low.as_deref().map_or(Bound::Included(first.as_slice()), Bound::Excluded);
    let high = key_bytes(query.symbol, query.up_to);
    let range = (low, Bound::Included(high.as_slice()));
    let mut rows = Vec::new();
    for entry in table.range::<&[u8]>(range).map_err(faults.at("rows"))?.rev() {
        if query.limit.is_some_and(|limit| rows.len() >= limit) {
            break;
        }
        let (key, value) = entry.map_err(faults.at("rows"))?;
        rows.push(entry_row(key.value(), value.value(), "rows", faults)?);
    }
    rows.reverse();
    Ok(rows)
}

/// One ascending list of two; where both have a time, the one that waited is the newer writing.
pub(super) fn merge(
    stored: Vec<StoredRow>,
    waiting: Vec<StoredRow>,
    limit: Option<usize>,
) -> Vec<StoredRow> {
    if waiting.is_empty() {
        return stored;
    }
    let apart = match (stored.last(), waiting.first()) {
        (Some(last), Some(first)) => last.row.quote.timestamp < first.row.quote.timestamp,
        _ => true,
    };
    let mut rows = stored;
    if apart {
        rows.extend(waiting);
    } else {
        let all: BTreeMap<RowKey, StoredRow> =
            rows.into_iter().chain(waiting).map(|row| (row.row.key(), row)).collect();
        rows = all.into_values().collect();
    }
    if let Some(limit) = limit {
        rows.drain(..rows.len().saturating_sub(limit));
    }
    rows
}

/// At most `limit` rows after `after`, of all symbols, in the order of their keys.
pub(super) fn page(
    table: &ReadTable,
    recent: &Recent,
    after: Option<RowKey>,
    limit: usize,
    faults: &Faults,
) -> Result<Vec<StoredRow>> {
    const OPERATION: &str = "scan";
    let low = after.map(|key| key_bytes(key.symbol, key.timestamp));
    let low = low.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    let range = table.range::<&[u8]>((low, Bound::Unbounded)).map_err(faults.at(OPERATION))?;
    let mut rows: BTreeMap<RowKey, StoredRow> = BTreeMap::new();
    for entry in range.take(limit) {
        let (key, value) = entry.map_err(faults.at(OPERATION))?;
        let row = entry_row(key.value(), value.value(), OPERATION, faults)?;
        rows.insert(row.row.key(), row);
    }
    // Beyond the last row of a full page, the table has rows that have not been read.
    let end = if rows.len() < limit { None } else { rows.keys().next_back().copied() };
    let mut count = 0;
    let start = after.map_or(Bound::Unbounded, |key| Bound::Included(key.symbol));
    'symbols: for (symbol, waiting) in recent.symbols.range((start, Bound::Unbounded)) {
        let from = after.filter(|key| key.symbol == *symbol).map(|key| key.timestamp);
        for (timestamp, value) in waiting.range(from, Timestamp::MAX) {
            let key = RowKey { symbol: *symbol, timestamp };
            if end.is_some_and(|end| key > end) || count == limit {
                break 'symbols;
            }
            count += 1;
            rows.insert(key, row(key, value, OPERATION, faults)?);
        }
    }
    Ok(rows.into_values().take(limit).collect())
}

pub(super) fn row(
    key: RowKey,
    value: &[u8],
    operation: &'static str,
    faults: &Faults,
) -> Result<StoredRow> {
    codec::decode_row(key, value).map_err(faults.unreadable(operation, || describe(&key)))
}

fn entry_row(
    key: &[u8],
    value: &[u8],
    operation: &'static str,
    faults: &Faults,
) -> Result<StoredRow> {
    let name = || format!("key {}", String::from_utf8_lossy(key).escape_debug());
    let key =
        read_key(key).map_err(|error: Malformed| faults.unreadable(operation, name)(error))?;
    row(key, value, operation, faults)
}

fn describe(key: &RowKey) -> String {
    format!("row {} {}", key.symbol, key.timestamp)
}

pub(super) fn contains(
    table: &ReadTable,
    recent: &Recent,
    key: &RowKey,
    faults: &Faults,
) -> Result<bool> {
    if recent.symbols.get(&key.symbol).is_some_and(|waiting| waiting.contains(key.timestamp)) {
        return Ok(true);
    }
    is_stored(table, key, "contains", faults)
}

/// Whether the table itself has a row of that key.
pub(super) fn is_stored(
    table: &ReadTable,
    key: &RowKey,
    operation: &'static str,
    faults: &Faults,
) -> Result<bool> {
    let bytes = key_bytes(key.symbol, key.timestamp);
    Ok(table.get(bytes.as_slice()).map_err(faults.at(operation))?.is_some())
}
