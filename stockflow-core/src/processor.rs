//! Stage 1: decode, judge, store, archive.

mod inbox;
mod judge;
mod objects;
mod plan;
mod recall;
mod report;

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use hashbrown::HashMap;

use self::{
    inbox::Inbox,
    plan::{Panicked, Plan},
    recall::Recall,
};
use crate::{
    AnomalyDetector, Archive, BatchReport, Error, ItemFailure, Object, QuoteTable, RecordBatch,
    Result, Row, Rule, Rules, Sink, StoredRow, StreamRecord, Symbol,
};

pub(crate) use judge::Judge;
pub use objects::write_unreadable;
pub use report::{ProcessCounts, ProcessReport};

/// Stage 1 of the pipeline: decodes the records of a shard, judges each quote, stores the rows, archives the records.
///
/// # What it promises
/// - A record that the report does not name, nor any before it, is durable: its row is in the table, its line in the lake,
///   or it is in the quarantine.
/// - One row per symbol and market time; redelivery of anything, in any batching, changes no row and no verdict.
/// - A record that cannot be read hurts only itself, and so does one on which a detector panics: both are quarantined.
///
/// One writer per symbol is assumed. Memory is a cache: it is checked against the table's newest row before each batch, and
/// rebuilt where they disagree.
///
/// # The order of writes
/// Rows, then extra sinks, then each symbol's last accepted row as its checkpoint, then lake, then quarantine: after a crash
/// anywhere between, redelivery repeats the same judgements and overwrites the same rows.
#[derive(Debug)]
pub struct Processor {
    rules: Arc<[Rule<dyn AnomalyDetector>]>,
    table: Arc<dyn QuoteTable>,
    lake: Arc<dyn Archive>,
    quarantine: Arc<dyn Archive>,
    sinks: Vec<Arc<dyn Sink<Row>>>,
    memory: HashMap<Symbol, Recall>,
}

impl Processor {
    /// Stage 1 with the anomaly rules of `rules`, writing to these backends.
    #[must_use]
    pub fn new(
        rules: &Rules,
        table: Arc<dyn QuoteTable>,
        lake: Arc<dyn Archive>,
        quarantine: Arc<dyn Archive>,
    ) -> Self {
        let rules = rules.anomaly.clone().into();
        Self { rules, table, lake, quarantine, sinks: Vec::new(), memory: HashMap::new() }
    }

    /// Hands every accepted row to `sink` too, at least once, in order, before its batch is acknowledged.
    #[must_use]
    pub fn with_sink(mut self, sink: Arc<dyn Sink<Row>>) -> Self {
        self.sinks.push(sink);
        self
    }

    /// Takes in the records of one shard, in stream order.
    ///
    /// # Errors
    /// A backend failed as a whole, and nothing of the batch is acknowledged: it has to come again. What failed for single
    /// records is in the report.
    pub async fn process(&mut self, batch: &RecordBatch) -> Result<ProcessReport> {
        let mut inbox = Inbox::open(batch);
        // Taken out of the memory: whatever fails below, or is dropped half-way, leaves nothing wrong behind.
        let mut recalls = self.recall(&inbox.symbols).await?;
        step("recalled");
        let draft = loop {
            match Plan::judge(batch, &inbox, &mut recalls) {
                Ok(draft) => break draft,
                Err(Panicked { record, message }) => {
                    inbox.refuse(record, format!("a detector panicked on it: {message}"));
                    // What the detectors had learnt of this batch is as good as lost.
                    recalls = self.recall(&inbox.symbols).await?;
                }
            }
        };
        let mut plan = draft.finish(batch, self.table.as_ref()).await?;
        step("judged");

        let mut frontier = Frontier::new(&batch.records);
        self.store_rows(&plan, &recalls, &mut frontier).await?;
        self.offer_to_sinks(&plan, &mut frontier).await?;
        self.store_checkpoints(&mut plan, &recalls, &mut frontier).await?;
        self.archive(batch, &inbox, frontier.at).await?;

        if frontier.error.is_none() {
            for (symbol, mut recall) in inbox.symbols.iter().zip(recalls) {
                recall.checkpointed();
                self.memory.insert(*symbol, recall);
            }
        }
        let counts = ProcessCounts::of(&plan, frontier.at);
        let symbols = inbox.symbols.len();
        Ok(ProcessReport { counts, symbols, report: frontier.into_report() })
    }

    /// The memory of each symbol, from the table where there is none or where it is not what the table says: one read for each
    /// symbol, unless its memory turns out to be wrong.
    async fn recall(&mut self, symbols: &[Symbol]) -> Result<Vec<Recall>> {
        let mut recalls: Vec<Option<Recall>> =
            symbols.iter().map(|symbol| self.memory.remove(symbol)).collect();
        let known: Vec<usize> = (0..symbols.len()).filter(|&at| recalls[at].is_some()).collect();
        let asked: Vec<Symbol> = known.iter().map(|&at| symbols[at]).collect();
        if !asked.is_empty() {
            let newest = self.table.newest(&asked).await?;
            for (at, newest) in known.into_iter().zip(newest) {
                recalls[at].take_if(|recall| !newest.is_some_and(|row| recall.agrees_with(&row)));
            }
        }
        let wanted: Vec<(Symbol, Option<Recall>)> = symbols.iter().copied().zip(recalls).collect();
        let (table, rules) = (self.table.as_ref(), &self.rules[..]);
        let recalls = wanted.into_iter().map(|(symbol, remembered)| async move {
            match remembered {
                Some(recall) => Ok(recall),
                None => Recall::rebuild(table, rules, symbol).await,
            }
        });
        stream::iter(recalls).buffered(READS_AT_ONCE).try_collect().await
    }

