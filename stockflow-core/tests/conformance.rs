//! The suites on the backends in memory, plain and behind `Arc<dyn _>`.

use std::sync::Arc;

use stockflow_core::{
    AlertLedger, Alerter, Archive, Cursor, CursorStore, Quote, QuoteSource, QuoteTable, Sink,
    conformance::{self, Outcome, Probe, samples, source::SourceHarness},
    memory::{
        MemoryAlerter, MemoryArchive, MemoryCursors, MemoryLedger, MemorySink, MemorySource,
        MemoryTable,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn memory_table_conforms() -> Outcome {
    conformance::table::all(&|| async { MemoryTable::new() }).await?;
    conformance::table::all(&|| async { Arc::new(MemoryTable::new()) as Arc<dyn QuoteTable> }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_ledger_conforms() -> Outcome {
    conformance::ledger::all(&|| async { MemoryLedger::new() }).await?;
    conformance::ledger::all(&|| async { Arc::new(MemoryLedger::new()) as Arc<dyn AlertLedger> })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_archive_conforms() -> Outcome {
    conformance::archive::all(&|| async {
        let archive = Arc::new(MemoryArchive::new());
        let erased = Arc::clone(&archive) as Arc<dyn Archive>;
        Probe::new(erased, move || std::future::ready(Ok(archive.objects())))
    })
    .await
}

#[tokio::test]
async fn memory_cursors_conform() -> Outcome {
    conformance::cursors::all(&|| async { MemoryCursors::new() }).await?;
    conformance::cursors::all(&|| async { Arc::new(MemoryCursors::new()) as Arc<dyn CursorStore> })
        .await
}

#[tokio::test]
async fn memory_alerter_conforms() -> Outcome {
    conformance::alerter::all(&|| async {
        let alerter = Arc::new(MemoryAlerter::new());
        let erased = Arc::clone(&alerter) as Arc<dyn Alerter>;
        Probe::new(Box::new(erased), move || {
            let ids = alerter.sent().iter().map(|alert| alert.id().to_string()).collect();
            std::future::ready(Ok(ids))
        })
    })
    .await
}

#[tokio::test]
async fn memory_sink_conforms() -> Outcome {
    let harness = || async {
        let sink = Arc::new(MemorySink::new());
        let erased = Arc::clone(&sink) as Arc<dyn Sink<Quote>>;
        Probe::new(Box::new(erased), move || std::future::ready(Ok(sink.items())))
    };
    conformance::sink::all(&harness, &samples::quotes(1_200)).await
}

struct Played;

impl SourceHarness for Played {
    type Source = Box<dyn QuoteSource>;

    async fn open(&self, cursors: &[Cursor]) -> Self::Source {
        let source = MemorySource::new(self.expected()).with_batch_size(7);
        Box::new(
            cursors
                .iter()
                .fold(source, |source, cursor| source.resumed_at(cursor).expect("its own cursor")),
        )
    }

    fn expected(&self) -> Vec<Quote> {
        samples::quotes(30)
    }
}

#[tokio::test]
async fn memory_source_conforms() -> Outcome {
    conformance::source::all(&Played).await?;
    conformance::source::goes_on_from_every_cursor(&Played).await
}
