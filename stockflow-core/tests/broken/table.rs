use std::{collections::HashMap, sync::Mutex};

use async_trait::async_trait;
use stockflow_core::{
    BatchReport, Error, ErrorKind, ItemFailure, QuoteHistory, QuoteTable, Result, RowKey, RowQuery,
    StoredRow, Symbol,
    conformance::{Harness, history, table},
    memory::MemoryTable,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Defect {
    LosesMarks,
    KeepsOrderOfWriting,
    LimitKeepsOldest,
    LowerBoundInclusive,
    UpperBoundExclusive,
    ReadsByPrefix,
    EmptyIsAnError,
    ReadsOnePage,
    FirstPutCounts,
    PutAbsentReplaces,
    PutAbsentReports,
    NewestLeavesOutUnknown,
    NewestLeavesOutLate,
    ComparesSeconds,
    TakesHalfABatch,
    RefusesEmptyCalls,
    ChecksThenPuts,
}
use Defect::*;

#[derive(Debug)]
struct Broken {
    inner: MemoryTable,
    log: Mutex<Vec<StoredRow>>,
    defect: Option<Defect>,
}

impl Broken {
    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn refuse(&self, empty: bool) -> Result<()> {
        let refused = self.has(RefusesEmptyCalls) && empty;
        if refused { Err(Error::new(ErrorKind::Rejected, "broken", "call")) } else { Ok(()) }
    }
}

#[async_trait]
impl QuoteHistory for Broken {
    async fn rows(&self, mut query: RowQuery) -> Result<Vec<StoredRow>> {
        let micro = std::time::Duration::from_micros(1);
        let limit = query.limit;
        match self.defect {
            Some(LowerBoundInclusive) => {
                query.after = query.after.map(|after| after.saturating_sub(micro))
            }
            Some(UpperBoundExclusive) => query.up_to = query.up_to.saturating_sub(micro),
            Some(LimitKeepsOldest) => query.limit = None,
            _ => {}
        }
        let mut rows = self.inner.rows(query).await?;
        match self.defect {
            Some(LosesMarks) => rows.iter_mut().for_each(|row| row.checkpoint = None),
            Some(KeepsOrderOfWriting) => {
                let log = self.log.lock().unwrap();
                let numbers: HashMap<RowKey, usize> =
                    log.iter().enumerate().map(|(n, row)| (row.row.key(), n)).collect();
                rows.sort_by_key(|row| numbers[&row.row.key()]);
            }
            Some(LimitKeepsOldest) => rows.truncate(limit.unwrap_or(usize::MAX)),
            Some(ReadsByPrefix) => {
                rows = self.inner.snapshot();
                rows.retain(|row| row.row.quote.symbol.as_str().starts_with(query.symbol.as_str()));
            }
            Some(EmptyIsAnError) if rows.is_empty() => {
                return Err(Error::new(ErrorKind::NotFound, "broken", "rows"));
            }
            Some(ReadsOnePage) => rows.truncate(1_000),
            _ => {}
        }
        Ok(rows)
    }
}

#[async_trait]
impl QuoteTable for Broken {
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        self.refuse(symbols.is_empty())?;
        let mut newest = self.inner.newest(symbols).await?;
        match self.defect {
            Some(NewestLeavesOutUnknown) => newest.retain(Option::is_some),
            Some(NewestLeavesOutLate) => {
                let rows = self.inner.snapshot();
                let judged = |s: &Symbol| {
                    rows.iter().rfind(|r| r.row.quote.symbol == *s && !r.row.is_late()).cloned()
                };
                newest = symbols.iter().map(judged).collect();
            }
            _ => {}
        }
        Ok(newest)
    }

    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        self.refuse(keys.is_empty())?;
        if self.has(ComparesSeconds) {
            let rows = self.inner.snapshot();
            let second = |key: &RowKey| (key.symbol, key.timestamp.as_micros() / 1_000_000);
            let there = |key| rows.iter().any(|row| second(&row.row.key()) == second(key));
            return Ok(keys.iter().map(there).collect());
        }
        self.inner.contains(keys).await
    }

    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        self.refuse(rows.is_empty())?;
        self.log.lock().unwrap().extend_from_slice(rows);
        match self.defect {
            Some(FirstPutCounts) => self.inner.put_absent(rows).await,
            Some(TakesHalfABatch) => self.inner.put(&rows[..rows.len().div_ceil(2)]).await,
            _ => self.inner.put(rows).await,
        }
    }

    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        self.refuse(rows.is_empty())?;
        self.log.lock().unwrap().extend_from_slice(rows);
        match self.defect {
            Some(PutAbsentReplaces) => self.inner.put(rows).await,
            Some(PutAbsentReports) => {
                let keys: Vec<RowKey> = rows.iter().map(|row| row.row.key()).collect();
                let there = self.inner.contains(&keys).await?;
                let _ = self.inner.put_absent(rows).await?;
                let failure = |(index, _)| ItemFailure {
                    index,
                    error: Error::new(ErrorKind::Rejected, "broken", "put_absent"),
                };
                let there = there.into_iter().enumerate().filter(|(_, there)| *there);
                Ok(BatchReport::partial(there.map(failure).collect()))
            }
            Some(ChecksThenPuts) if rows.len() == 1 => {
                for row in rows {
                    if !self.inner.contains(&[row.row.key()]).await?[0] {
                        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                        let _ = self.inner.put(std::slice::from_ref(row)).await?;
                    }
                }
                Ok(BatchReport::complete())
            }
            _ => self.inner.put_absent(rows).await,
        }
    }
}

fn with(defect: Option<Defect>) -> impl Harness<Backend = Broken> {
    move || async move { Broken { inner: MemoryTable::new(), log: Mutex::default(), defect } }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_broken_table_is_noticed() {
    noticed!(table::all, with, {
        LosesMarks => history::rows_come_back_as_they_were_put,
        KeepsOrderOfWriting => history::rows_come_in_the_order_of_market_time,
        LimitKeepsOldest => history::a_limit_keeps_the_newest,
        LowerBoundInclusive => history::bounds_are_exclusive_below_and_inclusive_above,
        UpperBoundExclusive => history::bounds_are_exclusive_below_and_inclusive_above,
        ReadsByPrefix => history::symbols_are_kept_apart,
        EmptyIsAnError => history::a_symbol_without_rows_is_empty,
        ReadsOnePage => history::all_of_a_long_history_is_read,
        FirstPutCounts => table::put_replaces_the_row_of_its_key,
        PutAbsentReplaces => table::put_absent_leaves_an_existing_row_alone,
        PutAbsentReports => table::put_absent_leaves_an_existing_row_alone,
        NewestLeavesOutUnknown => table::newest_answers_in_the_order_of_the_symbols,
        NewestLeavesOutLate => table::newest_counts_late_rows,
        ComparesSeconds => table::contains_answers_in_the_order_of_the_keys,
        TakesHalfABatch => table::long_batches_are_taken_whole,
        RefusesEmptyCalls => table::empty_calls_do_nothing,
        ChecksThenPuts => table::of_concurrent_put_absents_one_row_stays,
    });
}
