//! Who told what: the memory that keeps alerts from being lost or told twice.

use std::{fmt, slice, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{Alert, AlertId, PolicyState, Result, RuleKey, Timestamp};

/// The ledger of alerts, and the state of the alert policy.
///
/// # Contract
/// - Every change is one conditional write: of two callers at the same time exactly one wins.
/// - `claim` of an id that nobody claimed stores the alert with a lease that ends at `now` plus `lease`, and answers
///   [`Claim::Won`]. Of an id that is marked as sent: [`Claim::Sent`]. Of one whose lease is over at `now`: the lease is renewed, and
///   the answer is [`Claim::Won`]. Otherwise [`Claim::Held`].
/// - `mark_sent` is final.
/// - `policy_states` answers in the order of `keys`, one of which may be there twice.
/// - `advance` stores `state` only if there is none of that key, or one whose `last_input` is earlier, and says whether it did.
/// - Times are passed in: a ledger reads no clock.
///
/// # Errors
/// Of the whole call; nothing was changed, or the answer was lost. All calls can be repeated.
#[async_trait]
pub trait AlertLedger: fmt::Debug + Send + Sync {
    /// Claims the right to send `alert`.
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim>;
    /// Notes that the alert of this id was sent at `at`.
    async fn mark_sent(&self, id: &AlertId, at: Timestamp) -> Result<()>;
    /// What is known of an id: `None` if it was never claimed.
    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>>;
    /// The policy's state for each of these rules of symbols: `None` where there is none yet.
    async fn policy_states(&self, keys: &[RuleKey]) -> Result<Vec<Option<PolicyState>>>;
    /// Moves the policy's state to a later input.
    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool>;
}

/// Convenience for users of an [`AlertLedger`]; there for every ledger, never implemented by hand.
pub trait AlertLedgerExt: AlertLedger {
    /// The policy's state for one rule of a symbol.
    fn policy_state(
        &self,
        key: &RuleKey,
    ) -> impl Future<Output = Result<Option<PolicyState>>> + Send {
        async move { Ok(self.policy_states(slice::from_ref(key)).await?.pop().flatten()) }
    }
}
impl<L: AlertLedger + ?Sized> AlertLedgerExt for L {}

/// Answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Claim {
    /// The caller sends.
    Won,
    /// Somebody else is sending; if he dies, the claim is free at this time.
    Held {
        /// End of his lease.
        until: Timestamp,
    },
    /// It was sent.
    Sent,
}

/// State of a claimed alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertStatus {
    /// Claimed, not marked as sent.
    Claimed {
        /// End of the lease.
        until: Timestamp,
    },
    /// Sent.
    Sent {
        /// When.
        at: Timestamp,
    },
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<L: AlertLedger + ?Sized> AlertLedger for Arc<L> {
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim> {
        (**self).claim(alert, now, lease).await
    }
    async fn mark_sent(&self, id: &AlertId, at: Timestamp) -> Result<()> {
        (**self).mark_sent(id, at).await
    }
    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>> {
        (**self).status(id).await
    }
    async fn policy_states(&self, keys: &[RuleKey]) -> Result<Vec<Option<PolicyState>>> {
        (**self).policy_states(keys).await
    }
    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool> {
        (**self).advance(key, state).await
    }
}
