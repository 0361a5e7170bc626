//! What was counted.

use std::collections::BTreeMap;

use super::{Bill, StreamMode};
use crate::prices::Prices;

/// What a [`Meter`](super::Meter) has counted, in the units of the bill.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// Requests by service and operation, as `DynamoDB.BatchWriteItem`.
    pub calls: BTreeMap<String, Calls>,
    /// Of Athena.
    pub athena: AthenaUsage,
    /// Of DynamoDB.
    pub dynamodb: DynamoUsage,
    /// Of Kinesis.
    pub kinesis: KinesisUsage,
    /// Of S3.
    pub s3: S3Usage,
    /// Of SNS.
    pub sns: SnsUsage,
}

impl Usage {
    /// The requests of a service, as `DynamoDB`, or of one of its operations, as `DynamoDB.Query`.
    #[must_use]
    pub fn calls_of(&self, name: &str) -> Calls {
        let is_meant = |key: &str| {
            key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mut sum = Calls::default();
        for (_, calls) in self.calls.iter().filter(|(key, _)| is_meant(key)) {
            sum.sent += calls.sent;
            sum.answered += calls.answered;
            sum.refused += calls.refused;
        }
        sum
    }

    /// What it costs, with a stream of that mode.
    #[must_use]
    pub fn bill(&self, prices: &Prices, mode: StreamMode) -> Bill {
        Bill::of(self, prices, mode)
    }
}

/// Requests, each attempt one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Sent.
    pub sent: u64,
    /// Answered, with success or without.
    pub answered: u64,
    /// Answered without success.
    pub refused: u64,
}

impl Calls {
    /// Sent, and not answered: still on their way, or given up. They may be billed and are not counted.
    #[must_use]
    pub const fn unanswered(&self) -> u64 {
        self.sent.saturating_sub(self.answered)
    }
}

/// What Kinesis bills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KinesisUsage {
    /// Records put.
    pub records: u64,
    /// Begun 25 KiB of each record put: what a provisioned stream bills.
    pub put_units: u64,
    /// Bytes put, each record in whole KiB: what an on-demand stream bills.
    pub bytes_in: u64,
    /// Bytes of records read.
    pub bytes_out: u64,
}

/// What DynamoDB bills. Halves are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DynamoUsage {
    /// Write units, with those of indexes.
    pub write_units: f64,
    /// Read units.
    pub read_units: f64,
    /// How many of both were worked out from sizes, since the answer did not tell them.
    pub estimated_units: f64,
}

/// What S3 bills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct S3Usage {
    /// PUT, COPY, POST and LIST requests.
    pub put_requests: u64,
    /// GET, HEAD and other requests.
    pub get_requests: u64,
    /// DELETE requests.
    pub free_requests: u64,
    /// Bytes of objects sent; each costs storage, for as long as it stays.
    pub bytes_in: u64,
    /// Bytes of objects read; they cost something outside of the region only.
    pub bytes_out: u64,
}

/// What SNS bills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnsUsage {
    /// Begun 64 KiB of each request to a standard topic.
    pub publishes: u64,
    /// Messages that were taken, of both sorts of topics; what their delivery costs depends on the subscribers.
    pub messages: u64,
    /// Bytes of text, subject and attributes.
    pub bytes: u64,
    /// Of the messages, those to FIFO topics, which are billed one by one.
    pub fifo_messages: u64,
    /// Of the bytes, those to FIFO topics.
    pub fifo_bytes: u64,
}

/// What Athena bills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AthenaUsage {
    /// Queries that have ended.
    pub queries: u64,
    /// Bytes that they read.
    pub bytes_scanned: u64,
    /// The same as they are billed: each query in whole MB, and at least 10.
    pub bytes_billed: u64,
    /// Queries that were started, and whose end was not looked at.
    pub running: u64,
}
