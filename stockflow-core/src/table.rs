//! Reading and writing judged rows.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{BatchReport, Result, RowKey, StoredRow, Symbol, Timestamp};

/// Which rows of one symbol to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowQuery {
    /// Whose.
    pub symbol: Symbol,
    /// Newest market time, inclusive.
    pub up_to: Timestamp,
    /// Oldest market time, exclusive; none: from the first row.
    pub after: Option<Timestamp>,
    /// At most so many, the newest ones; none: all.
    pub limit: Option<usize>,
}

impl RowQuery {
    /// The newest `limit` rows of `symbol` up to `up_to`, inclusive.
    #[must_use]
    pub const fn up_to(symbol: Symbol, up_to: Timestamp, limit: usize) -> Self {
        Self { symbol, up_to, after: None, limit: Some(limit) }
    }

    /// The newest `limit` rows of `symbol`.
    #[must_use]
    pub const fn latest(symbol: Symbol, limit: usize) -> Self {
        Self::up_to(symbol, Timestamp::MAX, limit)
    }

    /// All rows of `symbol` after `after` (exclusive) up to `up_to` (inclusive).
    #[must_use]
    pub const fn between(symbol: Symbol, after: Timestamp, up_to: Timestamp) -> Self {
        Self { symbol, up_to, after: Some(after), limit: None }
    }
}

/// Reads rows back.
///
/// # Contract
/// - Reads are consistent: a row whose write returned is seen.
/// - Rows come in ascending market time, late ones too, each once. A `limit` keeps the newest.
/// - Everything that the query asks for is there: a backend pages by itself.
///
/// # Errors
/// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) for a row that cannot be read; it is never left out silently.
#[async_trait]
pub trait QuoteHistory: fmt::Debug + Send + Sync {
    /// The rows that `query` asks for.
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>>;
}

/// The table of judged rows: one row per symbol and market time.
///
/// # Contract
/// - `put` replaces the row of the same key; a row whose index is absent from the report is durable.
/// - `put_absent` stores a row only if there is none of its key, in one step. An existing row is left as it is, and is no failure.
/// - Rows of one call may become visible in any order; calls in a row are ordered.
///
/// # Errors
/// As [`Sink`](crate::Sink): of the whole call, or of an item in the report.
#[async_trait]
pub trait QuoteTable: QuoteHistory {
    /// The newest row of each symbol, late ones too, in the order of `symbols`.
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>>;
    /// Whether there is a row of each key, in the order of `keys`.
    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>>;
    /// Stores rows, replacing those of the same keys.
    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport>;
    /// Stores those rows whose key is not there yet.
    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<H: QuoteHistory + ?Sized> QuoteHistory for Arc<H> {
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>> {
        (**self).rows(query).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: QuoteTable + ?Sized> QuoteTable for Arc<T> {
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        (**self).newest(symbols).await
    }
    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        (**self).contains(keys).await
    }
    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        (**self).put(rows).await
    }
    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        (**self).put_absent(rows).await
    }
}
