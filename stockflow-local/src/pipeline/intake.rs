//! From the source into the spool.

use std::{pin::pin, sync::Arc, time::Instant};

use stockflow_core::{QuoteSource, Result, SourceBatch, Timestamp, wire};

use super::{
    pause::Pause,
    progress::{Part, Shared},
    step::{INTAKE, step},
};
use crate::{lake::Lake, spool::SpoolWriter};

/// The spool may be so many records ahead of stage 1 before the source has to wait.
const MAX_BACKLOG: u64 = 131_072;

pub(super) struct Intake {
    source: Box<dyn QuoteSource>,
    writer: SpoolWriter,
    quarantine: Arc<Lake>,
    clock: fn() -> Timestamp,
    earliest_arrival: Timestamp,
    shared: Arc<Shared>,
    lines: Vec<u8>,
    ends: Vec<usize>,
}

impl Intake {
    pub(super) fn new(
        source: Box<dyn QuoteSource>,
        writer: SpoolWriter,
        quarantine: Arc<Lake>,
        (clock, earliest_arrival): (fn() -> Timestamp, Timestamp),
        shared: Arc<Shared>,
    ) -> Self {
        let (lines, ends) = (Vec::new(), Vec::new());
        Self { source, writer, quarantine, clock, earliest_arrival, shared, lines, ends }
    }

    pub(super) async fn run(mut self, stop: impl Future<Output = ()> + Send) -> Result<()> {
        let mut stop = pin!(stop);
        let mut pause = Pause::default();
        while !self.shared.is_failed() {
            if self.shared.backlog() > MAX_BACKLOG {
                tokio::select! {
                    () = &mut stop => return Ok(()),
                    () = self.shared.bell.intake.notified() => continue,
                }
            }
            let asked = Instant::now();
            let batch = tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                batch = self.source.next_batch() => batch,
            };
            self.shared.spent(Part::Source, asked);
            match batch {
                Ok(None) => return Ok(()),
                Ok(Some(batch)) => {
                    self.store(batch).await?;
                    pause = Pause::default();
                }
                Err(error) if error.is_retryable() => {
                    tracing::warn!(error = error.chain(), "the source failed; it is asked again");
                    tokio::select! {
                        () = &mut stop => return Ok(()),
                        () = pause.rest() => {}
                    }
                }
                Err(error) => {
                    self.shared.fail();
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    async fn store(&mut self, batch: SourceBatch) -> Result<()> {
        step(INTAKE, "taken");
        let now = (self.clock)().max(self.earliest_arrival);
        // First: if the cursor were stored without them, they would never be seen again. Twice does no harm.
        self.quarantine.put_unreadable(&batch.unreadable, now).await?;
        step(INTAKE, "quarantined");
        let started = Instant::now();
        self.append(&batch, now)?;
        step(INTAKE, "appended");
        self.shared.spent(Part::Spool, started);
        self.shared.taken(batch.quotes.len() as u64, batch.unreadable.len() as u64);
        Ok(())
    }

    /// One durable step for the quotes and for how far the source was read: never one without the other.
    fn append(&mut self, batch: &SourceBatch, now: Timestamp) -> Result<()> {
        if batch.quotes.is_empty() && batch.cursors.is_empty() {
            return Ok(());
        }
        self.lines.clear();
        self.ends.clear();
        for quote in &batch.quotes {
            wire::encode(quote, &mut self.lines);
            self.ends.push(self.lines.len());
        }
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let records = starts.zip(&self.ends).map(|(start, &end)| (now, &self.lines[start..end]));
        self.writer.append(records, &batch.cursors)?;
        Ok(())
    }
}
