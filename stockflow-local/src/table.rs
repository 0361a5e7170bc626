//! The table of judged rows, in the embedded database.

use async_trait::async_trait;
use stockflow_core::{
    BatchReport, QuoteHistory, QuoteTable, Result, RowKey, RowQuery, StoredRow, Symbol,
};

use crate::{
    Store, io,
    store::{BACKEND, Batch},
};

/// Rows by symbol and market time in a [`Store`].
///
/// A `put` is one commit: all of its rows are durable when it returns, or none. Its checkpoint rows are told in the store's
/// feed in the same step.
///
/// ```
/// use stockflow_core::{QuoteHistory as _, RowQuery, Symbol};
/// use stockflow_local::{LocalTable, Store};
///
/// # let folder = tempfile::tempdir()?;
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let store = Store::open(folder.path())?;
/// let table = LocalTable::new(&store);
/// let rows = table.rows(RowQuery::latest("AAPL".parse()?, 20)).await?;
/// assert!(rows.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct LocalTable {
    store: Store,
}

impl LocalTable {
    /// The table in `store`.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        Self { store: store.clone() }
    }

    /// At most `limit` rows after `after`, of all symbols, in the order of their keys; none: that was all.
    ///
    /// # Errors
    /// As for any read.
    pub fn scan(&self, after: Option<RowKey>, limit: usize) -> Result<Vec<StoredRow>> {
        self.store.inner.page(after, limit)
    }

    async fn write(&self, batch: Batch, only_absent: bool) -> Result<BatchReport> {
        let store = self.store.clone();
        io::blocking(BACKEND, "put", move || store.inner.put(batch, only_absent)).await?;
        Ok(BatchReport::complete())
    }
}

#[async_trait]
impl QuoteHistory for LocalTable {
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>> {
        self.store.inner.rows(&query)
    }
}

#[async_trait]
impl QuoteTable for LocalTable {
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        self.store.inner.newest(symbols)
    }

    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        self.store.inner.contains(keys)
    }

    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        self.write(Batch::new(rows, false), false).await
    }

    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        self.write(Batch::new(rows, true), true).await
    }
}
