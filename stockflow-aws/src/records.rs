//! What the records of a Kinesis stream hold: a quote, many quotes in the aggregated format of the Kinesis Producer Library, or many
//! quotes compressed. Plain functions without an SDK, for whoever reads a stream: a Lambda, a container, a test.

mod aggregate;
mod compressed;
mod hash;
mod protobuf;

use stockflow_core::{Position, StreamRecord};

pub use self::{
    aggregate::Aggregate,
    compressed::compress,
    hash::{HashRange, hash_of},
};

/// Appends the quotes of `record` to `out`, each as a record of its own, numbered within `record` by
/// [`Position::index`](stockflow_core::Position).
///
/// - A plain record is passed on as it is, without a copy.
/// - An aggregated one (magic, protobuf, MD5) gives one record for each of its parts, which share its memory.
/// - A compressed one gives a record for each line.
/// - What has the magic of one of these and is damaged, or holds more than 16 MiB, is passed on as it is: nothing can read it, so it
///   ends in the quarantine with all its bytes.
///
/// With the hash keys of its `shard`, parts are left out whose own key belongs to another shard: their producer put them here by a
/// map of shards from before a resharding, and put them again where they belong, as the protocol of the Kinesis Producer Library has
/// it. Without it, they come from both shards. A record's own place is not checked.
///
/// ```
/// use stockflow_aws::records::{HashRange, unpack};
/// use stockflow_core::{Position, SequenceNumber, StreamRecord, Timestamp};
///
/// let plain = StreamRecord {
///     position: Position::new(SequenceNumber::from_text("4959")),
///     arrival: Timestamp::MIN,
///     data: "{}".into(),
/// };
/// let mut records = Vec::new();
/// unpack(plain.clone(), Some(&HashRange::ALL), &mut records);
/// assert_eq!(records, [plain]);
/// ```
pub fn unpack(record: StreamRecord, shard: Option<&HashRange>, out: &mut Vec<StreamRecord>) {
    // Both magics begin with a byte that no JSON begins with.
    if record.data.first() != Some(&0xf3) {
        out.push(record);
        return;
    }
    let mut parts = Parts { of: &record, shard, index: 0, out };
    let whole = parts.out.len();
    if aggregate::split(&record.data, &mut parts).is_none()
        && compressed::split(&record.data, &mut parts).is_none()
    {
        out.truncate(whole);
        out.push(record);
    }
}

/// Takes the parts of a record.
struct Parts<'a> {
    of: &'a StreamRecord,
    shard: Option<&'a HashRange>,
    index: u32,
    out: &'a mut Vec<StreamRecord>,
}

impl Parts<'_> {
    /// The next part, and whether it is `here`; one that is not has a number all the same.
    fn push(&mut self, data: bytes::Bytes, here: bool) {
        if here {
            let position =
                Position { sequence: self.of.position.sequence.clone(), index: self.index };
            self.out.push(StreamRecord { position, arrival: self.of.arrival, data });
        }
        self.index += 1;
    }
}

#[cfg(test)]
mod tests;
