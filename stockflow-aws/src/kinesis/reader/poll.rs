//! Reading one shard, request by request.

use std::time::Duration;

use aws_sdk_kinesis::{
    operation::get_records::GetRecordsError, primitives::DateTime, types::ShardIteratorType,
};
use stockflow_core::{Error, ErrorKind, Position, Result, SequenceNumber, StreamRecord, Timestamp};
use tokio::time::{Instant, sleep_until};

use super::{Start, lineage::From};
use crate::{
    kinesis::{shards::Shard, stream::Stream},
    patience::{Attempts, Patience},
};

const ITERATOR: &str = "GetShardIterator";
const GET: &str = "GetRecords";

/// A shard and how far it is read.
#[derive(Debug)]
pub(super) struct Poll {
    pub(super) shard: Shard,
    pub(super) from: From,
    /// The place as the service calls it, for five minutes.
    pub(super) iterator: Option<String>,
    /// When the shard may be asked again.
    pub(super) not_before: Instant,
}

/// What a shard answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) records: Vec<StreamRecord>,
    /// Of the last record, if any.
    pub(super) last: Option<SequenceNumber>,
    /// Where it goes on; none at the end of a closed shard.
    pub(super) next: Option<String>,
    /// There was nothing more.
    pub(super) at_tip: bool,
}

impl Poll {
    pub(super) fn new(shard: Shard, from: From) -> Self {
        Self { shard, from, iterator: None, not_before: Instant::now() }
    }

    /// The next records of the shard; tried again as long as `patience` allows. An error changes nothing.
    pub(super) async fn run(
        mut self,
        stream: Stream,
        patience: Patience,
        limit: i32,
    ) -> (Self, Result<Answer>) {
        sleep_until(self.not_before).await;
        let mut attempts = patience.begin();
        loop {
            let outcome = self.ask(&stream, &mut attempts, limit).await;
            match outcome {
                Ok(Some(answer)) => return (self, Ok(answer)),
                // Expired: from the last record on, by a new one.
                Ok(None) => self.iterator = None,
                Err(error) => return (self, Err(error)),
            }
            if attempts.pause().await.is_err() {
                let late = stream.call(GET).error(ErrorKind::Unavailable);
                return (self, Err(late.with_source("its iterators expire before they are used")));
            }
        }
    }

    async fn ask(
        &mut self,
        stream: &Stream,
        attempts: &mut Attempts,
        limit: i32,
    ) -> Result<Option<Answer>> {
        let iterator = match &self.iterator {
            Some(iterator) => iterator.clone(),
            None => {
                let asked = stream
                    .insist(ITERATOR, attempts, || stream.iterator(&self.shard.id, &self.from))
                    .await?;
                self.iterator.insert(asked).clone()
            }
        };
        stream.insist(GET, attempts, || stream.get_records(&iterator, limit)).await
    }

    /// Takes in what was answered; the shard may be asked again after `pause`.
    pub(super) fn advance(&mut self, answer: &Answer, pause: Duration) {
        if let Some(last) = &answer.last {
            self.from = From::After(last.clone());
        }
        self.iterator.clone_from(&answer.next);
        self.not_before = Instant::now() + pause;
    }
}

impl Stream {
    async fn iterator(&self, shard: &str, from: &From) -> Result<String> {
        let request = self.client.get_shard_iterator().stream_name(&self.name).shard_id(shard);
        let request = match from {
            From::Start(Start::Oldest) => {
                request.shard_iterator_type(ShardIteratorType::TrimHorizon)
            }
            From::Start(Start::Latest) => request.shard_iterator_type(ShardIteratorType::Latest),
            From::Start(Start::At(time)) => request
                .shard_iterator_type(ShardIteratorType::AtTimestamp)
                .timestamp(DateTime::from_nanos(i128::from(time.as_micros()) * 1_000).map_err(
                    |error| self.call(ITERATOR).error(ErrorKind::Rejected).with_source(error),
                )?),
            From::After(sequence) => request
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .starting_sequence_number(sequence.to_string()),
        };
        let answer = request.send().await.map_err(|error| self.call(ITERATOR).failed(error))?;
        answer.shard_iterator.ok_or_else(|| self.unexpected(ITERATOR, "no iterator in the answer"))
    }

    /// `None`, if the iterator has expired.
    async fn get_records(&self, iterator: &str, limit: i32) -> Result<Option<Answer>> {
        let request = self.client.get_records().shard_iterator(iterator).limit(limit);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetRecordsError::is_expired_iterator_exception) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(self.call(GET).failed(error)),
        };
        let records: Vec<StreamRecord> = answer
            .records
            .into_iter()
            .map(|record| {
                let arrival = record.approximate_arrival_timestamp.and_then(micros);
                Ok(StreamRecord {
                    position: Position::new(SequenceNumber::from_text(&record.sequence_number)),
                    arrival: arrival.ok_or_else(|| {
                        self.unexpected(GET, "a record without the time of its arrival")
                    })?,
                    data: record.data.into_inner().into(),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Some(Answer {
            last: records.last().map(|record| record.position.sequence.clone()),
            records,
            next: answer.next_shard_iterator,
            at_tip: answer.millis_behind_latest == Some(0),
        }))
    }

    fn unexpected(&self, operation: &'static str, why: &'static str) -> Error {
        self.call(operation).error(ErrorKind::Unexpected).with_source(why)
    }
}

fn micros(time: DateTime) -> Option<Timestamp> {
    Timestamp::from_micros(i64::try_from(time.as_nanos() / 1_000).ok()?).ok()
}
