//! Which shards a stream has.

use aws_sdk_kinesis::{operation::list_shards::ListShardsError, types};
use stockflow_core::{ErrorKind, Result, ShardId};

use super::stream::Stream;
use crate::records::HashRange;

pub(super) const LIST: &str = "ListShards";

/// A shard as `ListShards` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    pub(super) id: ShardId,
    pub(super) range: HashRange,
    /// One after a split, two after a merge; they may be gone already.
    pub(super) parents: Vec<ShardId>,
    /// It takes no more records.
    pub(super) closed: bool,
}

impl Shard {
    fn from_answer(shard: &types::Shard) -> Option<Self> {
        let range = shard.hash_key_range()?;
        let parents = [shard.parent_shard_id(), shard.adjacent_parent_shard_id()];
        Some(Self {
            id: shard.shard_id().into(),
            range: HashRange::from_text(range.starting_hash_key(), range.ending_hash_key())?,
            parents: parents.into_iter().flatten().map(ShardId::from).collect(),
            closed: shard
                .sequence_number_range()
                .is_some_and(|range| range.ending_sequence_number().is_some()),
        })
    }
}

impl Stream {
    /// All shards that still have records or can get some.
    pub(super) async fn list_shards(&self) -> Result<Vec<Shard>> {
        let mut shards = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let request = self.client.list_shards();
            // A token stands for the stream, which must not be named beside it.
            let request = match &next {
                Some(token) => request.next_token(token),
                None => request.stream_name(&self.name),
            };
            let answer = request.send().await.map_err(|error| {
                // Of this operation, it is a limit of requests in a second.
                let fast = error
                    .as_service_error()
                    .is_some_and(ListShardsError::is_limit_exceeded_exception);
                let told = self.call(LIST).failed(error);
                if fast {
                    self.call(LIST).error(ErrorKind::Throttled).with_source(told)
                } else {
                    told
                }
            })?;
            for shard in answer.shards() {
                shards.push(Shard::from_answer(shard).ok_or_else(|| {
                    let why =
                        format!("shard {} has hash keys that are no numbers", shard.shard_id());
                    self.call(LIST).error(ErrorKind::Unexpected).with_source(why)
                })?);
            }
            next = answer.next_token;
            if next.is_none() {
                return Ok(shards);
            }
        }
    }
}

/// Where keys belong now.
#[derive(Debug)]
pub(super) struct ShardMap {
    /// By hash keys.
    open: Vec<Shard>,
}

impl ShardMap {
    pub(super) fn new(mut shards: Vec<Shard>) -> Self {
        shards.retain(|shard| !shard.closed);
        shards.sort_by_key(|shard| shard.range.first());
        Self { open: shards }
    }

    /// Number of the shard that takes `hash`.
    pub(super) fn place(&self, hash: u128) -> usize {
        self.open.partition_point(|shard| shard.range.first() <= hash).saturating_sub(1)
    }

    /// The shard of that number.
    pub(super) fn shard(&self, number: usize) -> Option<&Shard> {
        self.open.get(number)
    }

    /// The open shard of that name.
    pub(super) fn named(&self, id: &str) -> Option<&Shard> {
        self.open.iter().find(|shard| *shard.id == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_the_open_shard_whose_range_holds_it() {
        let shard = |id: &str, first, last, closed| Shard {
            id: id.into(),
            range: HashRange::new(first, last),
            parents: vec![],
            closed,
        };
        let map = ShardMap::new(vec![
            shard("c", 100, u128::MAX, false),
            shard("old", 0, 99, true),
            shard("b", 50, 99, false),
            shard("a", 0, 49, false),
        ]);
        for (hash, id) in [(0, "a"), (49, "a"), (50, "b"), (99, "b"), (100, "c"), (u128::MAX, "c")]
        {
            assert_eq!(*map.shard(map.place(hash)).unwrap().id, *id);
        }
        assert!(map.named("old").is_none());
    }
}
