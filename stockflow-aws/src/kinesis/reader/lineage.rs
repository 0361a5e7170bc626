//! Which shards can be read when: parents before children, whatever happened before a restart.

use std::collections::{HashMap, HashSet};

use stockflow_core::{SequenceNumber, ShardId};

use super::Start;
use crate::kinesis::shards::Shard;

/// How far a shard was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Up to this record.
    After(SequenceNumber),
    /// It is closed, and read to its end.
    End,
}

/// Where to read a shard from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    Start(Start),
    After(SequenceNumber),
}

/// The shards of a stream and what became of them.
#[derive(Debug)]
pub(super) struct Lineage {
    start: Start,
    known: HashMap<ShardId, Progress>,
    /// Being read.
    open: HashSet<ShardId>,
    /// Whether nobody has read this stream before.
    fresh: bool,
}

impl Lineage {
    /// Goes on where `known` says, and begins at `start` if that is nowhere.
    pub(super) fn new(start: Start, known: HashMap<ShardId, Progress>) -> Self {
        Self { start, fresh: known.is_empty(), known, open: HashSet::new() }
    }

    /// The shard is read to its end, or gone.
    pub(super) fn end(&mut self, shard: &ShardId) {
        self.open.remove(shard);
        self.known.insert(shard.clone(), Progress::End);
    }

    /// The shards out of all that there are whose reading can begin now.
    pub(super) fn begin(&mut self, listed: Vec<Shard>) -> Vec<(Shard, From)> {
        self.infer_ends(&listed);
        let fresh = std::mem::take(&mut self.fresh);
        if fresh && self.start == Start::Latest {
            // What they hold is before the start.
            for shard in listed.iter().filter(|shard| shard.closed) {
                self.known.insert(shard.id.clone(), Progress::End);
            }
        }
        let there: HashSet<&ShardId> = listed.iter().map(|shard| &shard.id).collect();
        let unread = |parent: &ShardId| {
            there.contains(parent) && self.known.get(parent) != Some(&Progress::End)
        };
        let ready: Vec<(Shard, From)> = listed
            .iter()
            .filter(|shard| !self.open.contains(&shard.id))
            .filter_map(|shard| {
                let from = match self.known.get(&shard.id) {
                    Some(Progress::End) => return None,
                    Some(Progress::After(sequence)) => From::After(sequence.clone()),
                    None if shard.parents.iter().any(unread) => return None,
                    // A shard that comes later is read whole; so is one that had nothing to tell before a restart.
                    None if self.start == Start::Latest && !fresh => From::Start(Start::Oldest),
                    None => From::Start(self.start),
                };
                Some((shard.clone(), from))
            })
            .collect();
        self.open.extend(ready.iter().map(|(shard, _)| shard.id.clone()));
        ready
    }

    /// A child is begun when its parents are read to their ends: where a child was read, its parents are.
    fn infer_ends(&mut self, listed: &[Shard]) {
        let parents: HashMap<&ShardId, &[ShardId]> =
            listed.iter().map(|shard| (&shard.id, &*shard.parents)).collect();
        let mut begun: Vec<ShardId> = self.known.keys().chain(&self.open).cloned().collect();
        while let Some(shard) = begun.pop() {
            for parent in parents.get(&shard).copied().unwrap_or_default() {
                if self.known.insert(parent.clone(), Progress::End) != Some(Progress::End) {
                    begun.push(parent.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::HashRange;

    fn shard(id: &str, parents: &[&str], closed: bool) -> Shard {
        Shard {
            id: id.into(),
            range: HashRange::ALL,
            parents: parents.iter().map(|parent| ShardId::from(*parent)).collect(),
            closed,
        }
    }

    /// a split into b and c; c and d merged into e.
    fn family() -> Vec<Shard> {
        vec![
            shard("a", &[], true),
            shard("b", &["a"], false),
            shard("c", &["a"], true),
            shard("d", &[], true),
            shard("e", &["c", "d"], false),
        ]
    }

    fn begun(lineage: &mut Lineage) -> Vec<(String, From)> {
        lineage
            .begin(family())
            .into_iter()
            .map(|(shard, from)| (shard.id.to_string(), from))
            .collect()
    }

    fn known(progress: &[(&str, Option<u64>)]) -> HashMap<ShardId, Progress> {
        let read = |after: Option<u64>| after.map_or(Progress::End, |n| Progress::After(n.into()));
        progress.iter().map(|(shard, after)| (ShardId::from(*shard), read(*after))).collect()
    }

    const OLDEST: From = From::Start(Start::Oldest);

    #[test]
    fn parents_are_read_before_their_children() {
        let mut lineage = Lineage::new(Start::Oldest, HashMap::new());
        assert_eq!(begun(&mut lineage), [("a".to_owned(), OLDEST), ("d".to_owned(), OLDEST)]);
        lineage.end(&"d".into());
        assert_eq!(begun(&mut lineage), []);
        lineage.end(&"a".into());
        assert_eq!(begun(&mut lineage), [("b".to_owned(), OLDEST), ("c".to_owned(), OLDEST)]);
        lineage.end(&"c".into());
        assert_eq!(begun(&mut lineage), [("e".to_owned(), OLDEST)]);
    }

    #[test]
    fn after_a_restart_a_child_that_was_begun_stands_for_its_parents() {
        let mut lineage = Lineage::new(Start::Oldest, known(&[("e", Some(7)), ("b", Some(5))]));
        let after = |n: u64| From::After(n.into());
        assert_eq!(begun(&mut lineage), [("b".to_owned(), after(5)), ("e".to_owned(), after(7))]);
        let mut lineage = Lineage::new(Start::Oldest, known(&[("c", Some(3)), ("d", None)]));
        assert_eq!(begun(&mut lineage), [("b".to_owned(), OLDEST), ("c".to_owned(), after(3))]);
    }

    #[test]
    fn the_latest_are_the_open_shards_and_later_ones_are_read_whole() {
        let mut lineage = Lineage::new(Start::Latest, HashMap::new());
        let latest = From::Start(Start::Latest);
        assert_eq!(
            begun(&mut lineage),
            [("b".to_owned(), latest.clone()), ("e".to_owned(), latest)]
        );
        lineage.end(&"e".into());
        let later = [family(), vec![shard("f", &["e"], false)]].concat();
        let ready = lineage.begin(later);
        assert_eq!(ready, [(shard("f", &["e"], false), OLDEST)]);
    }

    #[test]
    fn a_parent_that_is_gone_is_not_waited_for() {
        let mut lineage = Lineage::new(Start::Oldest, known(&[("b", Some(5))]));
        let ready = lineage.begin(vec![shard("b", &["a"], false), shard("c", &["a"], false)]);
        assert_eq!(ready[1], (shard("c", &["a"], false), OLDEST));
    }
}
