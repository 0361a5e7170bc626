//! What a run came to.

use std::{collections::BTreeMap, time::Duration};

use stockflow_core::RuleName;

use crate::spool::Damage;

/// Counts of a finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Quotes taken from the source by this run.
    pub quotes: u64,
    /// Records that stage 1 is done with; more than `quotes` if an earlier run had left some.
    pub processed: u64,
    /// Rows in the table, of all runs.
    pub rows: u64,
    /// Quotes judged and stored by this run.
    pub accepted: u64,
    /// Quotes stored as late.
    pub late: u64,
    /// Quotes whose row was there.
    pub duplicate: u64,
    /// What could not be read, in the feed or in the stream.
    pub quarantined: u64,
    /// Anomalies by rule.
    pub anomalies: BTreeMap<RuleName, u64>,
    /// Turns of a trend by rule.
    pub turns: BTreeMap<RuleName, u64>,
    /// Alerts told.
    pub alerts: u64,
    /// Alerts that can never be delivered as they are.
    pub undeliverable: u64,
    /// Checkpoints whose alerts could not be told yet; the next run tells them.
    pub pending: u64,
    /// What of the spool cannot be read, found when the folder was opened or since: what was there is lost.
    pub damages: Vec<Damage>,
    /// From start to end.
    pub elapsed: Duration,
    /// How long each part was at work; they run side by side.
    pub times: StageTimes,
}

/// How long each part of a pipeline was at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimes {
    /// Waiting for and reading the source.
    pub source: Duration,
    /// Making quotes durable in the spool.
    pub spool: Duration,
    /// Decoding, judging, storing, archiving.
    pub stage_one: Duration,
    /// Watching trends, telling alerts.
    pub stage_two: Duration,
}
