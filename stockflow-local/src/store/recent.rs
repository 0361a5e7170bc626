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
    /// Kept here too, since this is asked for each symbol of each batch.
    newest: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    time: Timestamp,
    chunk: u64,
    start: u32,
    length: u32,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    fn value(&self, slot: &Slot) -> &[u8] {
        let start = slot.start as usize;
        &self.values[start..start + slot.length as usize]
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

    /// Adds a row; the chunk of the one that it replaces, if there was one.
    fn put(&mut self, time: Timestamp, value: &[u8], chunk: u64) -> Option<u64> {
        // Values of a symbol are bounded by what may wait at all, far below 4 GiB.
        let (start, length) = (self.values.len() as u32, value.len() as u32);
        let slot = Slot { time, chunk, start, length };
        self.values.extend_from_slice(value);
        if self.newest < Some(time) {
            self.newest = Some(time);
            self.slots.push(slot);
            return None;
        }
        let at = self.slots.partition_point(|old| old.time < time);
        match self.slots.get_mut(at) {
            Some(old) if old.time == time => Some(std::mem::replace(old, slot).chunk),
            _ => {
                self.slots.insert(at, slot);
                None
            }
        }
    }

    /// Time of the newest row.
    pub(super) const fn newest(&self) -> Option<Timestamp> {
        self.newest
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
    /// Takes in the rows of a new chunk, sorted by key; rows of the same key are replaced.
    pub(super) fn extend<'a>(
        &mut self,
        chunk: u64,
        rows: impl Iterator<Item = (RowKey, &'a [u8])>,
    ) {
        let mut replaced = Vec::new();
        let mut rows = rows.peekable();
        let mut count = 0;
        while let Some((RowKey { symbol, .. }, _)) = rows.peek().copied() {
            let waiting = self.symbols.entry(symbol).or_default();
            if waiting.slots.is_empty() {
                self.queue.push_back(symbol);
            }
            while let Some((key, value)) = rows.next_if(|(key, _)| key.symbol == symbol) {
                replaced.extend(waiting.put(key.timestamp, value, chunk));
                self.bytes += value.len();
                count += 1;
            }
        }
        self.chunks.push_back((chunk, count));
        self.rows += count - replaced.len();
        replaced.into_iter().for_each(|chunk| self.release(chunk));
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
        let mut rows = Vec::new();
        while !reader.is_empty() {
            rows.push(read_entry(&mut reader)?);
        }
        self.extend(number, rows.into_iter());
        Ok(())
    }
}

/// The start of a chunk, which names the symbols whose rows moved to the table in the same step.
pub(super) fn chunk(moved: &[Symbol]) -> Vec<u8> {
    let mut out = vec![VERSION];
    put_varint(&mut out, moved.len() as u64);
    moved.iter().for_each(|symbol| put_symbol(&mut out, symbol));
    out
}
