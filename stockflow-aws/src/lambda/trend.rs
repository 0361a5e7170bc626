//! Stage 2 as a function of Lambda.

use std::time::Duration;

use stockflow_core::{StoredRow, TrendWatch, WatchCounts, WatchReport};
use tokio::time::{sleep_until, timeout_at};

use super::{Invocation, MetricLine, PartialBatch, Unit};
use crate::dynamodb::{ChangeRecord, InvalidEvent, RowChange, read_event};

/// Stage 2 behind the stream of the table: what the function `dynamodb-stock-trend` does with an event.
///
/// - Checkpoint rows are followed; other rows, and removed ones, are passed over. The mapping's filter leaves them out before they
///   cost anything.
/// - What is not finished is reported by the sequence number of its record, and comes again from there on. When the time runs out no
///   more is taken in, and what was claimed by then is told and marked.
/// - A record that is no row of ours is logged, counted, and passed: the row itself is in the table.
#[derive(Debug)]
pub struct TrendFunction {
    stage: TrendWatch,
}

/// What became of an event.
#[derive(Debug, Default)]
#[must_use = "the response has to be given to Lambda"]
pub struct TrendOutcome {
    /// The answer to the mapping.
    pub response: PartialBatch,
    /// Checkpoints in the event.
    pub checkpoints: u64,
    /// Records that are no rows.
    pub unreadable: u64,
    /// Turns, alerts.
    pub counts: WatchCounts,
    /// Why some of it is not done.
    pub errors: Vec<String>,
    /// Sequence numbers of the first and the last record.
    pub span: Option<(String, String)>,
    /// The longest time from a checkpoint's arrival in the stream of quotes to the end of the work on it.
    pub latency: Option<Duration>,
}

impl TrendFunction {
    /// A function around `stage`, whose lease has to be longer than the function may run.
    #[must_use]
    pub const fn new(stage: TrendWatch) -> Self {
        Self { stage }
    }

    /// Takes in an event's body.
    ///
    /// # Errors
    /// Not an event of a DynamoDB stream.
    pub async fn handle(
        &mut self,
        event: &[u8],
        invocation: &Invocation,
    ) -> Result<TrendOutcome, InvalidEvent> {
        let (stop, last) = (invocation.stop(), invocation.last());
        let begin = tokio::time::Instant::now();
        let records = read_event(event)?;
        let mut outcome = TrendOutcome::default();
        if let (Some(first), Some(last)) = (records.first(), records.last()) {
            outcome.span = Some((first.sequence_number.clone(), last.sequence_number.clone()));
        }
        let (rows, numbers) = checkpoints(records, &mut outcome);
        let stop = sleep_until(stop);
        let work = self.stage.process_until(&rows, invocation.now, stop);
        match timeout_at(last, work).await {
            Err(_) => {
                outcome.errors.push("the time was over before the work was".into());
                outcome.response = numbers.first().map(PartialBatch::from).unwrap_or_default();
            }
            Ok(WatchReport { report, counts }) => {
                outcome.counts = counts;
                let failures = report.into_failures();
                if let Some(first) = failures.first() {
                    outcome.response = PartialBatch::from(&numbers[first.index]);
                }
                outcome.errors.extend(failures.iter().map(|failure| failure.error.chain()));
            }
        }
        let now = invocation.now.saturating_add(begin.elapsed());
        outcome.latency = rows.iter().filter_map(|row| row.arrival).map(|a| now.since(a)).max();
        Ok(outcome)
    }
}

/// The checkpoint rows of an event, each with its sequence number.
fn checkpoints(
    records: Vec<ChangeRecord>,
    outcome: &mut TrendOutcome,
) -> (Vec<StoredRow>, Vec<String>) {
    let mut rows = Vec::with_capacity(records.len());
    let mut numbers = Vec::with_capacity(records.len());
    for ChangeRecord { sequence_number, change } in records {
        match change {
            Ok(RowChange::Checkpoint(row)) => {
                rows.push(row);
                numbers.push(sequence_number);
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(sequence = sequence_number, %error, "a record of the table's stream is no row");
                outcome.unreadable += 1;
            }
        }
    }
    outcome.checkpoints = rows.len() as u64;
    (rows, numbers)
}

impl TrendOutcome {
    /// What is logged of it.
    #[must_use]
    pub fn to_line(&self, function: &str) -> MetricLine {
        let mut line = MetricLine::new(function);
        line.metric("Checkpoints", Unit::Count, self.checkpoints)
            .metric("Turns", Unit::Count, self.counts.turns.values().sum())
            .metric("Alerts", Unit::Count, self.counts.alerts)
            .metric("Undeliverable", Unit::Count, self.counts.undeliverable)
            .metric("Unreadable", Unit::Count, self.unreadable)
            .metric("Failures", Unit::Count, self.errors.len() as u64);
        if let (Some(latency), true) = (self.latency, self.counts.alerts > 0) {
            line.metric("EventToAlert", Unit::Milliseconds, latency.as_millis() as u64);
        }
        if let Some((first, last)) = &self.span {
            line.field("firstSequence", first.as_str()).field("lastSequence", last.as_str());
        }
        if let Some(at) = self.response.resume_at() {
            line.field("resumeAt", at);
        }
        if !self.errors.is_empty() {
            line.field("errors", self.errors.clone());
        }
        line
    }
}
