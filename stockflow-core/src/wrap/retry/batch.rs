//! Sinks and alerters.

use async_trait::async_trait;

use super::{Retry, round::Round};
use crate::{Alert, Alerter, BatchReport, OfSymbol, Result, Sink};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T, S> Sink<T> for Retry<S>
where
    T: OfSymbol + Clone + Send + Sync,
    S: Sink<T>,
{
    async fn write(&self, batch: &[T]) -> Result<BatchReport> {
        let mut round = Round::new(batch.len());
        let mut attempts = self.attempts();
        let mut again = round.settle(self.inner.write(batch).await);
        while again && attempts.another().await {
            let next = round.next(|item, open| batch[item].symbol() == batch[open].symbol());
            let items: Vec<T> = next.iter().map(|&index| batch[index].clone()).collect();
            again = round.settle(self.inner.write(&items).await);
        }
        round.finish()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: Alerter> Alerter for Retry<A> {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        let mut round = Round::new(alerts.len());
        let mut attempts = self.attempts();
        let mut again = round.settle(self.inner.notify(alerts).await);
        while again && attempts.another().await {
            let next = round.next(|alert, open| alert == open);
            let items: Vec<Alert> = next.iter().map(|&index| alerts[index].clone()).collect();
            again = round.settle(self.inner.notify(&items).await);
        }
        round.finish()
    }
}
