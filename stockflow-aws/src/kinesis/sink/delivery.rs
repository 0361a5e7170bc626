//! One call of the sink.

use std::{
    error::Error as _,
    sync::{Arc, PoisonError},
};

use futures_util::future::join_all;
use stockflow_core::{BatchReport, Error, ErrorKind, ItemFailure, Quote, Result};

use super::{
    KinesisSink, ShardMap,
    lanes::Lanes,
    request::{Outcome, PUT, Parcel, Request},
};
use crate::{kinesis::BACKEND, patience::Attempts, records::hash_of};

/// Requests of a round, which are under way together.
const AT_ONCE: usize = 4;
/// Bytes of a round.
const ROUND_BYTES: usize = 16 << 20;

/// A batch on its way, in rounds: of each lane one record, in up to four requests. What is not taken stays in its lane.
pub(super) struct Delivery<'a> {
    sink: &'a KinesisSink,
    batch: &'a [Quote],
    attempts: Attempts,
    map: Option<Arc<ShardMap>>,
    lanes: Lanes,
    refused: Vec<ItemFailure>,
    /// The last thing that went wrong.
    error: Option<Error>,
    /// Something is on the stream.
    progress: bool,
}

/// Why a call ends before everything is sent.
enum Stop {
    /// The deadline would pass.
    Late,
    /// Trying again is no use.
    Failed(Error),
}

/// What became of the records of a round.
#[derive(Default)]
struct Tally {
    taken: usize,
    /// Entries of requests that were answered.
    answered: usize,
    throttled: usize,
    failed: bool,
    /// Records that another shard took than the one whose lane they are of.
    astray: Vec<(Parcel, String)>,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(
        sink: &'a KinesisSink,
        batch: &'a [Quote],
        attempts: Attempts,
        map: Option<Arc<ShardMap>>,
    ) -> Self {
        let lanes = sort(batch, 0..batch.len(), map.as_deref());
        let (refused, error, progress) = (Vec::new(), None, false);
        Self { sink, batch, attempts, map, lanes, refused, error, progress }
    }

    pub(super) async fn run(mut self) -> Result<BatchReport> {
        loop {
            let requests = self.load();
            if requests.is_empty() {
                return Ok(BatchReport::partial(self.refused));
            }
            match self.round(requests).await {
                Ok(()) => {}
                Err(Stop::Late) => {
                    let late = || {
                        let error = Error::new(ErrorKind::Unavailable, BACKEND, PUT);
                        error.with_source("the deadline of the call has passed")
                    };
                    let error = self.error.take().unwrap_or_else(late);
                    return self.end(error);
                }
                Err(Stop::Failed(error)) => return self.end(error),
            }
        }
    }

    /// Tells that what is not on the stream has failed.
    fn end(mut self, error: Error) -> Result<BatchReport> {
        if !self.progress {
            return Err(error);
        }
        for index in self.lanes.into_rest() {
            self.refused.push(ItemFailure { index, error: copy(&error) });
        }
        Ok(BatchReport::partial(self.refused))
    }

    /// The next record of each lane, as many as a round may have.
    fn load(&mut self) -> Vec<Request> {
        let mut requests: Vec<Request> = Vec::new();
        let mut bytes = 0;
        while bytes < ROUND_BYTES {
            if requests.last().is_none_or(Request::is_full) {
                if requests.len() == AT_ONCE {
                    break;
                }
                requests.push(Request::default());
            }
            let Some((lane, waiting)) = self.lanes.take_turn() else { break };
            let Some(packed) = self.sink.packing.pack(self.batch, waiting) else { continue };
            if let Some(request) = requests.last_mut() {
                bytes += request.add(lane, packed);
            }
        }
        requests.retain(|request| !request.is_empty());
        requests
    }

    async fn round(&mut self, requests: Vec<Request>) -> Result<(), Stop> {
        let pace = self.sink.pace.lock().unwrap_or_else(PoisonError::into_inner).wait();
        if !pace.is_zero() {
            self.attempts.pause_up_to(pace).await.map_err(|_| Stop::Late)?;
        }
        let stream = &self.sink.stream;
        let (parcels, sent): (Vec<_>, Vec<_>) = requests
            .into_iter()
            .map(|request| {
                (request.parcels, stream.answer(PUT, stream.put_records(request.records)))
            })
            .unzip();
        let answers = self.attempts.within(join_all(sent)).await.map_err(|_| Stop::Late)?;

        let mut tally = Tally::default();
        for (parcels, answer) in parcels.into_iter().zip(answers) {
            self.settle(parcels, answer, &mut tally)?;
        }
        self.sink
            .pace
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .learn(tally.answered, tally.throttled);
        self.progress |= tally.taken > 0;
        let (failed, taken) = (tally.failed, tally.taken);
        self.look_for(tally.astray).await?;
        if taken > 0 {
            self.attempts.relax();
        }
        if failed {
            self.attempts.pause().await.map_err(|_| Stop::Late)?;
        }
        Ok(())
    }

