//! The change feed: checkpoint rows in the order in which they were put.

use redb::ReadableDatabase;
use stockflow_core::{Result, StoredRow};
use tokio::sync::watch;

use super::{
    Inner, Store, read,
    schema::{FEED, META, meta},
};
use crate::codec::{bytes::Reader, key::read_entry};

const OPERATION: &str = "feed";

impl Store {
    /// The first `max` checkpoint rows that are not acknowledged, with their numbers, as they were when they were put.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](stockflow_core::ErrorKind::Corrupt) for an entry that cannot be read.
    pub fn feed(&self, max: usize) -> Result<Vec<(u64, StoredRow)>> {
        self.feed_after(0, max)
    }

    /// As [`feed`](Self::feed), from the first entry whose number is above `after` on: for a reader that goes ahead of what
    /// it acknowledges.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub fn feed_after(&self, after: u64, max: usize) -> Result<Vec<(u64, StoredRow)>> {
        let acked = self.inner.outbox().acked().unwrap_or(0);
        self.inner.feed_after(after.max(acked), max)
    }

    /// Notes that all entries up to the number `up_to` are done with: they do not come again.
    ///
    /// It is durable with the next commit, together with all changes to the ledger before it: after a crash in between, the
    /// entries come again.
    pub fn ack_feed(&self, up_to: u64) {
        self.inner.outbox().change(|changes| changes.acked = changes.acked.max(Some(up_to)));
    }

    /// Tells the number of the feed's newest entry whenever there is a new one.
    #[must_use]
    pub fn watch_feed(&self) -> watch::Receiver<u64> {
        self.inner.fed.subscribe()
    }
}

impl Inner {
    fn feed_after(&self, after: u64, max: usize) -> Result<Vec<(u64, StoredRow)>> {
        let at = || self.faults.at::<redb::StorageError>(OPERATION);
        let txn = self.database.begin_read().map_err(self.faults.at(OPERATION))?;
        let counters = txn.open_table(META).map_err(self.faults.at(OPERATION))?;
        let acked = counters.get(meta::FEED_ACKED).map_err(at())?.map_or(0, |acked| acked.value());
        let after = after.max(acked);
        // What was told, and no more: rows behind later entries may not be visible yet.
        let last = *self.fed.borrow();
        let table = txn.open_table(FEED).map_err(self.faults.at(OPERATION))?;
        let before = table.range(..=after.saturating_add(1)).map_err(at())?.next_back();
        let start = before.transpose().map_err(at())?.map_or(0, |(first, _)| first.value());
        let mut entries = Vec::new();
        for chunk in table.range(start..).map_err(at())? {
            let (first, chunk) = chunk.map_err(at())?;
            let mut reader = Reader(chunk.value());
            let mut number = first.value();
            while !reader.is_empty() {
                if entries.len() == max || number > last {
                    return Ok(entries);
                }
                let name = || format!("entry {number} of the feed");
                let (key, value) = read_entry(&mut reader)
                    .map_err(|error| self.faults.unreadable(OPERATION, name)(error))?;
                if number > after {
                    entries.push((number, read::row(key, value, OPERATION, &self.faults)?));
                }
                number += 1;
            }
        }
        Ok(entries)
    }
}
