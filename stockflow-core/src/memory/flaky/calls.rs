//! Calls that fail as a whole.

use std::time::Duration;

use async_trait::async_trait;

use super::Flaky;
use crate::{
    Alert, AlertId, AlertLedger, AlertStatus, Archive, Claim, Object, PolicyState, QuoteHistory,
    QuoteSource, Result, RowQuery, RuleKey, SourceBatch, StoredRow, Timestamp,
};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: Archive> Archive for Flaky<A> {
    async fn put(&self, object: Object) -> Result<()> {
        self.reach("put")?;
        self.inner.put(object).await?;
        self.answer("put", ())
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<H: QuoteHistory> QuoteHistory for Flaky<H> {
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>> {
        self.reach("rows")?;
        self.answer("rows", self.inner.rows(query).await?)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<L: AlertLedger> AlertLedger for Flaky<L> {
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim> {
        self.reach("claim")?;
        self.answer("claim", self.inner.claim(alert, now, lease).await?)
    }

    async fn mark_sent(&self, id: &AlertId, at: Timestamp) -> Result<()> {
        self.reach("mark_sent")?;
        self.inner.mark_sent(id, at).await?;
        self.answer("mark_sent", ())
    }

    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>> {
        self.reach("status")?;
        self.answer("status", self.inner.status(id).await?)
    }

    async fn policy_states(&self, keys: &[RuleKey]) -> Result<Vec<Option<PolicyState>>> {
        self.reach("policy_states")?;
        self.answer("policy_states", self.inner.policy_states(keys).await?)
    }

    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool> {
        self.reach("advance")?;
        self.answer("advance", self.inner.advance(key, state).await?)
    }
}

/// A source never loses an answer: by contract an error costs no quote.
#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: QuoteSource + Sync> QuoteSource for Flaky<S> {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        self.reach("next_batch")?;
        self.inner.next_batch().await
    }
}
