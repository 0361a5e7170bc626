//! Rows of wide batches, kept together until a symbol has enough of them.
//!
//! A batch of two rows each for ten thousand symbols would touch ten thousand pages of the table. Such rows are written
//! as they come into a few chunks, and kept in memory; those of the symbol that waited longest move to the table together.
//! A chunk also names the symbols whose rows moved with it, so that the memory is rebuilt from the chunks to the row.

use std::collections::{BTreeMap, HashMap, VecDeque};

use stockflow_core::{RowKey, Symbol, Timestamp};

use crate::codec::{
    bytes::{Malformed, Reader, put_varint},
    key::{put_symbol, read_entry, read_symbol},
};

const VERSION: u8 = 1;

/// Rows that are durable in chunks, by symbol and time.
#[derive(Debug, Default)]
pub(super) struct Recent {
    pub(super) symbols: BTreeMap<Symbol, Waiting>,
    /// Symbols with waiting rows, those that waited longest first; some may have moved since.
    pub(super) queue: VecDeque<Symbol>,
    /// Number and count of waiting rows of each chunk, oldest first.
    pub(super) chunks: VecDeque<(u64, usize)>,
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

/// Waiting rows of one symbol.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Ascending by time.
    slots: Vec<Slot>,
    values: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    time: Timestamp,
    chunk: u64,
    start: usize,
    length: usize,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    fn value(&self, slot: &Slot) -> &[u8] {
        &self.values[slot.start..slot.start + slot.length]
    }

    /// Rows after `after` up to `up_to`, ascending.
    pub(super) fn range(
        &self,
        after: Option<Timestamp>,
        up_to: Timestamp,
    ) -> impl DoubleEndedIterator<Item = (Timestamp, &[u8])> {
        let from = self.slots.partition_point(|slot| Some(slot.time) <= after);
        let to = self.slots.partition_point(|slot| slot.time <= up_to);
        self.slots[from..to.max(from)].iter().map(|slot| (slot.time, self.value(slot)))
    }

    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = (Timestamp, &[u8])> {
        self.range(None, Timestamp::MAX)
    }

    pub(super) fn contains(&self, time: Timestamp) -> bool {
        self.slots.binary_search_by_key(&time, |slot| slot.time).is_ok()
    }

    /// In which chunks rows wait, one item a row.
    pub(super) fn chunks(&self) -> impl Iterator<Item = u64> {
        self.slots.iter().map(|slot| slot.chunk)
    }

    /// In which chunk the row of that time waits.
    pub(super) fn chunk_of(&self, time: Timestamp) -> Option<u64> {
        let at = self.slots.binary_search_by_key(&time, |slot| slot.time).ok()?;
        Some(self.slots[at].chunk)
    }
}

impl Recent {
    /// Adds a row that chunk `chunk` keeps; one of the same key is replaced.
    pub(super) fn add(&mut self, key: &RowKey, value: &[u8], chunk: u64) {
        let waiting = self.symbols.entry(key.symbol).or_default();
        if waiting.slots.is_empty() {
            self.queue.push_back(key.symbol);
        }
        let slot =
            Slot { time: key.timestamp, chunk, start: waiting.values.len(), length: value.len() };
        waiting.values.extend_from_slice(value);
        self.bytes += value.len();
        self.rows += 1;
        let at = waiting.slots.partition_point(|old| old.time < key.timestamp);
        match waiting.slots.get_mut(at) {
            Some(old) if old.time == key.timestamp => {
                let replaced = std::mem::replace(old, slot);
                self.rows -= 1;
                self.release(replaced.chunk);
            }
            _ => waiting.slots.insert(at, slot),
        }
    }

    /// The symbol's rows are in the table now.
    pub(super) fn moved(&mut self, symbol: &Symbol) {
        let Some(waiting) = self.symbols.remove(symbol) else { return };
        self.rows -= waiting.slots.len();
        self.bytes -= waiting.values.len();
        for slot in &waiting.slots {
            self.release(slot.chunk);
        }
        while self.queue.front().is_some_and(|front| !self.symbols.contains_key(front)) {
            self.queue.pop_front();
        }
    }

    fn release(&mut self, chunk: u64) {
        if let Ok(at) = self.chunks.binary_search_by_key(&chunk, |(number, _)| *number) {
            self.chunks[at].1 = self.chunks[at].1.saturating_sub(1);
        }
    }

    /// Numbers of the oldest chunks in which no row waits any more once `released` are gone too.
    pub(super) fn spent(&self, released: &HashMap<u64, usize>) -> impl Iterator<Item = u64> {
        self.chunks
            .iter()
            .take_while(|(number, rows)| released.get(number).copied().unwrap_or(0) >= *rows)
            .map(|(number, _)| *number)
    }

    /// Takes in a chunk as it is stored.
    pub(super) fn load(&mut self, number: u64, chunk: &[u8]) -> Result<(), Malformed> {
        let mut reader = Reader(chunk);
        match reader.byte()? {
            VERSION => {}
            found => return Err(Malformed::Version { found, known: VERSION }),
        }
        for _ in 0..reader.length()? {
            self.moved(&read_symbol(&mut reader)?);
        }
        self.chunks.push_back((number, 0));
        while !reader.is_empty() {
            let (key, value) = read_entry(&mut reader)?;
            self.add(&key, value, number);
            self.hold(1);
        }
        Ok(())
    }

    /// The newest chunk keeps `rows` more.
    pub(super) fn hold(&mut self, rows: usize) {
        if let Some((_, count)) = self.chunks.back_mut() {
            *count += rows;
        }
    }
}

/// The start of a chunk, which names the symbols whose rows moved to the table in the same step.
pub(super) fn chunk(moved: &[Symbol]) -> Vec<u8> {
    let mut out = vec![VERSION];
    put_varint(&mut out, moved.len() as u64);
    moved.iter().for_each(|symbol| put_symbol(&mut out, symbol));
    out
}
