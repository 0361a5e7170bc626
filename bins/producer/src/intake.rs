//! From the feed into the spool.

use std::{pin::pin, sync::Arc, time::Duration};

use stockflow_core::{ErrorKind, QuoteSource, Result, SourceBatch, Timestamp, wire};
use stockflow_local::{Lake, SpoolWriter};

use crate::{Status, pause::Pause};

/// The spool is asked again after so long, if nobody told that it has room: a full disk frees itself silently.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(crate) struct Intake {
    pub(crate) source: Box<dyn QuoteSource>,
    pub(crate) writer: SpoolWriter,
    pub(crate) quarantine: Lake,
    pub(crate) clock: fn() -> Timestamp,
    pub(crate) status: Arc<Status>,
}

impl Intake {
    /// Until the feed ends or `stop` is ready.
    pub(crate) async fn run(mut self, stop: impl Future<Output = ()> + Send) -> Result<()> {
        let outcome = self.work(stop).await;
        self.status.feed_ended();
        outcome
    }

    async fn work(&mut self, stop: impl Future<Output = ()> + Send) -> Result<()> {
        let mut stop = pin!(stop);
        let mut pause = Pause::default();
        loop {
            let batch = tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                batch = self.source.next_batch() => batch,
            };
            match batch {
                Ok(None) => return Ok(()),
                Ok(Some(batch)) => {
                    // Not given up when asked to stop: what was read is kept.
                    self.keep(&batch).await?;
                    pause = Pause::default();
                }
                Err(error) if error.is_retryable() => {
                    tracing::warn!(error = error.chain(), "the feed failed; it is asked again");
                    self.status.with(|tally| tally.retries += 1);
                    tokio::select! {
                        () = &mut stop => return Ok(()),
                        () = pause.rest() => {}
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Stores a batch, however long the spool is full: meanwhile, the feed is not asked.
    async fn keep(&mut self, batch: &SourceBatch) -> Result<()> {
        let now = (self.clock)();
        // First: if the cursor were stored without them, they would never be seen again. Twice does no harm.
        self.quarantine.put_unreadable(&batch.unreadable, now).await?;
        if batch.quotes.is_empty() && batch.cursors.is_empty() {
            return Ok(());
        }
        let mut lines = Vec::with_capacity(batch.quotes.len() * 224);
        let mut ends = Vec::with_capacity(batch.quotes.len());
        for quote in &batch.quotes {
            wire::encode(quote, &mut lines);
            ends.push(lines.len());
        }
        let lines = &lines;
        loop {
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let records = starts.zip(&ends).map(|(start, &end)| (now, &lines[start..end]));
            // One durable step for the quotes and for how far the feed was read: never one without the other.
            match self.writer.append(records, &batch.cursors) {
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Exhausted => {
                    self.wait_for_room(&error.chain()).await;
                }
                Err(error) => return Err(error),
            }
        }
        self.status.with(|tally| {
            tally.full = false;
            tally.taken += batch.quotes.len() as u64;
            tally.waiting += batch.quotes.len() as u64;
            tally.unreadable += batch.unreadable.len() as u64;
            tally.waiting_bytes = self.writer.waiting_bytes();
        });
        Ok(())
    }

    async fn wait_for_room(&mut self, why: &str) {
        let was_full = self.status.with(|tally| std::mem::replace(&mut tally.full, true));
        if !was_full {
            tracing::warn!(error = why, "the spool is full; the feed waits");
        }
        tokio::select! {
            () = self.status.room.notified() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}
