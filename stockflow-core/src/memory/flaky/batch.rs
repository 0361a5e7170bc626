//! Calls with items that can fail by themselves.

use async_trait::async_trait;

use super::Flaky;
use crate::{
    Alert, Alerter, BatchReport, ItemFailure, QuoteTable, Result, RowKey, Sink, StoredRow, Symbol,
};

/// Hands those items to `$call` that pass.
macro_rules! sifted {
    ($flaky:expr, $operation:literal, $batch:expr, |$items:ident| $call:expr) => {{
        $flaky.reach($operation)?;
        let (passed, mut failures) = $flaky.sift($operation, $batch.len());
        let kept: Vec<_> = passed.iter().map(|&index| $batch[index].clone()).collect();
        let $items = kept.as_slice();
        let report: BatchReport = $call?;
        failures.extend(
            report.into_failures().into_iter().map(|f| ItemFailure { index: passed[f.index], ..f }),
        );
        $flaky.answer($operation, BatchReport::partial(failures))
    }};
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Clone + Send + Sync, S: Sink<T>> Sink<T> for Flaky<S> {
    async fn write(&self, batch: &[T]) -> Result<BatchReport> {
        sifted!(self, "write", batch, |items| self.inner.write(items).await)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: Alerter> Alerter for Flaky<A> {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        sifted!(self, "notify", alerts, |items| self.inner.notify(items).await)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: QuoteTable> QuoteTable for Flaky<T> {
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        self.reach("newest")?;
        self.answer("newest", self.inner.newest(symbols).await?)
    }

    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        self.reach("contains")?;
        self.answer("contains", self.inner.contains(keys).await?)
    }

    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        sifted!(self, "put", rows, |items| self.inner.put(items).await)
    }

    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        sifted!(self, "put_absent", rows, |items| self.inner.put_absent(items).await)
    }
}
