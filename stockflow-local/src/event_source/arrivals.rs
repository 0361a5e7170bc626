//! How what was put gets onto the stream.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use stockflow_core::{SequenceNumber, ShardId, Timestamp};

use super::{Record, Stream};
use crate::rng::Rng;

/// Changes that were made, but are not on the stream yet; and the numbers of those that are.
#[derive(Debug)]
pub(super) struct Arrivals<T> {
    stream: Stream,
    /// By the time at which they get there, in the order in which they were made.
    on_the_way: BTreeMap<(Timestamp, u64), (String, Timestamp, T)>,
    /// When the last change of an item gets there.
    last_of: HashMap<String, Timestamp>,
    put: u64,
    there: u64,
}

impl<T> Arrivals<T> {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, on_the_way: BTreeMap::new(), last_of: HashMap::new(), put: 0, there: 0 }
    }

    pub(super) fn put(&mut self, key: &str, data: T, now: Timestamp, rng: &mut Rng) {
        self.put += 1;
        let at = match self.stream {
            Stream::Kinesis => now,
            Stream::DynamoDb { delay } => {
                let delay = Duration::from_secs_f64(delay.as_secs_f64() * rng.unit());
                let last = self.last_of.entry(key.to_owned()).or_insert(now);
                *last = now.saturating_add(delay).max(*last);
                *last
            }
        };
        self.on_the_way.insert((at, self.put), (key.to_owned(), now, data));
    }

    /// The next one that is there, with the number of its lane.
    pub(super) fn pop(
        &mut self,
        now: Timestamp,
        shards: usize,
        factor: usize,
    ) -> Option<(usize, Record<T>)> {
        let entry = self.on_the_way.first_entry().filter(|entry| entry.key().0 <= now)?;
        let (key, arrival, data) = entry.remove();
        self.there += 1;
        let hash = hash(key.as_bytes());
        let shard = (hash % shards as u64) as usize;
        let part = (hash / shards as u64 % factor as u64) as usize;
        // As long as those of Kinesis: whoever reads them as a number finds out here.
        let sequence = SequenceNumber::from_text(&format!("49{:054}", self.there));
        let shard_id = ShardId::from(format!("shardId-{shard:012}"));
        Some((shard * factor + part, Record { shard: shard_id, sequence, key, arrival, data }))
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.on_the_way.first_key_value().map(|(&(time, _), _)| time)
    }
}

/// FNV-1a, and a step that mixes its high bits into the low ones; the same everywhere and for ever.
fn hash(bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^ hash >> 32
}
