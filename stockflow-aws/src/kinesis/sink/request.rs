//! `PutRecords`.

use aws_sdk_kinesis::types::{PutRecordsRequestEntry, PutRecordsResultEntry};
use aws_smithy_types::Blob;
use stockflow_core::{Error, ErrorKind, Result, Symbol};

use super::packing::{LARGEST, Packed};
use crate::{error::kind_of_code, kinesis::stream::Stream};

pub(super) const PUT: &str = "PutRecords";
/// Most records in a request.
const MOST_RECORDS: usize = 500;
/// Most bytes in a request, partition keys included.
const MOST_BYTES: usize = 10 << 20;

/// What became of an entry: the shard that took it, or why none did.
pub(super) type Outcome = Result<String>;

/// Records to be sent together, and what they are.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) parcels: Vec<Parcel>,
    pub(super) records: Vec<Packed>,
    bytes: usize,
}

/// A record under way.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) lane: usize,
    /// How many quotes it holds, from the first of its lane.
    pub(super) quotes: usize,
    /// Its partition key.
    pub(super) key: Symbol,
}

impl Request {
    /// Adds a record, and tells its bytes.
    pub(super) fn add(&mut self, lane: usize, packed: Packed) -> usize {
        let bytes = packed.data.len() + packed.key.as_bytes().len();
        self.bytes += bytes;
        self.parcels.push(Parcel { lane, quotes: packed.quotes, key: packed.key });
        self.records.push(packed);
        bytes
    }

    /// Another record might be too many.
    pub(super) fn is_full(&self) -> bool {
        self.records.len() == MOST_RECORDS || self.bytes + LARGEST > MOST_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

impl Stream {
    /// Sends `records`, within the limits of a request; an outcome for each.
    pub(super) async fn put_records(&self, records: Vec<Packed>) -> Result<Vec<Outcome>> {
        let count = records.len();
        let entry = |packed: Packed| {
            PutRecordsRequestEntry::builder()
                .partition_key(packed.key.as_str())
                .data(Blob::new(packed.data))
                .build()
        };
        let entries = records
            .into_iter()
            .map(entry)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| self.call(PUT).error(ErrorKind::Rejected).with_source(error))?;
        let request =
            self.client.put_records().stream_name(&self.name).set_records(Some(entries)).send();
        let answer = request.await.map_err(|error| self.call(PUT).failed(error))?;
        if answer.records().len() != count {
            let why = format!("{count} records were sent, {} answered", answer.records().len());
            return Err(self.call(PUT).error(ErrorKind::Unavailable).with_source(why));
        }
        Ok(answer.records.into_iter().map(|entry| self.outcome(entry)).collect())
    }

    fn outcome(&self, entry: PutRecordsResultEntry) -> Outcome {
        let PutRecordsResultEntry { sequence_number, shard_id, error_code, error_message, .. } =
            entry;
        if let (None, Some(shard), Some(_)) = (&error_code, shard_id, sequence_number) {
            return Ok(shard);
        }
        Err(self.refused(error_code.as_deref(), error_message.as_deref()))
    }

    fn refused(&self, code: Option<&str>, message: Option<&str>) -> Error {
        // What is not known here may pass: the deadline bounds how often it is tried.
        let kind = code.and_then(kind_of_code).unwrap_or(ErrorKind::Unavailable);
        let why =
            format!("{}: {}", code.unwrap_or("no error code"), message.unwrap_or("no message"));
        self.call(PUT).error(kind).with_source(why)
    }
}
