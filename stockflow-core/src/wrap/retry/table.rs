//! Tables.

use async_trait::async_trait;

use super::{Retry, calls::repeat, round::Round};
use crate::{BatchReport, QuoteTable, Result, RowKey, StoredRow, Symbol};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: QuoteTable> QuoteTable for Retry<T> {
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        repeat!(self, self.inner.newest(symbols).await)
    }

    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        repeat!(self, self.inner.contains(keys).await)
    }

    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        let mut round = Round::new(rows.len());
        let mut attempts = self.attempts();
        let mut again = round.settle(self.inner.put(rows).await);
        while again && attempts.another().await {
            let items = pick(rows, &mut round);
            again = round.settle(self.inner.put(&items).await);
        }
        round.finish()
    }

    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        let mut round = Round::new(rows.len());
        let mut attempts = self.attempts();
        let mut again = round.settle(self.inner.put_absent(rows).await);
        while again && attempts.another().await {
            let items = pick(rows, &mut round);
            again = round.settle(self.inner.put_absent(&items).await);
        }
        round.finish()
    }
}

fn pick(rows: &[StoredRow], round: &mut Round) -> Vec<StoredRow> {
    round.next(|row, open| row == open).iter().map(|&index| rows[index].clone()).collect()
}
