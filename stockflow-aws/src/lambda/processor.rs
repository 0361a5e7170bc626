//! Stage 1 as a function of Lambda.

use stockflow_core::{Error, ProcessCounts, Processor, RecordBatch, ShardId, StreamRecord};
use tokio::time::{Instant, timeout_at};

use super::{EventError, Invocation, MetricLine, PartialBatch, Unit, read_kinesis_event};
use crate::records::unpack;

/// The fewest records that are worth a call of stage 1 of their own.
const SMALLEST_PART: usize = 25;

/// Stage 1 behind a Kinesis stream: what the function `kinesis-stock-processor` does with an event.
///
/// - Records are taken plain, aggregated and compressed, mixed as they come.
/// - What stage 1 could not make durable is reported by the sequence number of its record, and comes again from there on, in order.
/// - Work that would not be done in time is stopped and reported, too; of the next events a part is done and the rest reported, until
///   they are done in time again.
/// - An event is refused as a whole only if it is none of a Kinesis stream.
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # runtime.block_on(async {
/// use std::sync::Arc;
///
/// use stockflow_aws::lambda::{Invocation, ProcessorFunction};
/// use stockflow_core::{Processor, Rules, memory::{MemoryArchive, MemoryTable}};
///
/// let (table, lake) = (Arc::new(MemoryTable::new()), Arc::new(MemoryArchive::new()));
/// let stage = Processor::new(&Rules::default_set(), table, lake, Arc::new(MemoryArchive::new()));
/// let mut function = ProcessorFunction::new(stage);
/// let outcome = function.handle(br#"{"Records":[]}"#, &Invocation::for_tests()).await?;
/// assert!(outcome.response.is_complete());
/// # Ok::<(), stockflow_aws::lambda::EventError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ProcessorFunction {
    stage: Processor,
    /// As many records as one call of stage 1 takes.
    part: usize,
}

/// What became of an event.
#[derive(Debug, Default)]
#[must_use = "the response has to be given to Lambda"]
pub struct ProcessorOutcome {
    /// The answer to the mapping.
    pub response: PartialBatch,
    /// Counts over what is acknowledged.
    pub counts: ProcessCounts,
    /// The shard, and sequence numbers of the first and the last record of the event.
    pub span: Option<(ShardId, String, String)>,
    /// Why the event is not done, if it is not.
    pub error: Option<Error>,
    /// Whether the time was not enough.
    pub out_of_time: bool,
}

impl ProcessorFunction {
    /// A function around `stage`.
    #[must_use]
    pub const fn new(stage: Processor) -> Self {
        Self { stage, part: usize::MAX }
    }

    /// Takes in an event's body.
    ///
    /// # Errors
    /// Not an event of a Kinesis stream.
    pub async fn handle(
        &mut self,
        event: &[u8],
        invocation: &Invocation,
    ) -> Result<ProcessorOutcome, EventError> {
        let stop = invocation.stop();
        let mut outcome = ProcessorOutcome::default();
        for RecordBatch { shard, records } in read_kinesis_event(event)? {
            if let (Some(first), Some(last)) = (records.first(), records.last()) {
                outcome.span.get_or_insert((shard.clone(), number(first), number(last)));
            }
            let mut quotes = Vec::with_capacity(records.len());
            records.into_iter().for_each(|record| unpack(record, None, &mut quotes));
            let batch = RecordBatch { shard, records: quotes };
            if let Some(at) = self.take_in(batch, stop, &mut outcome).await {
                outcome.response = PartialBatch::from(at);
                break;
            }
        }
        Ok(outcome)
    }

    /// The sequence number from which on `batch` has to come again, if it has to.
    async fn take_in(
        &mut self,
        mut batch: RecordBatch,
        stop: Instant,
        outcome: &mut ProcessorOutcome,
    ) -> Option<String> {
        if batch.records.is_empty() {
            return None;
        }
        let rest = batch.records.split_off(part_end(&batch.records, self.part));
        let sequence = |index: usize| batch.records.get(index).map(number);
        match timeout_at(stop, self.stage.process(&batch)).await {
            Err(_) => {
                outcome.out_of_time = true;
                self.part = (batch.records.len() / 2).max(SMALLEST_PART);
                return sequence(0);
            }
            Ok(Err(error)) => {
                outcome.error = Some(error);
                return sequence(0);
            }
            Ok(Ok(report)) => {
                outcome.counts.add(&report.counts);
                if let Some(failure) = report.report.into_failures().into_iter().next() {
                    let at = sequence(failure.index);
                    outcome.error = Some(failure.error);
                    return at;
                }
            }
        }
        self.part = self.part.saturating_mul(2);
        // The rest is left to the next event, and not gone on with: its object in the lake would begin in the middle of this event,
        // and the records in it would be there twice if this answer was lost and the event came again whole.
        rest.first().map(number)
    }
}

fn number(record: &StreamRecord) -> String {
    record.position.sequence.to_string()
}

/// Where a part of that many quotes ends, at the end of a record of the stream: only whole ones come again.
fn part_end(records: &[StreamRecord], part: usize) -> usize {
    let (part, rest) = records.split_at(part.min(records.len()));
    let Some(last) = part.last() else { return 0 };
    let sequence = &last.position.sequence;
    part.len() + rest.iter().take_while(|record| record.position.sequence == *sequence).count()
}

impl ProcessorOutcome {
    /// What is logged of it.
    #[must_use]
    pub fn to_line(&self, function: &str) -> MetricLine {
        let counts = &self.counts;
        let mut line = MetricLine::new(function);
        line.metric("Quotes", Unit::Count, counts.records)
            .metric("Accepted", Unit::Count, counts.accepted)
            .metric("Late", Unit::Count, counts.late)
            .metric("Duplicate", Unit::Count, counts.duplicate)
            .metric("Quarantined", Unit::Count, counts.quarantined)
            .metric("Anomalies", Unit::Count, counts.anomalies.values().sum())
            .metric("Failures", Unit::Count, u64::from(self.response.resume_at().is_some()));
        if let Some((shard, first, last)) = &self.span {
            line.field("shard", &**shard)
                .field("firstSequence", first.as_str())
                .field("lastSequence", last.as_str());
        }
        if let Some(at) = self.response.resume_at() {
            line.field("resumeAt", at).field("outOfTime", self.out_of_time);
        }
        if let Some(error) = &self.error {
            line.field("error", error.chain());
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use stockflow_core::{Position, Timestamp};

    use super::*;

    #[test]
    fn a_part_ends_with_a_record_of_the_stream() {
        let record = |sequence: u64, index| StreamRecord {
            position: Position { sequence: sequence.into(), index },
            arrival: Timestamp::MIN,
            data: "".into(),
        };
        let records = [record(1, 0), record(2, 0), record(2, 1), record(2, 2), record(3, 0)];
        for (part, end) in [(1, 1), (2, 4), (3, 4), (4, 4), (5, 5), (usize::MAX, 5)] {
            assert_eq!(part_end(&records, part), end, "{part}");
        }
    }
}
