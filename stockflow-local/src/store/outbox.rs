//! Small changes that are durable with the next commit, in the order in which they were made.
//!
//! They can wait because a crash that loses them loses the acknowledgement of what caused them too: it comes again.

use std::collections::HashMap;

/// Changes that are not durable yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// Number of the last entry of the feed that was acknowledged.
    pub(crate) acked: Option<u64>,
    /// Alerts by id, with the key that lists them by time.
    pub(crate) alerts: HashMap<Vec<u8>, PendingAlert>,
    /// Policy states by key.
    pub(crate) policies: HashMap<Vec<u8>, Vec<u8>>,
}

/// An alert that is not durable yet.
#[derive(Clone, Debug)]
pub(crate) struct PendingAlert {
    pub(crate) time_key: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.acked.is_none() && self.alerts.is_empty() && self.policies.is_empty()
    }

    fn absorb(&mut self, later: Self) {
        self.acked = self.acked.max(later.acked);
        self.alerts.extend(later.alerts);
        self.policies.extend(later.policies);
    }
}

/// Changes since the last commit, and those of the commit that is under way.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    fresh: Changes,
    under_way: Changes,
    /// How often something was changed, and how much of that is durable.
    made: u64,
    durable: u64,
    sealed: u64,
}

impl Outbox {
    /// Makes a change; the number says when it is durable.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Changes)) -> u64 {
        change(&mut self.fresh);
        self.made += 1;
        self.made
    }

    pub(crate) const fn made(&self) -> u64 {
        self.made
    }

    pub(super) const fn is_durable(&self, change: u64) -> bool {
        self.durable >= change
    }

    pub(crate) fn alert(&self, id: &[u8]) -> Option<&PendingAlert> {
        self.fresh.alerts.get(id).or_else(|| self.under_way.alerts.get(id))
    }

    pub(crate) fn policy(&self, key: &[u8]) -> Option<&[u8]> {
        let value = self.fresh.policies.get(key).or_else(|| self.under_way.policies.get(key));
        value.map(Vec::as_slice)
    }

    pub(super) fn acked(&self) -> Option<u64> {
        self.fresh.acked.max(self.under_way.acked)
    }

    /// What the next commit has to store.
    pub(super) fn seal(&mut self) -> Changes {
        let fresh = std::mem::take(&mut self.fresh);
        self.under_way.absorb(fresh);
        self.sealed = self.made;
        self.under_way.clone()
    }

    /// The commit is durable.
    pub(super) fn committed(&mut self) {
        self.under_way = Changes::default();
        self.durable = self.sealed;
    }
}
