//! From the table's change feed to the alerters.

use std::{sync::Arc, time::Instant};

use stockflow_core::{Result, StoredRow, Timestamp, TrendWatch};

use super::{
    pause::Pause,
    progress::{Part, Shared},
    step::{STAGE_TWO, step},
};
use crate::store::Store;

/// Most checkpoints in one call.
const BATCH_CHECKPOINTS: usize = 1_024;
/// Attempts for what is left when the run ends: an alerter that is away must not keep a clean stop from ending.
const LAST_ATTEMPTS: u32 = 3;

pub(super) struct StageTwo {
    pub(super) watch: TrendWatch,
    pub(super) store: Store,
    pub(super) clock: fn() -> Timestamp,
    pub(super) shared: Arc<Shared>,
}

impl StageTwo {
    pub(super) async fn run(mut self) -> Result<()> {
        let outcome = self.work().await;
        if outcome.is_err() {
            self.shared.fail();
        }
        outcome
    }

    async fn work(&mut self) -> Result<()> {
        let mut pause = Pause::default();
        let mut last_attempts = 0;
        loop {
            let ended = self.shared.is_stage_one_ended();
            let entries = self.store.feed(BATCH_CHECKPOINTS)?;
            if entries.is_empty() {
                if ended || self.shared.is_failed() {
                    return Ok(());
                }
                self.shared.bell.stage_two.notified().await;
                continue;
            }
            let left = self.finish(entries).await?;
            if left == 0 {
                (pause, last_attempts) = (Pause::default(), 0);
                continue;
            }
            last_attempts += u32::from(ended);
            if last_attempts >= LAST_ATTEMPTS || (ended && self.shared.is_failed()) {
                self.shared.pending(left);
                return Ok(());
            }
            pause.rest().await;
        }
    }

    /// Goes through checkpoints and acknowledges those before the first unfinished one: how many are left.
    async fn finish(&mut self, entries: Vec<(u64, StoredRow)>) -> Result<u64> {
        step(STAGE_TWO, "taken");
        let started = Instant::now();
        let (sequences, checkpoints): (Vec<u64>, Vec<StoredRow>) = entries.into_iter().unzip();
        let outcome = self.watch.process(&checkpoints, (self.clock)()).await;
        self.shared.watched(&outcome.counts);
        let failures = outcome.report.into_failures();
        let done = failures.first().map_or(checkpoints.len(), |failure| failure.index);
        if let Some(&last) = done.checked_sub(1).and_then(|last| sequences.get(last)) {
            self.store.ack_feed(last);
            step(STAGE_TWO, "acknowledged");
        }
        self.shared.spent(Part::StageTwo, started);
        let Some(failure) = failures.into_iter().next() else { return Ok(0) };
        if matches!(failure.error.kind(), stockflow_core::ErrorKind::Corrupt) {
            return Err(failure.error);
        }
        tracing::warn!(
            error = failure.error.chain(),
            "alerts could not be told; they are tried again"
        );
        Ok((checkpoints.len() - done) as u64)
    }
}
