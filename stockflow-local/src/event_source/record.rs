//! What a function is invoked with.

use bytes::Bytes;
use stockflow_core::{
    BatchReport, Position, RecordBatch, SequenceNumber, ShardId, StreamRecord, Timestamp,
};

use super::{Clock, Reply};

/// A record of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<T> {
    /// Its shard.
    pub shard: ShardId,
    /// Its number, ascending within the shard; of 56 digits, as those of Kinesis.
    pub sequence: SequenceNumber,
    /// Kinesis: the partition key. DynamoDB Streams: the key of the item.
    pub key: String,
    /// When the stream took it.
    pub arrival: Timestamp,
    /// What was put.
    pub data: T,
}

/// A batch for the function, and what it may know of its surroundings.
#[derive(Clone, Debug)]
pub struct Invocation<T> {
    /// In stream order, all of one shard, at least one.
    pub records: Vec<Record<T>>,
    /// Whoever runs at this time is stopped, and with it the container.
    pub deadline: Timestamp,
    /// The time, and the only thing that a handler may wait for.
    pub clock: Clock,
}

impl<T> Invocation<T> {
    /// The response that reports the records at the indices which `report` names as failed.
    #[must_use]
    pub fn reply(&self, report: &BatchReport) -> Reply {
        let failed = report.failures().iter().filter_map(|failure| self.records.get(failure.index));
        Reply::failed(failed.map(|record| &record.sequence))
    }
}

impl Invocation<Bytes> {
    /// The batch as stage 1 takes it.
    #[must_use]
    pub fn batch(&self) -> RecordBatch {
        let records = self.records.iter().map(|record| StreamRecord {
            position: Position::new(record.sequence.clone()),
            arrival: record.arrival,
            data: record.data.clone(),
        });
        RecordBatch {
            shard: self.records.first().map_or_else(|| "".into(), |record| record.shard.clone()),
            records: records.collect(),
        }
    }
}
