//! What a call of stage 2 came to.

use std::collections::BTreeMap;

use crate::{BatchReport, RuleName};

/// Outcome of [`TrendWatch::process`](super::TrendWatch::process).
#[derive(Debug, Default)]
#[must_use = "checkpoints may have to come again; look at `report`"]
pub struct WatchReport {
    /// Checkpoints that are not finished and have to come again.
    pub report: BatchReport,
    /// Counts over all checkpoints of the call.
    pub counts: WatchCounts,
}

/// Counts of one or many calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchCounts {
    /// Turns of a trend, by rule; those seen for the first time.
    pub turns: BTreeMap<RuleName, u64>,
    /// Alerts sent.
    pub alerts: u64,
    /// Alerts that can never be delivered as they are; they stay in the ledger as not sent.
    pub undeliverable: u64,
}

impl WatchCounts {
    /// Adds the counts of another call.
    pub fn add(&mut self, other: &Self) {
        self.alerts += other.alerts;
        self.undeliverable += other.undeliverable;
        for (rule, count) in &other.turns {
            *self.turns.entry(rule.clone()).or_default() += count;
        }
    }
}
