//! What a store keeps in memory beside the file.

use redb::ReadableTableMetadata as _;
use stockflow_core::{Result, RowKey, RowQuery, StoredRow, Symbol};

use super::{
    Inner,
    batch::Batch,
    plan::Plan,
    read,
    recent::{Recent, Waiting},
    schema::ReadTable,
    tips::{Tip, Tips},
    write::Chunks,
};

/// Rows that wait for their place in the table, and what is known of the end of each symbol's rows.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) recent: Recent,
    pub(super) tips: Tips,
    /// Commits so far: what was read before one is not remembered after it.
    pub(super) commits: u64,
}

impl Memory {
    /// Takes in what was committed.
    pub(super) fn committed(&mut self, batch: &Batch, plan: &Plan, chunks: &Chunks) {
        self.commits += 1;
        for (symbol, group) in &plan.move_out {
            let waiting = self.recent.symbols.get(symbol).and_then(Waiting::newest);
            let fresh = group.as_ref().map(|group| batch.key(group.end - 1).timestamp);
            self.tips.moved(symbol, waiting.max(fresh));
        }
        plan.moved.iter().for_each(|symbol| self.recent.moved(symbol));
        let mut kept = plan.keep.iter().flat_map(|group| batch.rows(group.clone()));
        for (number, rows) in chunks {
            let rows = kept.by_ref().take(*rows);
            self.recent.extend(*number, rows.map(|(key, value)| (*key, value)));
        }
        for _ in &plan.spent {
            self.recent.chunks.pop_front();
        }
        let moved_out = plan.move_out.values().flatten();
        for group in moved_out.chain(&plan.keep) {
            batch
                .rows(group.end - 1..group.end)
                .for_each(|(key, value)| self.tips.wrote(key, value));
        }
    }
}

impl Inner {
    /// The newest row of each symbol.
    pub(crate) fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        let mut newest = Vec::with_capacity(symbols.len());
        let mut unknown = Vec::new();
        let memory = self.memory();
        for (index, symbol) in symbols.iter().enumerate() {
            let Some(tip) = memory.tips.of(symbol) else {
                unknown.push(index);
                newest.push(None);
                continue;
            };
            let row = |(time, value): &(_, Box<[u8]>)| {
                let key = RowKey { symbol: *symbol, timestamp: *time };
                read::row(key, value, "newest", &self.faults)
            };
            newest.push(tip.newest.as_ref().map(row).transpose()?);
        }
        if unknown.is_empty() {
            return Ok(newest);
        }
        let table = self.table("newest")?;
        let commits = memory.commits;
        let mut tips = Vec::with_capacity(unknown.len());
        for index in unknown {
            let symbol = symbols[index];
            let query = RowQuery::latest(symbol, 1);
            let stored = read::stored(&table, &query, &self.faults)?;
            let tip = stored.last().map(|row| row.row.quote.timestamp);
            let waiting = read::waiting(&memory.recent, &query, &self.faults)?;
            newest[index] = read::merge(stored, waiting, Some(1)).pop();
            tips.push((symbol, tip, newest[index].clone()));
        }
        drop(memory);
        self.remember(tips, commits);
        Ok(newest)
    }

    fn remember(
        &self,
        tips: Vec<(Symbol, Option<stockflow_core::Timestamp>, Option<StoredRow>)>,
        commits: u64,
    ) {
        let mut memory = self.memory_mut();
        if memory.commits != commits {
            return;
        }
        for (symbol, stored, newest) in tips {
            let newest = newest.map(|row| {
                let mut value = Vec::new();
                crate::codec::encode_row(&row, &mut value);
                (row.row.quote.timestamp, value.into_boxed_slice())
            });
            memory.tips.remember(symbol, Tip { newest, stored });
        }
    }

    /// The rows that `query` asks for.
    pub(crate) fn rows(&self, query: &RowQuery) -> Result<Vec<StoredRow>> {
        let memory = self.memory();
        let waiting = read::waiting(&memory.recent, query, &self.faults)?;
        let tip = memory.tips.of(&query.symbol);
        if tip.is_some_and(|tip| tip.stored.is_none() || tip.stored <= query.after) {
            return Ok(waiting);
        }
        // The view is opened before rows can move on, so that none is missed between the two.
        let table = self.table("rows")?;
        drop(memory);
        Ok(read::merge(read::stored(&table, query, &self.faults)?, waiting, query.limit))
    }

    /// Whether there is a row of each key.
    pub(crate) fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        let memory = self.memory();
        let table: ReadTable = self.table("contains")?;
        keys.iter().map(|key| read::contains(&table, &memory.recent, key, &self.faults)).collect()
    }

    /// At most `limit` rows after `after`, of all symbols, in the order of their keys.
    pub(crate) fn page(&self, after: Option<RowKey>, limit: usize) -> Result<Vec<StoredRow>> {
        let memory = self.memory();
        let table = self.table("scan")?;
        read::page(&table, &memory.recent, after, limit, &self.faults)
    }

    /// How many rows there are.
    pub(crate) fn row_count(&self) -> Result<u64> {
        const OPERATION: &str = "row_count";
        let memory = self.memory();
        let table = self.table(OPERATION)?;
        let stored = table.len().map_err(self.faults.at(OPERATION))?;
        // A row that waits may be there in an older version.
        let mut twice = 0;
        for (symbol, waiting) in &memory.recent.symbols {
            let newest = read::stored(&table, &RowQuery::latest(*symbol, 1), &self.faults)?;
            let newest = newest.last().map(|row| row.row.quote.timestamp);
            for (timestamp, _) in waiting.all().take_while(|(time, _)| Some(*time) <= newest) {
                let key = RowKey { symbol: *symbol, timestamp };
                twice += u64::from(read::is_stored(&table, &key, OPERATION, &self.faults)?);
            }
        }
        Ok(stored + memory.recent.rows as u64 - twice)
    }
}
