//! From the spool into table and lake.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use stockflow_core::{Processor, RecordBatch, Result};

use super::{
    pause::Pause,
    progress::{Part, Shared},
    step::{STAGE_ONE, step},
};
use crate::spool::SpoolReader;

/// Largest batch, in bytes of records.
const BATCH_BYTES: usize = 16 << 20;
/// With very many symbols batches grow, so that there are some records of each: what is done once a symbol and batch is then
/// shared by so many.
const RECORDS_A_SYMBOL: usize = 8;
/// How many times as large they grow at most.
const MOST_GROWTH: usize = 8;

pub(super) struct StageOne {
    pub(super) processor: Processor,
    pub(super) reader: SpoolReader,
    pub(super) batch_records: usize,
    /// Symbols in the last batch.
    pub(super) symbols: usize,
    pub(super) batch_window: Duration,
    pub(super) shared: Arc<Shared>,
}

impl StageOne {
    pub(super) async fn run(mut self) -> Result<()> {
        let outcome = self.work().await;
        self.shared.damaged(self.reader.damages());
        if outcome.is_err() {
            self.shared.fail();
        }
        self.shared.stage_one_ended();
        outcome
    }

    async fn work(&mut self) -> Result<()> {
        loop {
            self.let_a_batch_fill_up().await;
            // Asked before reading: what was appended before the end is then seen.
            let ended = self.shared.is_intake_ended();
            if self.shared.is_failed() {
                return Ok(());
            }
            let batch = self.reader.read(self.most_records(), BATCH_BYTES)?;
            if !batch.records.is_empty() {
                step(STAGE_ONE, "taken");
                self.finish(batch).await?;
            } else if ended {
                return Ok(());
            }
        }
    }

    fn most_records(&self) -> usize {
        let most = self.batch_records.saturating_mul(MOST_GROWTH);
        self.symbols.saturating_mul(RECORDS_A_SYMBOL).clamp(self.batch_records, most)
    }

    /// Waits until a batch is full, its window is over, or nothing more will come.
    async fn let_a_batch_fill_up(&self) {
        let window = tokio::time::sleep(self.batch_window);
        tokio::pin!(window);
        while self.shared.backlog() < self.most_records() as u64
            && !self.shared.is_intake_ended()
            && !self.shared.is_failed()
        {
            tokio::select! {
                () = self.shared.bell.stage_one.notified() => {}
                () = &mut window => return,
            }
        }
    }

    /// Processes a batch until all of it is durable, then acknowledges it.
    async fn finish(&mut self, mut batch: RecordBatch) -> Result<()> {
        let mut pause = Pause::default();
        loop {
            let started = Instant::now();
            let outcome = self.processor.process(&batch).await;
            let error = match outcome {
                Ok(outcome) => {
                    self.symbols = outcome.symbols;
                    let done = outcome.counts.records as usize;
                    if let Some(last) =
                        done.checked_sub(1).map(|last| &batch.records[last].position)
                    {
                        self.reader.ack(last)?;
                        step(STAGE_ONE, "acknowledged");
                    }
                    self.shared.processed(&outcome.counts);
                    batch.records.drain(..done);
                    outcome.report.into_result()
                }
                Err(error) => Err(error),
            };
            self.shared.spent(Part::StageOne, started);
            match error {
                Ok(()) => return Ok(()),
                Err(error) if error.is_retryable() && !self.shared.is_failed() => {
                    tracing::warn!(
                        error = error.chain(),
                        "stage 1 could not store a batch; it is tried again"
                    );
                    pause.rest().await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
