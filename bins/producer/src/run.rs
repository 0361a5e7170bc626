//! The whole program, for settings.

use std::{
    io::{Write as _, stdout},
    sync::Arc,
    time::SystemTime,
};

use stockflow_core::Timestamp;
use stockflow_local::FeedCounts;

use crate::{Failure, Health, Metrics, Producer, Settings, dry_run, open_feed, sink};

/// Runs until the feed ends or `stop` is ready.
///
/// # Errors
/// [`Failure`], with what to do.
pub async fn run(
    settings: &Settings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    if settings.dry_run {
        let feed = open_feed(settings, &[])?;
        tracing::info!(feed = feed.title, "dry run");
        dry_run(feed.source, stop, &mut stdout()).await?;
        return answered(settings, feed.counts.as_ref());
    }
    let sink = sink(&settings.stream, settings.records).await?;
    let producer = Producer::open(&settings.folder, settings.spool_options()?, sink)?
        .with_linger(settings.linger)
        .with_drain(settings.drain);
    let feed = open_feed(settings, &producer.cursors())?;
    let status = producer.status();
    let waiting_bytes = producer.waiting_bytes();
    tracing::info!(
        feed = feed.title,
        stream = settings.stream,
        spool = %settings.folder.display(),
        waiting = status.tally().waiting,
        "started"
    );
    if let Some(address) = settings.health {
        let health = Health::bind(address, Arc::clone(&status)).await?;
        tracing::info!(address = %health.address(), "health checks are answered");
        tokio::spawn(health.serve());
    }
    let mut metrics = Metrics::new(status, waiting_bytes, feed.counts.clone());
    let mut running = std::pin::pin!(producer.run(feed.source, stop));
    let mut ticks = tokio::time::interval(settings.metrics);
    ticks.tick().await;
    let outcome = loop {
        tokio::select! {
            outcome = &mut running => break outcome,
            _ = ticks.tick() => tell(&metrics.line(now())),
        }
    };
    tell(&metrics.line(now()));
    let summary = outcome?;
    tracing::info!(taken = summary.taken, delivered = summary.delivered, "everything is sent");
    answered(settings, feed.counts.as_ref())
}

/// A line of metrics; who reads them may go away, and the quotes go on.
fn tell(line: &str) {
    let _ = writeln!(stdout(), "{line}");
}

/// Of a live feed that is asked once: a failure, if not one symbol was answered. Some that were not are in the log.
fn answered(settings: &Settings, counts: Option<&FeedCounts>) -> Result<(), Failure> {
    let Some(counts) = counts.filter(|_| settings.once) else { return Ok(()) };
    let (polls, refused, failed, incomplete) =
        (counts.polls(), counts.refused(), counts.failed(), counts.incomplete());
    if polls == 0 || refused + failed + incomplete < polls {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "no symbol has an answer: of {polls} polls, {refused} were refused for the rate, {failed} failed, {incomplete} gave no \
         quote; the log says why"
    )))
}

/// The machine's clock; before 1970 it counts as 1970.
#[must_use]
pub fn now() -> Timestamp {
    let micros =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_micros());
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX)
}
