//! What a mapping did.

use stockflow_core::{SequenceNumber, ShardId, Timestamp};

use super::Record;

/// An invocation that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Shard of its records.
    pub shard: ShardId,
    /// Its records.
    pub sequences: Vec<SequenceNumber>,
    /// The container that handled it, counted from 0.
    pub container: u64,
    /// Whether that container was new.
    pub cold: bool,
    /// When it was begun; for a new container, before its start.
    pub began: Timestamp,
    /// When it was over.
    pub ended: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// So many of its records are done, and do not come again because of it.
    pub acknowledged: usize,
}

/// How an invocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The response says that all is done.
    Complete,
    /// The response says that some records failed, and which.
    Partial,
    /// The response says that all failed, or cannot be understood.
    Failed,
    /// The function returned an error.
    Error,
    /// The process ended, by itself or killed by [`MappingFaults`](super::MappingFaults).
    Crashed,
    /// It was not done in time.
    TimedOut,
    /// It ran to its end, but nobody heard what it said.
    AnswerLost,
}

/// Why a batch was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveUp {
    /// It failed more often than `maximum_retry_attempts` allows.
    RetriesExhausted,
    /// Its oldest record is older than `maximum_record_age`.
    RecordAgeExceeded,
}

/// A batch at the failure destination, with its payload, as only a destination in S3 keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp<T> {
    /// Why.
    pub reason: GiveUp,
    /// When.
    pub at: Timestamp,
    /// The records.
    pub records: Vec<Record<T>>,
}
