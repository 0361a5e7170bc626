//! Rows on their way into the file.

use std::{collections::HashSet, ops::Range};

use stockflow_core::{RowKey, StoredRow};

use crate::codec;

/// Encoded rows, sorted by key, each key once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    rows: Vec<Encoded>,
    /// Checkpoint rows in the order of the call.
    feed: Vec<Encoded>,
    values: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Encoded {
    key: RowKey,
    start: usize,
    length: usize,
}

/// Rows of one symbol.
pub(super) type Group = Range<usize>;

impl Batch {
    /// Encodes `rows`; of two with the same key the last counts, or the first if `keep_first`.
    pub(crate) fn new(rows: &[StoredRow], keep_first: bool) -> Self {
        let mut values = Vec::with_capacity(rows.len() * 40);
        let mut encoded: Vec<Encoded> = Vec::with_capacity(rows.len());
        let mut feed = Vec::new();
        for row in rows {
            let start = values.len();
            codec::encode_row(row, &mut values);
            let item = Encoded { key: row.row.key(), start, length: values.len() - start };
            encoded.push(item);
            if row.checkpoint.is_some() {
                feed.push(item);
            }
        }
        // Stable, so that rows of one key keep the order of the call.
        encoded.sort_by_key(|item| item.key);
        encoded.dedup_by(|later, kept| {
            let same = later.key == kept.key;
            if same && !keep_first {
                *kept = *later;
            }
            same
        });
        Self { rows: encoded, feed, values }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Leaves out the rows whose key `is_there`.
    pub(super) fn retain_absent<E>(
        &mut self,
        mut is_there: impl FnMut(&RowKey) -> Result<bool, E>,
    ) -> Result<(), E> {
        let mut there = HashSet::new();
        for item in &self.rows {
            if is_there(&item.key)? {
                there.insert(item.key);
            }
        }
        self.rows.retain(|item| !there.contains(&item.key));
        // One that was stored before, or comes twice here, is told of at most once.
        let mut told = there;
        self.feed.retain(|item| told.insert(item.key));
        Ok(())
    }

    /// Ranges of rows with the same symbol, ascending.
    pub(super) fn groups(&self) -> Vec<Group> {
        let mut groups = Vec::new();
        let mut start = 0;
        for group in self.rows.chunk_by(|a, b| a.key.symbol == b.key.symbol) {
            groups.push(start..start + group.len());
            start += group.len();
        }
        groups
    }

    pub(super) fn key(&self, row: usize) -> &RowKey {
        &self.rows[row].key
    }

    pub(super) fn rows(&self, group: Group) -> impl DoubleEndedIterator<Item = (&RowKey, &[u8])> {
        self.rows[group].iter().map(|item| (&item.key, self.value(item)))
    }

    /// Checkpoint rows in the order of the call.
    pub(super) fn feed(&self) -> impl ExactSizeIterator<Item = (&RowKey, &[u8])> {
        self.feed.iter().map(|item| (&item.key, self.value(item)))
    }

    fn value(&self, item: &Encoded) -> &[u8] {
        &self.values[item.start..item.start + item.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::row;

    #[test]
    fn rows_are_sorted_and_of_two_alike_one_counts() {
        let mut other = row("B", 1, false);
        other.row.quote.volume = stockflow_core::Volume::ZERO;
        let rows = [row("B", 1, false), row("A", 2, true), other.clone(), row("A", 1, true)];
        let last = Batch::new(&rows, false);
        assert_eq!(last.groups(), [0..2, 2..3]);
        let value = |batch: &Batch| {
            let (key, value) = batch.rows(2..3).next().map(|(k, v)| (*k, v.to_vec())).unwrap();
            codec::decode_row(key, &value).unwrap()
        };
        assert_eq!(value(&last), other);
        assert_eq!(value(&Batch::new(&rows, true)), rows[0]);
        let told: Vec<_> = last.feed().map(|(key, _)| *key).collect();
        assert_eq!(told, [rows[1].row.key(), rows[3].row.key()]);
    }
}
