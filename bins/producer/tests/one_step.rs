//! Wherever the producer is stopped, its spool has the quotes that its cursor counts, and no others.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::{collections::BTreeSet, fs, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use stockflow_core::{
    BatchReport, Cursor, Error, ErrorKind, Quote, QuoteSource, Result, Sink, SourceBatch,
    conformance::samples,
};
use stockflow_local::{Spool, SpoolOptions};
use stockflow_producer::Producer;

const BATCHES: u64 = 4;
const SEGMENT: &str = "00000000.spool";

/// Takes nothing, so that all stays in the spool.
#[derive(Debug)]
struct Away;

#[async_trait]
impl Sink<Quote> for Away {
    async fn write(&self, _: &[Quote]) -> Result<BatchReport> {
        Err(Error::new(ErrorKind::Unavailable, "stream", "write"))
    }
}

/// Batches of 1, 2, 3, … quotes, each with a cursor that says how many quotes there were so far.
#[derive(Debug, Default)]
struct Counting {
    batches: u64,
    quotes: u64,
}

#[async_trait]
impl QuoteSource for Counting {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        if self.batches == BATCHES {
            return Ok(None);
        }
        self.batches += 1;
        let numbers = self.quotes..self.quotes + self.batches;
        self.quotes = numbers.end;
        let quotes = numbers.map(|n| samples::quote(samples::symbol("AAPL"), n)).collect();
        let cursor = Cursor { feed: "counting".into(), offset: self.quotes.to_string() };
        Ok(Some(SourceBatch { quotes, cursors: vec![cursor], ..SourceBatch::default() }))
    }
}

/// What a producer finds that is started in this folder: quotes in its spool, and how many its cursor counts.
fn found(folder: &Path) -> (u64, u64) {
    let spool = Spool::open(folder, SpoolOptions::default()).unwrap();
    let records = spool.reader().read(1_000, 1 << 20).unwrap().records.len();
    let counted = spool.cursors().first().map_or(0, |cursor| cursor.offset.parse().unwrap());
    (records as u64, counted)
}

/// A process that ends, or a machine, leaves some of what was written, from the start: here, each length of it. (A kill at random hardly
/// ever meets the moment between two writes that belong together.)
#[tokio::test(start_paused = true)]
async fn at_whatever_byte_it_was_stopped_cursor_and_quotes_agree() {
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::open(folder.path(), SpoolOptions::default(), Arc::new(Away)).unwrap();
    let stop = tokio::time::sleep(Duration::from_secs(5));
    let run = producer.with_drain(Duration::ZERO).run(Box::new(Counting::default()), stop);
    run.await.unwrap_err();

    let spool = folder.path().join("spool");
    let written = fs::read(spool.join(SEGMENT)).unwrap();
    let mut seen = BTreeSet::new();
    for end in (0..written.len()).step_by(7).chain([written.len()]) {
        let stopped = tempfile::tempdir().unwrap();
        fs::copy(spool.join("id"), stopped.path().join("id")).unwrap();
        fs::write(stopped.path().join(SEGMENT), &written[..end]).unwrap();
        let (quotes, counted) = found(stopped.path());
        assert_eq!(quotes, counted, "with {end} of {} bytes", written.len());
        seen.insert(quotes);
    }
    assert_eq!(seen, BTreeSet::from([0, 1, 3, 6, 10]), "each batch as a whole, in its order");
}
