//! What a mapping did.

use serde_json::{Value, json};
use stockflow_core::{SequenceNumber, ShardId, Timestamp};

use super::{Record, Stream};

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

/// A batch at the failure destination, with its payload, as only a destination in S3 keeps it; others get the [`notice`](Self::notice).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp<T> {
    /// Why.
    pub reason: GiveUp,
    /// When.
    pub at: Timestamp,
    /// How often the function was invoked with it, or with the batch that it was split from.
    pub tries: u32,
    /// The records.
    pub records: Vec<Record<T>>,
}

impl<T> GivenUp<T> {
    /// All that a destination in SQS or SNS gets of it, and who redrives has to go by: where the records are in the stream, for as
    /// long as they are. What it says of the function (`requestId`, `functionArn`, the response) is left out.
    #[must_use]
    pub fn notice(&self, stream: Stream, stream_arn: &str) -> Value {
        let condition = match self.reason {
            GiveUp::RetriesExhausted => "RetryAttemptsExhausted",
            GiveUp::RecordAgeExceeded => "RecordAgeExceeded",
        };
        let info = match stream {
            Stream::Kinesis => "KinesisBatchInfo",
            Stream::DynamoDb { .. } => "DDBStreamBatchInfo",
        };
        let arrival = |record: Option<&Record<T>>| record.map(|record| record.arrival.to_string());
        let number = |record: Option<&Record<T>>| record.map(|record| record.sequence.to_string());
        let (first, last) = (self.records.first(), self.records.last());
        json!({
            "requestContext": { "condition": condition, "approximateInvokeCount": self.tries },
            "version": "1.0",
            "timestamp": self.at.to_string(),
            info: {
                "shardId": first.map(|record| &*record.shard),
                "startSequenceNumber": number(first),
                "endSequenceNumber": number(last),
                "approximateArrivalOfFirstRecord": arrival(first),
                "approximateArrivalOfLastRecord": arrival(last),
                "batchSize": self.records.len(),
                "streamArn": stream_arn,
            },
        })
    }
}
