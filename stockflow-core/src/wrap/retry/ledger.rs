//! Ledgers.

use std::time::Duration;

use async_trait::async_trait;

use super::{Retry, calls::repeat};
use crate::{
    Alert, AlertId, AlertLedger, AlertStatus, Claim, PolicyState, Result, RuleKey, Timestamp,
};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<L: AlertLedger> AlertLedger for Retry<L> {
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim> {
        repeat!(self, self.inner.claim(alert, now, lease).await)
    }

    async fn mark_sent(&self, id: &AlertId, at: Timestamp) -> Result<()> {
        repeat!(self, self.inner.mark_sent(id, at).await)
    }

    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>> {
        repeat!(self, self.inner.status(id).await)
    }

    async fn policy_states(&self, keys: &[RuleKey]) -> Result<Vec<Option<PolicyState>>> {
        repeat!(self, self.inner.policy_states(keys).await)
    }

    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool> {
        repeat!(self, self.inner.advance(key, state).await)
    }
}
