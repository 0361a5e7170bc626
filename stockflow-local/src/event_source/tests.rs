//! A test for each case that AWS documents, and for each that the module's page decides.

mod containers;
mod failures;
mod order;
mod responses;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Batches that handlers saw, by their data.
type Seen = Arc<Mutex<Vec<Vec<u32>>>>;
type Mapping<H> = EventSourceMapping<u32, H>;

fn clock() -> Clock {
    Clock::new("2026-11-23T14:30:00Z".parse().unwrap())
}

fn reporting() -> MappingOptions {
    MappingOptions { report_batch_item_failures: true, ..MappingOptions::default() }
}

/// A mapping whose handler notes what it is given and answers what `answer` says.
fn mapping(
    options: MappingOptions,
    clock: &Clock,
    answer: impl Fn(&Invocation<u32>) -> Reply + Clone + Send + 'static,
) -> (Mapping<impl Handler<u32>>, Seen) {
    let seen = Seen::default();
    let handlers = Arc::clone(&seen);
    let container = move || {
        let (seen, answer) = (Arc::clone(&handlers), answer.clone());
        move |invocation: Invocation<u32>| {
            seen.lock().unwrap().push(data(&invocation.records));
            std::future::ready(answer(&invocation))
        }
    };
    (EventSourceMapping::new(Stream::Kinesis, options, clock, 7, container).unwrap(), seen)
}

fn data(records: &[Record<u32>]) -> Vec<u32> {
    records.iter().map(|record| record.data).collect()
}

fn taken(seen: &Seen) -> Vec<Vec<u32>> {
    seen.lock().unwrap().clone()
}

/// Reports each record of `bad` as failed.
fn fails(bad: &'static [u32]) -> impl Fn(&Invocation<u32>) -> Reply + Clone {
    move |invocation| {
        let failed = invocation.records.iter().filter(|record| bad.contains(&record.data));
        Reply::failed(failed.map(|record| &record.sequence))
    }
}

/// Fails as a whole if any record of `bad` is in the batch.
fn errs(bad: &'static [u32]) -> impl Fn(&Invocation<u32>) -> Reply + Clone {
    move |invocation| {
        let is_bad = invocation.records.iter().any(|record| bad.contains(&record.data));
        if is_bad { Reply::Error } else { Reply::success() }
    }
}

fn outcomes<H: Handler<u32>>(mapping: &Mapping<H>) -> Vec<Outcome> {
    mapping.attempts().iter().map(|attempt| attempt.outcome).collect()
}