    /// Takes in what a request was answered with.
    fn settle(
        &mut self,
        parcels: Vec<Parcel>,
        answer: Result<Vec<Outcome>>,
        tally: &mut Tally,
    ) -> Result<(), Stop> {
        match answer {
            Ok(outcomes) => {
                for (parcel, outcome) in parcels.into_iter().zip(outcomes) {
                    self.settle_one(parcel, outcome, tally);
                }
            }
            Err(error) if error.is_retryable() => {
                tally.failed = true;
                self.error = Some(error);
                for parcel in parcels {
                    self.lanes.keep(parcel.lane);
                }
            }
            Err(error) => return Err(Stop::Failed(error)),
        }
        Ok(())
    }

    fn settle_one(&mut self, parcel: Parcel, outcome: Outcome, tally: &mut Tally) {
        tally.answered += 1;
        match outcome {
            Ok(shard) => {
                tally.taken += 1;
                let expected = self.map.as_ref().and_then(|map| map.shard(parcel.lane));
                if expected.is_some_and(|expected| *expected.id != *shard) {
                    tally.astray.push((parcel, shard));
                } else {
                    self.lanes.done(parcel.lane, parcel.quotes, &[]);
                }
            }
            Err(error) if error.is_retryable() => {
                tally.failed = true;
                tally.throttled += usize::from(error.kind() == ErrorKind::Throttled);
                self.error = Some(error);
                self.lanes.keep(parcel.lane);
            }
            Err(error) => {
                // What follows in the lane must not overtake it.
                for index in self.lanes.give_up(parcel.lane) {
                    self.refused.push(ItemFailure { index, error: copy(&error) });
                }
            }
        }
    }

    /// The shards have changed: of records that arrived elsewhere than they were meant for, quotes that belong elsewhere still are sent
    /// again, since readers leave them out where they are.
    async fn look_for(&mut self, astray: Vec<(Parcel, String)>) -> Result<(), Stop> {
        if astray.is_empty() {
            return Ok(());
        }
        let looked = self.sink.look_at_shards(&mut self.attempts).await;
        // Until the map is known, only what has the key of the record itself is where it belongs.
        let map = looked.as_ref().ok();
        for (parcel, shard) in astray {
            let range = map.and_then(|map| map.named(&shard)).map(|shard| shard.range);
            let batch = self.batch;
            let belongs_elsewhere = |index: &usize| {
                let symbol = batch[*index].symbol;
                symbol != parcel.key
                    && range.is_none_or(|range| !range.holds(hash_of(symbol.as_bytes())))
            };
            let quotes = self.lanes.first(parcel.lane, parcel.quotes);
            let left: Vec<usize> = quotes.filter(belongs_elsewhere).collect();
            self.lanes.done(parcel.lane, parcel.quotes, &left);
        }
        let map = looked
            .map_err(|error| if error.is_retryable() { Stop::Late } else { Stop::Failed(error) })?;
        let rest = std::mem::take(&mut self.lanes).into_rest();
        self.lanes = sort(self.batch, rest.into_iter(), Some(&map));
        self.map = Some(map);
        Ok(())
    }
}

/// Lanes by symbol, or by the shards that symbols belong to.
fn sort(batch: &[Quote], indices: impl Iterator<Item = usize>, map: Option<&ShardMap>) -> Lanes {
    let mut symbols = 0;
    Lanes::new(batch, indices, |symbol| match map {
        Some(map) => map.place(hash_of(symbol.as_bytes())),
        None => {
            symbols += 1;
            symbols - 1
        }
    })
}

/// An error for each item of those that failed together.
fn copy(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.backend(), error.operation());
    let mut causes = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let colon = if causes.is_empty() { "" } else { ": " };
        causes.push_str(&format!("{colon}{error}"));
        cause = error.source();
    }
    if causes.is_empty() { copy } else { copy.with_source(causes) }
}
