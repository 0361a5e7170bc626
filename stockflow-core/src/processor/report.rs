//! What a batch came to.

use std::collections::BTreeMap;

use super::plan::{Fate, Plan};
use crate::{BatchReport, RuleName};

/// Outcome of [`Processor::process`](super::Processor::process).
#[derive(Debug, Default)]
#[must_use = "records may have to come again; look at `report`"]
pub struct ProcessReport {
    /// The first record that could not be made durable, if any: it and all after it have to come again.
    pub report: BatchReport,
    /// Counts over the records before it.
    pub counts: ProcessCounts,
    /// How many symbols the batch had quotes of.
    pub symbols: usize,
}

/// Counts over the acknowledged records of a batch, or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessCounts {
    /// Records acknowledged.
    pub records: u64,
    /// Quotes judged and stored.
    pub accepted: u64,
    /// Quotes stored as late.
    pub late: u64,
    /// Quotes whose row was there.
    pub duplicate: u64,
    /// Records that could not be read.
    pub quarantined: u64,
    /// Anomalies found, by rule.
    pub anomalies: BTreeMap<RuleName, u64>,
}

impl ProcessCounts {
    pub(super) fn of(plan: &Plan, frontier: usize) -> Self {
        let mut counts = Self { records: frontier as u64, ..Self::default() };
        for fate in &plan.fates[..frontier] {
            match *fate {
                Fate::Accepted(row) => {
                    counts.accepted += 1;
                    for anomaly in plan.rows[row].row.anomalies() {
                        *counts.anomalies.entry(anomaly.rule.clone()).or_default() += 1;
                    }
                }
                Fate::Late(_) => counts.late += 1,
                Fate::Duplicate => counts.duplicate += 1,
                Fate::Quarantined => counts.quarantined += 1,
            }
        }
        counts
    }

    /// Adds the counts of another batch.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.accepted += other.accepted;
        self.late += other.late;
        self.duplicate += other.duplicate;
        self.quarantined += other.quarantined;
        for (rule, count) in &other.anomalies {
            *self.anomalies.entry(rule.clone()).or_default() += count;
        }
    }
}
