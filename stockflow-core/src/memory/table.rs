//! Rows in memory.

use std::sync::Mutex;

use async_trait::async_trait;
use hashbrown::HashMap;

use super::lock;
use crate::{
    BatchReport, QuoteHistory, QuoteTable, Result, RowKey, RowQuery, StoredRow, Symbol, Timestamp,
};

/// A [`QuoteTable`] in memory, with a change feed for stage 2.
///
/// ```
/// use stockflow_core::{QuoteHistory, RowQuery, memory::MemoryTable};
///
/// # async fn example() -> stockflow_core::Result<()> {
/// let table = MemoryTable::new();
/// let symbol = "AAPL".parse().expect("a legal symbol");
/// assert_eq!(table.rows(RowQuery::latest(symbol, 20)).await?, []);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct MemoryTable {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// By market time, ascending, each time once.
    rows: HashMap<Symbol, Vec<StoredRow>>,
    checkpoints: Vec<StoredRow>,
}

impl MemoryTable {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every row, by symbol and market time.
    #[must_use]
    pub fn snapshot(&self) -> Vec<StoredRow> {
        let inner = lock(&self.inner);
        let mut symbols: Vec<_> = inner.rows.iter().collect();
        symbols.sort_unstable_by_key(|(symbol, _)| **symbol);
        symbols.into_iter().flat_map(|(_, rows)| rows).cloned().collect()
    }

    /// The checkpoint rows that were written since the last call, in the order of writing: the change feed of stage 2.
    ///
    /// They are kept until they are taken.
    #[must_use]
    pub fn take_checkpoints(&self) -> Vec<StoredRow> {
        std::mem::take(&mut lock(&self.inner).checkpoints)
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.inner).rows.values().map(Vec::len).sum()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        lock(&self.inner).rows.is_empty()
    }
}

impl Inner {
    fn of(&self, symbol: &Symbol) -> &[StoredRow] {
        self.rows.get(symbol).map_or(&[], Vec::as_slice)
    }

    fn store(&mut self, row: &StoredRow, replace: bool) {
        let RowKey { symbol, timestamp } = row.row.key();
        let rows = self.rows.entry(symbol).or_default();
        if rows.last().is_none_or(|last| time(last) < timestamp) {
            rows.push(row.clone());
        } else {
            match rows.binary_search_by_key(&timestamp, time) {
                Ok(at) if replace => rows[at] = row.clone(),
                Ok(_) => return,
                Err(at) => rows.insert(at, row.clone()),
            }
        }
        if row.checkpoint.is_some() {
            self.checkpoints.push(row.clone());
        }
    }
}

const fn time(row: &StoredRow) -> Timestamp {
    row.row.quote.timestamp
}

#[async_trait]
impl QuoteHistory for MemoryTable {
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>> {
        let inner = lock(&self.inner);
        let rows = inner.of(&query.symbol);
        let end = rows.partition_point(|row| time(row) <= query.up_to);
        let start =
            query.after.map_or(0, |after| rows.partition_point(|row| time(row) <= after)).min(end);
        let start = query.limit.map_or(start, |limit| start.max(end.saturating_sub(limit)));
        Ok(rows[start..end].to_vec())
    }
}

#[async_trait]
impl QuoteTable for MemoryTable {
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        let inner = lock(&self.inner);
        Ok(symbols.iter().map(|symbol| inner.of(symbol).last().cloned()).collect())
    }

    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        let inner = lock(&self.inner);
        let there =
            |key: &RowKey| inner.of(&key.symbol).binary_search_by_key(&key.timestamp, time).is_ok();
        Ok(keys.iter().map(there).collect())
    }

    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        let mut inner = lock(&self.inner);
        rows.iter().for_each(|row| inner.store(row, true));
        Ok(BatchReport::complete())
    }

    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        let mut inner = lock(&self.inner);
        rows.iter().for_each(|row| inner.store(row, false));
        Ok(BatchReport::complete())
    }
}
