//! Records of the stream that hold many quotes come again as a whole.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use stockflow_core::{
    BatchReport, Error, ErrorKind, ItemFailure, Position, Processor, Quote, RecordBatch, Result,
    Row, Rules, Sink, StreamRecord,
    conformance::samples,
    memory::{MemoryArchive, MemoryTable},
    wire,
};

/// Refuses one row, once.
#[derive(Debug)]
struct Hiccup {
    quote: Quote,
    done: AtomicBool,
}

#[async_trait]
impl Sink<Row> for Hiccup {
    async fn write(&self, batch: &[Row]) -> Result<BatchReport> {
        let Some(index) = batch.iter().position(|row| row.quote == self.quote) else {
            return Ok(BatchReport::complete());
        };
        if self.done.swap(true, Ordering::Relaxed) {
            return Ok(BatchReport::complete());
        }
        let error = Error::new(ErrorKind::Unavailable, "hiccup", "write");
        Ok(BatchReport::partial(vec![ItemFailure { index, error }]))
    }
}

#[tokio::test]
async fn a_failure_within_a_record_of_many_quotes_leaves_nothing_of_it_in_the_lake_twice() {
    let quotes = samples::quotes(40);
    // Ten quotes in each record of the stream.
    let records: Vec<StreamRecord> = (0..)
        .zip(&quotes)
        .map(|(number, quote)| {
            let mut line = Vec::new();
            wire::encode(quote, &mut line);
            let position =
                Position { sequence: (number / 10_u64).into(), index: number as u32 % 10 };
            StreamRecord { position, arrival: quote.timestamp, data: line.into() }
        })
        .collect();
    for refused in [13, 20, 29, 39] {
        let lake = Arc::new(MemoryArchive::new());
        let hiccup = Hiccup { quote: quotes[refused], done: AtomicBool::new(false) };
        let table = Arc::new(MemoryTable::new());
        let quarantine = Arc::new(MemoryArchive::new());
        let mut stage =
            Processor::new(&Rules::default_set(), table.clone(), lake.clone(), quarantine)
                .with_sink(Arc::new(hiccup));
        let batch =
            |records: &[StreamRecord]| RecordBatch { shard: "0".into(), records: records.into() };
        let report = stage.process(&batch(&records)).await.unwrap().report;
        assert_eq!(report.failures()[0].index, refused / 10 * 10);
        // The stream begins again with the whole record.
        let report = stage.process(&batch(&records[refused / 10 * 10..])).await.unwrap().report;
        assert!(report.is_complete());
        let mut lines = lake.lines();
        lines.sort_unstable();
        let mut expected: Vec<_> = records.iter().map(|record| record.data.clone()).collect();
        expected.sort_unstable();
        assert_eq!(lines, expected);
        assert_eq!(table.len(), quotes.len());
    }
}
