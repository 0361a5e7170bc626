//! One transaction: rows, the feed, and what the outbox holds.

use std::{collections::BTreeMap, ops::Bound};

use redb::{CursorError, ReadableTable as _, Table, WriteTransaction};
use stockflow_core::{Error, Result, RowKey, Symbol, Timestamp};

use super::{
    batch::Batch,
    fault::Faults,
    outbox::Changes,
    plan::Plan,
    recent::{self, Recent},
    schema::{
        ALERT_TIMES, ALERTS, CHUNK_BYTES, FEED, META, POLICIES, RECENT, ROWS, WriteTable, meta,
    },
};
use crate::codec::key::{key_bytes, put_entry, put_key};

/// A transaction on its way, with the name of the call that it is for.
pub(super) struct Writing<'a> {
    pub(super) txn: &'a WriteTransaction,
    pub(super) faults: &'a Faults,
    pub(super) operation: &'static str,
}

/// Where the kept rows of a batch went: number of the chunk, and of the rows in it.
pub(super) type Chunks = Vec<(u64, usize)>;

impl Writing<'_> {
    fn at<E: Into<redb::Error>>(&self) -> impl Fn(E) -> Error + '_ {
        self.faults.at(self.operation)
    }

    fn open(&self) -> Result<WriteTable<'_>> {
        self.txn.open_table(ROWS).map_err(self.at())
    }

    /// Leaves out the rows that are there already.
    pub(super) fn retain_absent(&self, batch: &mut Batch, recent: &Recent) -> Result<()> {
        let table = self.open()?;
        let mut buffer = Vec::new();
        batch.retain_absent(|key| {
            if recent.symbols.get(&key.symbol).is_some_and(|w| w.contains(key.timestamp)) {
                return Ok(true);
            }
            buffer.clear();
            put_key(&mut buffer, key);
            Ok(table.get(buffer.as_slice()).map_err(self.at())?.is_some())
        })
    }

    /// Stores the rows of `batch` as `plan` says.
    pub(super) fn rows(&self, batch: &Batch, plan: &Plan, recent: &Recent) -> Result<Chunks> {
        let mut table = self.open()?;
        for (symbol, group) in &plan.move_out {
            let fresh = group.iter().flat_map(|group| batch.rows(group.clone()));
            let fresh = fresh.map(|(key, value)| (key.timestamp, value));
            match recent.symbols.get(symbol) {
                None => self.run(&mut table, *symbol, fresh)?,
                Some(waiting) => {
                    // Of the same time, the one of the batch is collected last and counts.
                    let all: BTreeMap<_, _> = waiting.all().chain(fresh).collect();
                    self.run(&mut table, *symbol, all.into_iter())?;
                }
            }
        }
        self.keep(batch, plan, recent)
    }

    /// Writes rows of one symbol, ascending in time.
    fn run<'v>(
        &self,
        table: &mut WriteTable<'_>,
        symbol: Symbol,
        rows: impl Iterator<Item = (Timestamp, &'v [u8])>,
    ) -> Result<()> {
        let mut rows = rows.peekable();
        let mut key = Vec::with_capacity(32);
        while let Some((first, _)) = rows.peek() {
            // A cursor writes a run three times as fast as single calls, but only into a gap between keys.
            let start = key_bytes(symbol, *first);
            let start = Bound::Included(start.as_slice());
            let mut cursor = table.lower_bound_mut(start).map_err(self.at())?;
            let mut in_the_way = None;
            for (timestamp, value) in rows.by_ref() {
                key.clear();
                put_key(&mut key, &RowKey { symbol, timestamp });
                match cursor.insert_before(key.as_slice(), value) {
                    Ok(()) => {}
                    Err(CursorError::UnorderedKey) => {
                        in_the_way = Some(value);
                        break;
                    }
                    Err(error) => return Err(self.at()(error)),
                }
            }
            cursor.close().map_err(self.at())?;
            if let Some(value) = in_the_way {
                table.insert(key.as_slice(), value).map_err(self.at())?;
            }
        }
        Ok(())
    }

    /// Writes the rows that wait, in the order of their keys, and removes what nobody waits in any more.
    fn keep(&self, batch: &Batch, plan: &Plan, recent: &Recent) -> Result<Chunks> {
        let mut table = self.txn.open_table(RECENT).map_err(self.at())?;
        for number in &plan.spent {
            table.remove(number).map_err(self.at())?;
        }
        let mut chunks = Chunks::new();
        let none_waits = plan.spent.len() == recent.chunks.len();
        if plan.keep.is_empty() && (plan.moved.is_empty() || none_waits) {
            return Ok(chunks);
        }
        let mut next = self.counter(meta::CHUNK_NEXT)?.unwrap_or(0);
        let mut chunk = recent::chunk(&plan.moved);
        let mut count = 0;
        for (key, value) in plan.keep.iter().flat_map(|group| batch.rows(group.clone())) {
            if chunk.len() + value.len() > CHUNK_BYTES {
                table.insert(next, chunk.as_slice()).map_err(self.at())?;
                chunks.push((next, count));
                (next, chunk, count) = (next + 1, recent::chunk(&[]), 0);
            }
            put_entry(&mut chunk, key, value);
            count += 1;
        }
        table.insert(next, chunk.as_slice()).map_err(self.at())?;
        chunks.push((next, count));
        drop(table);
        self.set_counter(meta::CHUNK_NEXT, next + 1)?;
        Ok(chunks)
    }

    /// Appends the checkpoint rows of `batch` to the feed; the number of the next entry, if there are any.
    pub(super) fn feed(&self, batch: &Batch) -> Result<Option<u64>> {
        if batch.feed().len() == 0 {
            return Ok(None);
        }
        let mut table = self.txn.open_table(FEED).map_err(self.at())?;
        let mut first = self.counter(meta::FEED_NEXT)?.unwrap_or(1);
        let mut next = first;
        let mut chunk = Vec::new();
        for (key, value) in batch.feed() {
            if !chunk.is_empty() && chunk.len() + value.len() > CHUNK_BYTES {
                table.insert(first, chunk.as_slice()).map_err(self.at())?;
                chunk.clear();
                first = next;
            }
            put_entry(&mut chunk, key, value);
            next += 1;
        }
        table.insert(first, chunk.as_slice()).map_err(self.at())?;
        drop(table);
        self.set_counter(meta::FEED_NEXT, next)?;
        Ok(Some(next))
    }

    /// Stores what the outbox holds.
    pub(super) fn changes(&self, changes: &Changes) -> Result<()> {
        if let Some(acked) = changes.acked {
            self.acknowledge(acked)?;
        }
        if !changes.alerts.is_empty() {
            let mut alerts = self.txn.open_table(ALERTS).map_err(self.at())?;
            let mut times = self.txn.open_table(ALERT_TIMES).map_err(self.at())?;
            for (id, alert) in &changes.alerts {
                self.insert(&mut alerts, id, &alert.value)?;
                self.insert(&mut times, &alert.time_key, &[])?;
            }
        }
        if !changes.policies.is_empty() {
            let mut policies = self.txn.open_table(POLICIES).map_err(self.at())?;
            for (key, state) in &changes.policies {
                self.insert(&mut policies, key, state)?;
            }
        }
        Ok(())
    }

    fn acknowledge(&self, acked: u64) -> Result<()> {
        let next = self.counter(meta::FEED_NEXT)?.unwrap_or(1);
        let acked = acked.min(next - 1).max(self.counter(meta::FEED_ACKED)?.unwrap_or(0));
        self.set_counter(meta::FEED_ACKED, acked)?;
        let mut table = self.txn.open_table(FEED).map_err(self.at())?;
        let mut firsts = Vec::new();
        for entry in table.range(..=acked + 1).map_err(self.at())? {
            firsts.push(entry.map_err(self.at())?.0.value());
        }
        if acked + 1 == next {
            firsts.push(next);
        }
        // A chunk is done with when the one after it starts at or before the first that is not acknowledged.
        for pair in firsts.windows(2) {
            table.remove(pair[0]).map_err(self.at())?;
        }
        Ok(())
    }

    fn insert(&self, table: &mut WriteTable<'_>, key: &[u8], value: &[u8]) -> Result<()> {
        table.insert(key, value).map_err(self.at())?;
        Ok(())
    }

    fn meta(&self) -> Result<Table<'_, &'static str, u64>> {
        self.txn.open_table(META).map_err(self.at())
    }

    fn counter(&self, name: &str) -> Result<Option<u64>> {
        Ok(self.meta()?.get(name).map_err(self.at())?.map(|value| value.value()))
    }

    fn set_counter(&self, name: &str, value: u64) -> Result<()> {
        self.meta()?.insert(name, value).map_err(self.at())?;
        Ok(())
    }
}
