//! The aggregated format of the Kinesis Producer Library: a magic number, a protobuf message, its MD5.
//!
//! ```proto
//! message AggregatedRecord {
//!   repeated string partition_key_table = 1;
//!   repeated string explicit_hash_key_table = 2;
//!   repeated Record records = 3;
//! }
//! message Record {
//!   required uint64 partition_key_index = 1;
//!   optional uint64 explicit_hash_key_index = 2;
//!   required bytes data = 3;
//!   repeated Tag tags = 4;
//! }
//! ```

use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::{
    Parts,
    hash::hash_of,
    protobuf::{Fields, put_bytes, put_varint, varint_len},
};

const MAGIC: [u8; 4] = [0xf3, 0x89, 0x9a, 0xc2];
const DIGEST: usize = 16;

/// An aggregated record under construction.
///
/// ```
/// use stockflow_aws::records::Aggregate;
///
/// let mut aggregate = Aggregate::default();
/// let key = aggregate.add_key(b"AAPL");
/// aggregate.add(key, b"{}");
/// assert_eq!(aggregate.finish().len(), 4 + 6 + 8 + 16);
/// ```
#[derive(Debug, Default)]
pub struct Aggregate {
    keys: u64,
    table: Vec<u8>,
    records: Vec<u8>,
}

impl Aggregate {
    /// Adds a partition key that is not in the table yet, and tells its index.
    pub fn add_key(&mut self, key: &[u8]) -> u64 {
        put_bytes(1, key, &mut self.table);
        self.keys += 1;
        self.keys - 1
    }

    /// Adds a part with the key of that index.
    pub fn add(&mut self, key: u64, data: &[u8]) {
        put_varint(3 << 3 | 2, &mut self.records);
        put_varint(inner_len(key, data.len()) as u64, &mut self.records);
        put_varint(1 << 3, &mut self.records);
        put_varint(key, &mut self.records);
        put_bytes(3, data, &mut self.records);
    }

    /// How long the record would be with one more part of `data` bytes, of a new key of `key` bytes, or of an old one.
    #[must_use]
    pub fn len_with(&self, key: Option<usize>, data: usize) -> usize {
        let inner = inner_len(self.keys, data);
        let part = 1 + varint_len(inner as u64) + inner;
        let key = key.map_or(0, |len| 1 + varint_len(len as u64) + len);
        MAGIC.len() + self.table.len() + key + self.records.len() + part + DIGEST
    }

    /// The record's bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let message = self.table.len() + self.records.len();
        let mut out = Vec::with_capacity(MAGIC.len() + message + DIGEST);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.table);
        out.extend_from_slice(&self.records);
        let digest = Md5::digest(&out[MAGIC.len()..]);
        out.extend_from_slice(&digest);
        out
    }
}

const fn inner_len(key: u64, data: usize) -> usize {
    1 + varint_len(key) + 1 + varint_len(data as u64) + data
}

/// A part of an aggregated record.
struct Part<'a> {
    key: usize,
    hash_key: Option<usize>,
    data: &'a [u8],
}

/// Pushes the parts of an aggregated record; `None`, if it is none.
pub(super) fn split(data: &Bytes, parts: &mut Parts<'_>) -> Option<()> {
    let message = data.strip_prefix(&MAGIC)?;
    let (message, digest) = message.split_at_checked(message.len().checked_sub(DIGEST)?)?;
    if Md5::digest(message)[..] != *digest {
        return None;
    }
    let (mut keys, mut hash_keys, mut found) = (Vec::new(), Vec::new(), Vec::new());
    for field in Fields(message) {
        match field? {
            (1, value) => keys.push(value.bytes()?),
            (2, value) => hash_keys.push(value.bytes()?),
            (3, value) => found.push(part(value.bytes()?)?),
            _ => {}
        }
    }
    // A quote's key is looked up only where somebody asks, and a key is hashed once.
    let mut here: Vec<Option<bool>> = vec![None; keys.len()];
    for part in found {
        let key = *keys.get(part.key)?;
        let is_here = match (parts.shard, part.hash_key) {
            (None, _) => true,
            (Some(shard), Some(index)) => {
                shard.holds(str::from_utf8(hash_keys.get(index)?).ok()?.parse().ok()?)
            }
            (Some(shard), None) => *here[part.key].get_or_insert_with(|| shard.holds(hash_of(key))),
        };
        parts.push(data.slice_ref(part.data), is_here);
    }
    Some(())
}

fn part(message: &[u8]) -> Option<Part<'_>> {
    let (mut key, mut hash_key, mut data) = (None, None, None);
    for field in Fields(message) {
        match field? {
            (1, value) => key = Some(value.index()?),
            (2, value) => hash_key = Some(value.index()?),
            (3, value) => data = Some(value.bytes()?),
            _ => {}
        }
    }
    Some(Part { key: key?, hash_key, data: data? })
}
