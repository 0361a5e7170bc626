//! Where items go.

use std::{fmt, future::Future, sync::Arc};

use async_trait::async_trait;

use crate::{BatchReport, Result};

/// Takes items of type `T`: quotes into a stream, rows into somebody's own store.
///
/// # Contract
/// - `write` splits `batch` to the backend's limits by itself.
/// - `Err`: the call failed as a whole, and no item may be taken as written.
/// - `Ok`: each index that is absent from the report is durable.
/// - Delivery is at least once: an item that is written again may appear again (a stream) or replace itself (a keyed
///   store). Each backend says which.
/// - Items of one symbol keep their order.
///
/// # Errors
/// Of the whole call, or of an item in the report. Retryable ones may be sent again as they are.
///
/// # Implementing
/// ```
/// use async_trait::async_trait;
/// use stockflow_core::{BatchReport, Result, Row, Sink};
///
/// /// Prints every row that is anomalous.
/// #[derive(Debug)]
/// struct Print;
///
/// #[async_trait]
/// impl Sink<Row> for Print {
///     async fn write(&self, batch: &[Row]) -> Result<BatchReport> {
///         for row in batch.iter().filter(|row| !row.anomalies().is_empty()) {
///             println!("{} {}", row.quote.symbol, row.quote.price);
///         }
///         Ok(BatchReport::complete())
///     }
/// }
/// ```
#[async_trait]
pub trait Sink<T: Sync>: fmt::Debug + Send + Sync {
    /// Writes `batch`.
    async fn write(&self, batch: &[T]) -> Result<BatchReport>;
}

/// Convenience for users of a [`Sink`]; there for every sink, never implemented by hand.
pub trait SinkExt<T: Sync>: Sink<T> {
    /// Writes and fails on the first refused item.
    fn write_all(&self, batch: &[T]) -> impl Future<Output = Result<()>> + Send {
        async move { self.write(batch).await?.into_result() }
    }
}
impl<T: Sync, S: Sink<T> + ?Sized> SinkExt<T> for S {}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Sync, S: Sink<T> + ?Sized> Sink<T> for Arc<S> {
    async fn write(&self, batch: &[T]) -> Result<BatchReport> {
        (**self).write(batch).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Sync, S: Sink<T> + ?Sized> Sink<T> for Box<S> {
    async fn write(&self, batch: &[T]) -> Result<BatchReport> {
        (**self).write(batch).await
    }
}
