//! Every wrapper keeps the contract of what it wraps, and mends it where it is to.

use std::{sync::Arc, time::Duration};

use stockflow_core::{
    Alerter, Cursor, Quote, QuoteSource, Sink,
    conformance::{self, Outcome, Probe, samples, source::SourceHarness},
    memory::{
        Faults, Flaky, MemoryAlerter, MemoryArchive, MemoryLedger, MemorySink, MemorySource,
        MemoryTable,
    },
    wrap::{Backoff, FanOut, Retry, Throttle},
};

use crate::no_pause;

/// A retry that does not give up, around a backend with these faults.
fn mended<T>(inner: T, faults: Faults) -> Retry<Flaky<T>> {
    let backoff = Backoff::new(100, Duration::ZERO, Duration::ZERO).expect("within bounds");
    let flaky = Flaky::new(inner, 7, faults).expect("within bounds");
    Retry::new(flaky, 7, no_pause).with_backoff(backoff)
}

fn throttled<T>(inner: T) -> Throttle<T> {
    Throttle::new(inner, 1_000, || Duration::ZERO, no_pause).expect("within bounds")
}

/// All but lost answers, which cost a claim its first answer, and a person a second message.
const ANSWERING: Faults =
    Faults { answers: 0, calls: 10, items: 10, kind: stockflow_core::ErrorKind::Throttled };

fn alerter<A: Alerter>(
    memory: &Arc<MemoryAlerter>,
    wrap: impl Fn(Arc<MemoryAlerter>) -> A,
) -> Probe<A, String> {
    let read = Arc::clone(memory);
    Probe::new(wrap(Arc::clone(memory)), move || {
        let ids = read.sent().iter().map(|alert| alert.id().to_string()).collect();
        std::future::ready(Ok(ids))
    })
}

fn sink<S: Sink<Quote>>(wrap: impl Fn(Arc<MemorySink<Quote>>) -> S) -> Probe<S, Quote> {
    let memory = Arc::new(MemorySink::new());
    let backend = wrap(Arc::clone(&memory));
    Probe::new(backend, move || std::future::ready(Ok(memory.items())))
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_conform() -> Outcome {
    conformance::table::all(&|| async { mended(MemoryTable::new(), Faults::default()) }).await?;
    let calm = || async { Flaky::new(MemoryTable::new(), 7, Faults::NONE).expect("within bounds") };
    conformance::table::all(&calm).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ledgers_conform() -> Outcome {
    conformance::ledger::all(&|| async { mended(MemoryLedger::new(), ANSWERING) }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_conform() -> Outcome {
    conformance::archive::all(&|| async {
        let memory = Arc::new(MemoryArchive::new());
        let retry = mended(Arc::clone(&memory), Faults::default());
        Probe::new(retry, move || std::future::ready(Ok(memory.objects())))
    })
    .await
}

#[tokio::test]
async fn alerters_conform() -> Outcome {
    let fresh = || Arc::new(MemoryAlerter::new());
    conformance::alerter::all(&|| async { alerter(&fresh(), throttled) }).await?;
    let single = Faults { items: 0, ..ANSWERING };
    conformance::alerter::all(&|| async { alerter(&fresh(), |m| mended(m, single)) }).await?;
    for slot in 0..2 {
        // The one that is looked at is the first, then the second, of two.
        conformance::alerter::all(&|| async {
            alerter(&fresh(), |memory| {
                let mut pair = [memory as Arc<dyn Alerter>, fresh()];
                pair.rotate_left(slot);
                let [first, second] = pair;
                FanOut::<dyn Alerter>::new(first).with(second)
            })
        })
        .await?;
    }
    conformance::alerter::all(&|| async {
        alerter(&fresh(), |m| FanOut::<dyn Alerter>::new(fresh()).with_best_effort(m))
    })
    .await
}

#[tokio::test]
async fn sinks_conform() -> Outcome {
    let items = samples::quotes(1_000);
    conformance::sink::all(&|| async { sink(throttled) }, &items).await?;
    conformance::sink::all(&|| async { sink(|m| mended(m, Faults::default())) }, &items).await?;
    let fan_out = || async {
        sink(|memory| {
            let other = Arc::new(MemorySink::new());
            let flaky = mended(memory, Faults::default());
            FanOut::<dyn Sink<Quote>>::new(Arc::new(flaky)).with(other)
        })
    };
    conformance::sink::all(&fan_out, &items).await?;
    let nested =
        || async { sink(|memory| throttled(mended(throttled(memory), Faults::default()))) };
    conformance::sink::all(&nested, &items).await
}

struct Calm;

impl SourceHarness for Calm {
    type Source = Flaky<MemorySource>;

    async fn open(&self, cursors: &[Cursor]) -> Self::Source {
        let source = MemorySource::new(self.expected()).with_batch_size(7);
        let resume = |source: MemorySource, cursor| source.resumed_at(cursor).expect("its own");
        Flaky::new(cursors.iter().fold(source, resume), 7, Faults::NONE).expect("within bounds")
    }

    fn expected(&self) -> Vec<Quote> {
        samples::quotes(30)
    }
}

#[tokio::test]
async fn sources_conform() -> Outcome {
    conformance::source::all(&Calm).await?;
    conformance::source::goes_on_from_every_cursor(&Calm).await
}

#[tokio::test]
async fn a_flaky_source_loses_nothing() {
    let source = MemorySource::new(samples::quotes(500)).with_batch_size(7);
    let mut source =
        Flaky::new(source, 7, Faults { calls: 50, ..Faults::NONE }).expect("in bounds");
    let mut quotes = Vec::new();
    let mut failures = 0;
    loop {
        match source.next_batch().await {
            Ok(Some(batch)) => quotes.extend(batch.quotes),
            Ok(None) => break,
            Err(error) => failures += u32::from(error.is_retryable()),
        }
    }
    assert!(failures > 10, "{failures}");
    assert_eq!(quotes, samples::quotes(500));
}