    /// Stores every row but each symbol's last accepted one, and marks as late what an earlier batch left behind.
    async fn store_rows(
        &self,
        plan: &Plan,
        recalls: &[Recall],
        frontier: &mut Frontier<'_>,
    ) -> Result<()> {
        let mut rows: Vec<StoredRow> = Vec::with_capacity(plan.rows.len());
        let mut records = Vec::with_capacity(plan.rows.len());
        let mut last = vec![false; plan.rows.len()];
        plan.by_symbol
            .iter()
            .filter_map(|rows| rows.clone().last())
            .for_each(|row| last[row] = true);
        for (index, row) in plan.rows.iter().enumerate().filter(|(index, _)| !last[*index]) {
            rows.push(row.clone());
            records.push(plan.row_records[index]);
        }
        let (abandoned, first_records) = plan.abandoned(recalls);
        rows.extend(abandoned);
        records.extend(first_records);
        if !rows.is_empty() {
            frontier.cut(self.table.put(&rows).await?, |index| records[index]);
        }
        step("rows_stored");
        if !plan.late.is_empty() {
            frontier
                .cut(self.table.put_absent(&plan.late).await?, |index| plan.late_records[index]);
        }
        step("late_stored");
        Ok(())
    }

    async fn offer_to_sinks(&self, plan: &Plan, frontier: &mut Frontier<'_>) -> Result<()> {
        if self.sinks.is_empty() {
            return Ok(());
        }
        let before = |row: &usize| plan.row_records[*row] < frontier.at;
        let mut indices: Vec<usize> = (0..plan.rows.len()).filter(before).collect();
        indices.sort_unstable_by_key(|row| plan.row_records[*row]);
        let rows: Vec<Row> = indices.iter().map(|row| plan.rows[*row].row.clone()).collect();
        for sink in &self.sinks {
            frontier.cut(sink.write(&rows).await?, |index| plan.row_records[indices[index]]);
        }
        step("sinks_written");
        Ok(())
    }

    /// Stores the last accepted row of each symbol before the frontier as its checkpoint.
    async fn store_checkpoints(
        &self,
        plan: &mut Plan,
        recalls: &[Recall],
        frontier: &mut Frontier<'_>,
    ) -> Result<()> {
        let (indices, first_records) = plan.mark_checkpoints(recalls, frontier.at);
        let rows: Vec<StoredRow> = indices.iter().map(|&index| plan.rows[index].clone()).collect();
        if !rows.is_empty() {
            // Without its checkpoint, nothing of the symbol in this batch counts as stored.
            frontier.cut(self.table.put(&rows).await?, |index| first_records[index]);
        }
        step("checkpoints_stored");
        Ok(())
    }

    async fn archive(&self, batch: &RecordBatch, inbox: &Inbox, frontier: usize) -> Result<()> {
        put_all(self.lake.as_ref(), objects::lake(batch, inbox, frontier)).await?;
        step("archived");
        put_all(self.quarantine.as_ref(), objects::quarantine(batch, inbox, frontier)).await?;
        step("quarantined");
        Ok(())
    }
}

/// Symbols that are read back side by side: after a cold start, each waits for a network.
const READS_AT_ONCE: usize = 16;

/// Stores objects side by side: a batch over many days has many, and each waits for a disk or a network.
async fn put_all(archive: &dyn Archive, objects: Vec<Object>) -> Result<()> {
    const AT_ONCE: usize = 32;
    let puts = objects.into_iter().map(|object| archive.put(object));
    stream::iter(puts).buffer_unordered(AT_ONCE).try_collect::<()>().await
}

/// Leaves a trace of how far a batch got, for those who test what a crash does there.
fn step(step: &'static str) {
    tracing::trace!(target: "stockflow::step", stage = 1, step);
}

/// The first record that is not durable, and why. Of a record of the stream that holds many quotes, it is the first quote: the stream
/// brings only whole records again.
#[derive(Debug)]
struct Frontier<'a> {
    records: &'a [StreamRecord],
    at: usize,
    error: Option<Error>,
}

impl<'a> Frontier<'a> {
    const fn new(records: &'a [StreamRecord]) -> Self {
        Self { records, at: records.len(), error: None }
    }

    /// Takes in the failures of a call whose items belong to the records that `record_of` tells.
    fn cut(&mut self, report: BatchReport, record_of: impl Fn(usize) -> usize) {
        for ItemFailure { index, error } in report.into_failures() {
            let record = record_of(index);
            if record < self.at {
                self.at = self.whole(record);
                self.error = Some(error);
            }
        }
    }

    /// The first quote of the stream's record that the quote of that index came in.
    fn whole(&self, record: usize) -> usize {
        let sequence = &self.records[record].position.sequence;
        let before = self.records[..record].iter().rev();
        record - before.take_while(|before| before.position.sequence == *sequence).count()
    }

    fn into_report(self) -> BatchReport {
        match self.error {
            None => BatchReport::complete(),
            Some(error) => BatchReport::partial(vec![ItemFailure { index: self.at, error }]),
        }
    }
}
