//! From the spool onto the stream.

use std::{sync::Arc, time::Duration};

use stockflow_core::{
    Error, ErrorKind, ItemFailure, Quote, RecordBatch, Result, Sink, Timestamp, Unreadable, wire,
};
use stockflow_local::{Lake, SpoolReader};

use crate::{Status, pause::Pause};

/// Most quotes, and about so many bytes of them, in a call of the sink.
const BATCH_RECORDS: usize = 10_000;
const BATCH_BYTES: usize = 4 << 20;

pub(crate) struct Delivery {
    pub(crate) reader: SpoolReader,
    pub(crate) sink: Arc<dyn Sink<Quote>>,
    pub(crate) quarantine: Lake,
    pub(crate) clock: fn() -> Timestamp,
    /// How long the first quote of a batch waits for others.
    pub(crate) linger: Duration,
    pub(crate) status: Arc<Status>,
}

impl Delivery {
    /// Until the feed has ended and everything is sent.
    pub(crate) async fn run(mut self) -> Result<()> {
        loop {
            // Asked before reading: what was appended before the end is then seen.
            let ended = self.status.with(|tally| tally.ended);
            let batch = self.reader.read(BATCH_RECORDS, BATCH_BYTES)?;
            if !batch.records.is_empty() {
                self.send(&batch).await?;
            } else if ended {
                return Ok(());
            } else {
                self.wait().await;
            }
        }
    }

    async fn wait(&mut self) {
        tokio::select! {
            () = self.status.ended.notified() => return,
            () = self.reader.ready() => {}
        }
        tokio::select! {
            () = self.status.ended.notified() => {}
            () = tokio::time::sleep(self.linger) => {}
        }
    }

    /// Sends a batch, however long that takes, and acknowledges it then.
    async fn send(&mut self, batch: &RecordBatch) -> Result<()> {
        let Some((first, last)) = batch.records.first().zip(batch.records.last()) else {
            return Ok(());
        };
        self.status.with(|tally| tally.oldest = Some(first.arrival));
        let mut waiting = Vec::with_capacity(batch.records.len());
        for record in &batch.records {
            match wire::decode(&record.data) {
                Ok(decoded) => waiting.push(decoded.quote),
                // Written by another version; never by this one.
                Err(error) => {
                    let origin = format!("{}@{}", batch.shard, record.position);
                    self.set_aside(origin, error.to_string(), record.data.clone()).await?;
                }
            }
        }
        let newest = waiting.iter().map(|quote| quote.timestamp).max();
        let mut pause = Pause::default();
        while !waiting.is_empty() {
            let before = waiting.len();
            let Err(error) = self.attempt(&mut waiting).await? else { continue };
            self.fails(&error)?;
            if waiting.len() < before {
                pause = Pause::default();
            }
            pause.rest().await;
        }
        self.reader.ack(&last.position)?;
        let now = (self.clock)();
        self.status.with(|tally| {
            tally.oldest = None;
            tally.failing = None;
            tally.newest_quote = tally.newest_quote.max(newest);
            tally.longest_wait =
                tally.longest_wait.max(now.since(first.arrival).as_micros() as u64);
            tally.waiting = tally.waiting.saturating_sub(batch.records.len() as u64);
        });
        self.status.room.notify_one();
        Ok(())
    }

    /// Sends `waiting` once, and keeps in it what is to be sent again, and why.
    async fn attempt(&self, waiting: &mut Vec<Quote>) -> Result<Result<()>> {
        let report = match self.sink.write(waiting).await {
            Ok(report) => report,
            Err(error) => return Ok(Err(error)),
        };
        let failures = report.into_failures();
        let done = (waiting.len() - failures.len()) as u64;
        self.status.with(|tally| tally.delivered += done);
        let mut left = Vec::with_capacity(failures.len());
        let mut why = None;
        for (number, ItemFailure { index, error }) in failures.into_iter().enumerate() {
            // What follows a refused quote of its symbol failed only since it must not overtake it.
            if number == 0 && error.kind() == ErrorKind::Rejected {
                self.reject(&waiting[index], &error).await?;
                continue;
            }
            left.push(waiting[index]);
            why = why.or(Some(error));
        }
        *waiting = left;
        // Nothing is left, or only the first quote was refused, and the others go again without it.
        Ok(why.map_or(Ok(()), Err))
    }

    /// The stream does not take what was sent. For good, if it never took anything: then the configuration is wrong.
    fn fails(&self, error: &Error) -> Result<()> {
        let now = (self.clock)();
        let never = self.status.with(|tally| {
            tally.retries += 1;
            let since = tally.failing.as_ref().map_or(now, |(since, _)| *since);
            tally.failing = Some((since, error.chain()));
            tally.delivered == 0
        });
        let hopeless = matches!(error.kind(), ErrorKind::Denied | ErrorKind::NotFound);
        if hopeless && never {
            let told = Error::new(error.kind(), error.backend(), error.operation());
            return Err(match std::error::Error::source(error) {
                Some(cause) => told.with_source(chain(cause)),
                None => told,
            });
        }
        tracing::warn!(
            error = error.chain(),
            "the stream does not take quotes; they wait in the spool"
        );
        Ok(())
    }

    async fn reject(&self, quote: &Quote, error: &Error) -> Result<()> {
        let mut line = Vec::new();
        wire::encode(quote, &mut line);
        let origin = format!("{} {}", quote.symbol, quote.timestamp);
        self.set_aside(origin, error.chain(), line.into()).await
    }

    async fn set_aside(&self, origin: String, reason: String, data: bytes::Bytes) -> Result<()> {
        tracing::error!(origin, reason, "a quote can never be sent; it is in the quarantine");
        let item = Unreadable { origin, reason, data };
        self.quarantine.put_unreadable(&[item], (self.clock)()).await?;
        self.status.with(|tally| tally.rejected += 1);
        Ok(())
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
