//! Which rows of a batch go to the table at once, and which wait.

use std::collections::{BTreeMap, HashMap};

use stockflow_core::Symbol;

use super::{
    batch::{Batch, Group},
    recent::Recent,
};

/// What is worth waiting for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Batches up to this size go to the table at once: they touch few pages anyway.
    pub(super) small: usize,
    /// A symbol's rows of one batch go to the table at once if there are so many.
    pub(super) run: usize,
    /// Rows that may wait in memory.
    pub(super) rows: usize,
    /// Bytes of them.
    pub(super) bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { small: 256, run: 256, rows: 262_144, bytes: 24 << 20 }
    }
}

/// What becomes of a batch.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Symbols whose rows go to the table, those that waited and those of the batch.
    pub(super) move_out: BTreeMap<Symbol, Option<Group>>,
    /// Rows of the batch that wait.
    pub(super) keep: Vec<Group>,
    /// Oldest chunks in which no row waits any more.
    pub(super) spent: Vec<u64>,
    /// Symbols that waited and move out.
    pub(super) moved: Vec<Symbol>,
}

impl Plan {
    pub(super) fn make(batch: &Batch, recent: &Recent, limits: &Limits) -> Self {
        let groups = batch.groups();
        let wide = batch.len() > limits.small && batch.len() < groups.len() * limits.run / 2;
        let mut plan = Self::default();
        let mut waiting = recent.rows;
        let mut bytes = recent.bytes;
        for group in groups {
            let symbol = batch.key(group.start).symbol;
            let before = recent.symbols.get(&symbol).map_or(0, |waiting| waiting.len());
            if !wide || group.len() >= limits.run {
                plan.move_out.insert(symbol, Some(group));
                waiting -= before;
            } else {
                waiting += group.len();
                bytes += batch.rows(group.clone()).map(|(_, value)| value.len()).sum::<usize>();
                plan.keep.push(group);
            }
        }
        plan.make_room(batch, recent, limits, [waiting, bytes]);
        plan.settle(batch, recent);
        plan
    }

    /// Moves those out that waited longest.
    fn make_room(
        &mut self,
        batch: &Batch,
        recent: &Recent,
        limits: &Limits,
        [mut rows, mut bytes]: [usize; 2],
    ) {
        let mut chosen: BTreeMap<Symbol, Option<Group>> = BTreeMap::new();
        for symbol in &recent.queue {
            if rows <= limits.rows && bytes <= limits.bytes {
                break;
            }
            if self.move_out.contains_key(symbol) || chosen.contains_key(symbol) {
                continue;
            }
            let Some(waiting) = recent.symbols.get(symbol) else { continue };
            rows = rows.saturating_sub(waiting.len());
            bytes = bytes.saturating_sub(waiting.all().map(|(_, value)| value.len()).sum());
            chosen.insert(*symbol, None);
        }
        if chosen.is_empty() {
            return;
        }
        // Rows of the batch go along with those that move.
        self.keep.retain(|group| match chosen.get_mut(&batch.key(group.start).symbol) {
            Some(slot) => {
                *slot = Some(group.clone());
                false
            }
            None => true,
        });
        self.move_out.append(&mut chosen);
    }

    fn settle(&mut self, batch: &Batch, recent: &Recent) {
        let mut released: HashMap<u64, usize> = HashMap::new();
        for symbol in self.move_out.keys() {
            if let Some(waiting) = recent.symbols.get(symbol) {
                self.moved.push(*symbol);
                waiting.chunks().for_each(|chunk| *released.entry(chunk).or_default() += 1);
            }
        }
        for group in &self.keep {
            let first = batch.key(group.start);
            let Some(waiting) = recent.symbols.get(&first.symbol) else { continue };
            if waiting.newest() < Some(first.timestamp) {
                continue;
            }
            let replaced =
                batch.rows(group.clone()).filter_map(|(key, _)| waiting.chunk_of(key.timestamp));
            replaced.for_each(|chunk| *released.entry(chunk).or_default() += 1);
        }
        self.spent = recent.spent(&released).collect();
    }
}
