//! A ledger in memory.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use hashbrown::{HashMap, hash_map::Entry};

use super::lock;
use crate::{
    Alert, AlertId, AlertLedger, AlertStatus, Claim, Error, ErrorKind, PolicyState, Result,
    RuleKey, Timestamp,
};

const BACKEND: &str = "memory ledger";

/// An [`AlertLedger`] in memory.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// In the order of the first claims.
    alerts: Vec<(Alert, AlertStatus)>,
    index: HashMap<AlertId, usize>,
    states: HashMap<RuleKey, PolicyState>,
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every alert that was ever claimed, with its status, in the order of the first claims.
    #[must_use]
    pub fn alerts(&self) -> Vec<(Alert, AlertStatus)> {
        lock(&self.inner).alerts.clone()
    }

    /// The alerts that are marked as sent, in the order of the first claims.
    #[must_use]
    pub fn sent(&self) -> Vec<Alert> {
        let sent = |(alert, status): &(Alert, AlertStatus)| {
            matches!(status, AlertStatus::Sent { .. }).then(|| alert.clone())
        };
        lock(&self.inner).alerts.iter().filter_map(sent).collect()
    }
}

#[async_trait]
impl AlertLedger for MemoryLedger {
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim> {
        let mut inner = lock(&self.inner);
        let Inner { alerts, index, .. } = &mut *inner;
        let until = now.saturating_add(lease);
        match index.entry(alert.id()) {
            Entry::Vacant(entry) => {
                entry.insert(alerts.len());
                alerts.push((alert.clone(), AlertStatus::Claimed { until }));
                Ok(Claim::Won)
            }
            Entry::Occupied(entry) => {
                let (_, status) = &mut alerts[*entry.get()];
                match *status {
                    AlertStatus::Sent { .. } => Ok(Claim::Sent),
                    AlertStatus::Claimed { until } if until > now => Ok(Claim::Held { until }),
                    AlertStatus::Claimed { .. } => {
                        *status = AlertStatus::Claimed { until };
                        Ok(Claim::Won)
                    }
                }
            }
        }
    }

    async fn mark_sent(&self, id: &AlertId, at: Timestamp) -> Result<()> {
        let mut inner = lock(&self.inner);
        let Inner { alerts, index, .. } = &mut *inner;
        let slot = index.get(id).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, BACKEND, "mark_sent")
                .with_source(format!("alert {id} was never claimed"))
        })?;
        let (_, status) = &mut alerts[*slot];
        if matches!(status, AlertStatus::Claimed { .. }) {
            *status = AlertStatus::Sent { at };
        }
        Ok(())
    }

    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>> {
        let inner = lock(&self.inner);
        Ok(inner.index.get(id).map(|&slot| inner.alerts[slot].1))
    }

    async fn policy_states(&self, keys: &[RuleKey]) -> Result<Vec<Option<PolicyState>>> {
        let inner = lock(&self.inner);
        Ok(keys.iter().map(|key| inner.states.get(key).copied()).collect())
    }

    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool> {
        let mut inner = lock(&self.inner);
        if inner.states.get(key).is_some_and(|stored| stored.last_input >= state.last_input) {
            return Ok(false);
        }
        inner.states.insert(key.clone(), *state);
        Ok(true)
    }
}
