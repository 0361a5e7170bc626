//! What is to be stored of a batch.

use std::{
    any::Any,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{inbox::Inbox, judge::Judge, recall::Recall};
use crate::{
    Checkpoint, Judgement, Quote, QuoteTable, RecordBatch, Result, Row, RowKey, StoredRow,
    Timestamp,
};

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// To be judged and stored: its index in [`Plan::rows`].
    Accepted(usize),
    /// Stored with that mark: its index in [`Plan::late`].
    Late(usize),
    /// Its row is there already.
    Duplicate,
    /// Cannot be read.
    Quarantined,
}

/// A record on whose quote a detector panicked.
#[derive(Debug)]
pub(super) struct Panicked {
    pub(super) record: usize,
    pub(super) message: String,
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

/// A plan in which quotes that came after a later one of their symbol are not sorted out yet.
#[derive(Debug)]
pub(super) struct Draft {
    plan: Plan,
    /// Record and quote of each of those.
    behind: Vec<(usize, Quote)>,
}

impl Draft {
    /// Of the quotes that came after a later one: those without a row are late.
    pub(super) async fn finish(
        mut self,
        batch: &RecordBatch,
        table: &dyn QuoteTable,
    ) -> Result<Plan> {
        self.plan.sort_out_late(batch, self.behind, table).await?;
        Ok(self.plan)
    }
}

/// The rows of a batch, before anything is written.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// By record.
    pub(super) fates: Vec<Fate>,
    /// Accepted rows, symbol by symbol, those of a symbol in stream order.
    pub(super) rows: Vec<StoredRow>,
    /// Record of each accepted row.
    pub(super) row_records: Vec<usize>,
    /// Late rows, in stream order.
    pub(super) late: Vec<StoredRow>,
    /// Record of each late row.
    pub(super) late_records: Vec<usize>,
    /// By symbol of the inbox: indices of its accepted rows.
    pub(super) by_symbol: Vec<Range<usize>>,
}

impl Plan {
    /// Judges the quotes of each symbol in stream order, symbol by symbol, so that what is known of one is at hand; fails at a
    /// quote on which a detector panics.
    pub(super) fn judge(
        batch: &RecordBatch,
        inbox: &Inbox,
        recalls: &mut [Recall],
    ) -> Result<Draft, Panicked> {
        let mut plan = Self {
            fates: vec![Fate::Quarantined; inbox.letters.len()],
            rows: Vec::with_capacity(inbox.letters.len()),
            row_records: Vec::with_capacity(inbox.letters.len()),
            by_symbol: Vec::with_capacity(recalls.len()),
            ..Self::default()
        };
        let mut behind = Vec::new();
        for (records, recall) in inbox.by_symbol().zip(recalls) {
            let start = plan.rows.len();
            for (record, quote) in records {
                plan.judge_one(batch, record, quote, start, &mut recall.judge, &mut behind)?;
            }
            plan.by_symbol.push(start..plan.rows.len());
        }
        behind.sort_unstable_by_key(|(record, _)| *record);
        Ok(Draft { plan, behind })
    }

    /// `start` is the index of the symbol's first row.
    fn judge_one(
        &mut self,
        batch: &RecordBatch,
        record: usize,
        quote: &Quote,
        start: usize,
        judge: &mut Judge,
        behind: &mut Vec<(usize, Quote)>,
    ) -> Result<(), Panicked> {
        if !judge.would_accept(quote) {
            self.fates[record] = Fate::Duplicate;
            if !self.accepted_among(quote, start..self.rows.len()) {
                behind.push((record, *quote));
            }
            return Ok(());
        }
        // Whatever is left half-done in the judge is thrown away with it.
        let judgement = catch_unwind(AssertUnwindSafe(|| judge.accept(quote)))
            .map_err(|panic| Panicked { record, message: message(panic.as_ref()) })?;
        self.fates[record] = Fate::Accepted(self.rows.len());
        let row = Row { quote: *quote, judgement };
        let arrival = Some(batch.records[record].arrival);
        self.rows.push(StoredRow { row, checkpoint: None, arrival });
        self.row_records.push(record);
        Ok(())
    }

    fn accepted_here(&self, quote: &Quote, symbol: usize) -> bool {
        self.accepted_among(quote, self.by_symbol[symbol].clone())
    }

    fn accepted_among(&self, quote: &Quote, rows: Range<usize>) -> bool {
        let time = |stored: &StoredRow| stored.row.quote.timestamp;
        self.rows[rows].binary_search_by_key(&quote.timestamp, time).is_ok()
    }

    /// Of the quotes that came after a later one: those without a row are late, of two alike the first.
    async fn sort_out_late(
        &mut self,
        batch: &RecordBatch,
        behind: Vec<(usize, Quote)>,
        table: &dyn QuoteTable,
    ) -> Result<()> {
        if behind.is_empty() {
            return Ok(());
        }
        let keys: Vec<RowKey> = behind
            .iter()
            .map(|(_, q)| RowKey { symbol: q.symbol, timestamp: q.timestamp })
            .collect();
        let stored = table.contains(&keys).await?;
        let mut seen = hashbrown::HashSet::new();
        for (((record, quote), key), stored) in behind.into_iter().zip(keys).zip(stored) {
            if !stored && seen.insert(key) {
                self.fates[record] = Fate::Late(self.late.len());
                let arrival = Some(batch.records[record].arrival);
                self.late.push(late(quote, arrival));
                self.late_records.push(record);
            }
        }
        Ok(())
    }

    /// Rows that an earlier batch left after the last checkpoint and that this one did not accept again, as late rows; each with
    /// the first record of its symbol in this batch, which must not be acknowledged before they are marked.
    pub(super) fn abandoned(&self, recalls: &[Recall]) -> (Vec<StoredRow>, Vec<usize>) {
        let mut rows = Vec::new();
        let mut records = Vec::new();
        for (symbol, recall) in recalls.iter().enumerate() {
            let Some(first) = self.by_symbol[symbol].clone().next() else { continue };
            for orphan in &recall.orphans {
                if !self.accepted_here(&orphan.row.quote, symbol) {
                    rows.push(late(orphan.row.quote, orphan.arrival));
                    records.push(self.row_records[first]);
                }
            }
        }
        (rows, records)
    }

    /// The last accepted row of a symbol among the records before `frontier`.
    pub(super) fn last_before(&self, symbol: usize, frontier: usize) -> Option<usize> {
        let rows = self.by_symbol[symbol].clone();
        let records = &self.row_records[rows.clone()];
        let count = records.partition_point(|record| *record < frontier);
        count.checked_sub(1).map(|last| rows.start + last)
    }

    /// Marks the last accepted row of each symbol before `frontier` as its checkpoint: their indices, and those of
    /// the first accepted record of the same symbol.
    pub(super) fn mark_checkpoints(
        &mut self,
        recalls: &[Recall],
        frontier: usize,
    ) -> (Vec<usize>, Vec<usize>) {
        let mut rows = Vec::new();
        let mut first_records = Vec::new();
        for (symbol, recall) in recalls.iter().enumerate() {
            if let Some(last) = self.last_before(symbol, frontier) {
                self.rows[last].checkpoint = Some(Checkpoint { previous: recall.checkpoint });
                rows.push(last);
                first_records.push(self.row_records[self.by_symbol[symbol].start]);
            }
        }
        (rows, first_records)
    }
}

const fn late(quote: Quote, arrival: Option<Timestamp>) -> StoredRow {
    StoredRow { row: Row { quote, judgement: Judgement::Late }, checkpoint: None, arrival }
}
