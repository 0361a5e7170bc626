//! The ledger of alerts, in the embedded database.

pub(crate) mod list;

use std::time::Duration;

use async_trait::async_trait;
use redb::{ReadableDatabase, TableDefinition};
use stockflow_core::{
    Alert, AlertId, AlertLedger, AlertStatus, Claim, Error, ErrorKind, PolicyState, Result,
    RuleKey, Symbol, Timestamp,
};

use crate::{
    Store,
    codec::{
        alert::{decode_alert, decode_policy, encode_alert, encode_policy, policy_key},
        bytes::Malformed,
    },
    io,
    store::{
        Faults, Outbox, PendingAlert,
        schema::{ALERTS, POLICIES},
    },
};

const BACKEND: &str = "ledger";

/// Alerts and policy states in a [`Store`].
///
/// Of the callers in this process exactly one wins each change; another process cannot open the store. A mark is durable when
/// the call returns; claims and policy states are durable with the next commit (see [`Store`]). Marks that are made at
/// one time share a commit.
#[derive(Clone, Debug)]
pub struct LocalLedger {
    store: Store,
    faults: Faults,
}

/// Which alerts to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertQuery {
    /// Market time of the cause at this or later; none: from the first.
    pub since: Option<Timestamp>,
    /// Of this symbol only.
    pub symbol: Option<Symbol>,
    /// At most so many, the newest ones; none: all.
    pub limit: Option<usize>,
}

/// An alert, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEntry {
    /// What was told, or is to be told.
    pub alert: Alert,
    /// Whether it was sent.
    pub status: AlertStatus,
}

impl LocalLedger {
    /// The ledger in `store`.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        let faults = store.inner.faults().with_backend(BACKEND);
        Self { store: store.clone(), faults }
    }

    /// What is known of an id; the outbox is held by the caller, so that nobody changes it meanwhile.
    fn entry(
        &self,
        outbox: &Outbox,
        id: &AlertId,
        operation: &'static str,
    ) -> Result<Option<(Alert, AlertStatus)>> {
        let key = id.as_str().as_bytes();
        let read = |value: &[u8]| {
            let name = || format!("alert {id}");
            decode_alert(value).map_err(|error| self.faults.unreadable(operation, name)(error))
        };
        match outbox.alert(key) {
            Some(pending) => read(&pending.value).map(Some),
            None => self.get(ALERTS, key, operation)?.map(|value| read(&value)).transpose(),
        }
    }

    fn state(
        &self,
        outbox: &Outbox,
        key: &RuleKey,
        operation: &'static str,
    ) -> Result<Option<PolicyState>> {
        let bytes = policy_key(key);
        let read = |value: &[u8]| {
            let name = || format!("policy state of {} {}", key.symbol, key.rule);
            let fault = |error: Malformed| self.faults.unreadable(operation, name)(error);
            decode_policy(value).map_err(fault)
        };
        match outbox.policy(&bytes) {
            Some(value) => read(value).map(Some),
            None => self.get(POLICIES, &bytes, operation)?.map(|value| read(&value)).transpose(),
        }
    }

    fn get(
        &self,
        table: TableDefinition<'_, &'static [u8], &'static [u8]>,
        key: &[u8],
        operation: &'static str,
    ) -> Result<Option<Vec<u8>>> {
        let begun = self.store.inner.database().begin_read();
        let txn = begun.map_err(self.faults.at(operation))?;
        let table = txn.open_table(table).map_err(self.faults.at(operation))?;
        let value = table.get(key).map_err(self.faults.at(operation))?;
        Ok(value.map(|value| value.value().to_vec()))
    }
}

/// Puts an alert with its status into the outbox; the number says when it is durable.
fn note(outbox: &mut Outbox, alert: &Alert, status: AlertStatus) -> u64 {
    let id = alert.id();
    let mut value = Vec::new();
    encode_alert(alert, status, &mut value);
    let pending = PendingAlert { time_key: list::time_key(alert, &id), value };
    outbox.change(|changes| {
        changes.alerts.insert(id.as_str().as_bytes().to_vec(), pending);
    })
}

#[async_trait]
impl AlertLedger for LocalLedger {
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim> {
        let mut outbox = self.store.inner.outbox();
        match self.entry(&outbox, &alert.id(), "claim")? {
            Some((_, AlertStatus::Sent { .. })) => return Ok(Claim::Sent),
            Some((_, AlertStatus::Claimed { until })) if until > now => {
                return Ok(Claim::Held { until });
            }
            Some(_) | None => {}
        }
        let until = now.saturating_add(lease);
        note(&mut outbox, alert, AlertStatus::Claimed { until });
        Ok(Claim::Won)
    }

    async fn mark_sent(&self, id: &AlertId, at: Timestamp) -> Result<()> {
        const OPERATION: &str = "mark_sent";
        let change = {
            let mut outbox = self.store.inner.outbox();
            match self.entry(&outbox, id, OPERATION)? {
                None => {
                    return Err(Error::new(ErrorKind::NotFound, BACKEND, OPERATION)
                        .with_source(format!("alert {id} was never claimed")));
                }
                Some((_, AlertStatus::Sent { .. })) => outbox.made(),
                Some((alert, _)) => note(&mut outbox, &alert, AlertStatus::Sent { at }),
            }
        };
        let store = self.store.clone();
        io::blocking(BACKEND, OPERATION, move || store.inner.settle(change, OPERATION)).await
    }

    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>> {
        let entry = self.entry(&self.store.inner.outbox(), id, "status")?;
        Ok(entry.map(|(_, status)| status))
    }

    async fn policy_states(&self, keys: &[RuleKey]) -> Result<Vec<Option<PolicyState>>> {
        let outbox = self.store.inner.outbox();
        keys.iter().map(|key| self.state(&outbox, key, "policy_states")).collect()
    }

    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool> {
        let mut outbox = self.store.inner.outbox();
        let before = self.state(&outbox, key, "advance")?;
        if before.is_some_and(|before| before.last_input >= state.last_input) {
            return Ok(false);
        }
        let mut value = Vec::new();
        encode_policy(state, &mut value);
        outbox.change(|changes| {
            changes.policies.insert(policy_key(key), value);
        });
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
