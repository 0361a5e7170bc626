//! A detector that panics on some quotes: one record is lost for it, and it is in the quarantine.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test of panics")]

use std::sync::Arc;

use stockflow_core::{
    AnomalyDetector, Direction, Evidence, Position, ProcessReport, Processor, Quality, Quote,
    QuoteHistory as _, RecordBatch, RowQuery, Rule, Rules, Severity, StoredRow, StreamRecord,
    TrendDetector, TrendSignal, TrendWatch, Verdict,
    conformance::samples::{at, quote, symbol},
    memory::{MemoryAlerter, MemoryArchive, MemoryLedger, MemoryTable},
    wire,
};

/// Panics on a volume of 13, otherwise counts what it has seen: its score is that number.
#[derive(Clone, Debug, Default)]
struct Superstitious {
    seen: u64,
}

impl Superstitious {
    fn take_in(&mut self, quote: &Quote) {
        // In the middle of its work, so that what is left behind is wrong.
        self.seen += 1_000;
        assert_ne!(quote.volume.get(), 13, "thirteen");
        self.seen -= 999;
    }

    fn evidence(&self) -> Evidence {
        Evidence { direction: Direction::Up, score: self.seen as f64, value: 0.0, threshold: 0.0 }
    }
}

impl AnomalyDetector for Superstitious {
    fn lookback(&self) -> usize {
        100
    }
    fn tolerates(&self) -> Quality {
        Quality::ALL
    }
    fn score(&self, _: &Quote) -> Verdict {
        Verdict::Anomalous(self.evidence())
    }
    fn update(&mut self, quote: &Quote) {
        self.take_in(quote);
    }
    fn reset(&mut self) {
        self.seen = 0;
    }
}

impl TrendDetector for Superstitious {
    fn lookback(&self) -> usize {
        100
    }
    fn tolerates(&self) -> Quality {
        Quality::ALL
    }
    fn update(&mut self, quote: &Quote) -> TrendSignal {
        self.take_in(quote);
        TrendSignal::Turned(self.evidence())
    }
    fn reset(&mut self) {
        self.seen = 0;
    }
}

fn batch(seconds: std::ops::Range<u64>) -> RecordBatch {
    let record = |second: u64| {
        let mut data = Vec::new();
        wire::encode(&quote(symbol("AAPL"), second), &mut data);
        let position = Position::new(second.into());
        StreamRecord { position, arrival: at(second), data: data.into() }
    };
    RecordBatch { shard: "shard".into(), records: seconds.map(record).collect() }
}

async fn run(batches: &[std::ops::Range<u64>]) -> (Vec<StoredRow>, Vec<u8>, Vec<ProcessReport>) {
    let rules = Rules { anomaly: Vec::new(), ..Rules::default_set() }.with_anomaly(Rule::new(
        "superstitious",
        Severity::Info,
        |_| Some(Box::new(Superstitious::default()) as _),
    ));
    let (table, lake, quarantine) = (
        Arc::new(MemoryTable::new()),
        Arc::new(MemoryArchive::new()),
        Arc::new(MemoryArchive::new()),
    );
    let mut processor = Processor::new(&rules, table.clone(), lake.clone(), quarantine.clone());
    let mut reports = Vec::new();
    for seconds in batches {
        reports.push(processor.process(&batch(seconds.clone())).await.unwrap());
    }
    let rows = table.rows(RowQuery::latest(symbol("AAPL"), usize::MAX)).await.unwrap();
    let refused =
        quarantine.objects().into_iter().flat_map(|object| object.lines.to_vec()).collect();
    (rows, refused, reports)
}

#[tokio::test]
async fn a_panic_in_a_detector_costs_one_record() {
    let (rows, refused, reports) = run(&[0..30, 30..30]).await;
    assert!(reports[0].report.is_complete());
    assert_eq!((reports[0].counts.accepted, reports[0].counts.quarantined), (29, 1));
    let seconds: Vec<_> = rows.iter().map(|row| row.row.quote.volume.get()).collect();
    assert_eq!(seconds, (0..30).filter(|second| *second != 13).collect::<Vec<_>>());
    let line = String::from_utf8(refused).unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.contains("a detector panicked on it") && line.contains("thirteen"), "{line}");
    assert!(line.contains(r#""origin":"shard/00000000000000000013""#), "{line}");
    // Every verdict is that of a detector that never saw the quote.
    for (seen, row) in rows.iter().enumerate() {
        assert_eq!(row.row.anomalies()[0].evidence.score, seen as f64);
    }
}

#[tokio::test]
async fn verdicts_around_a_panic_do_not_depend_on_batches() {
    let (whole, ..) = run(&[0..30, 30..30]).await;
    let (cut, ..) = run(&[0..7, 7..13, 13..14, 14..30]).await;
    let rows = |rows: &[StoredRow]| rows.iter().map(|row| row.row.clone()).collect::<Vec<_>>();
    assert_eq!(rows(&whole), rows(&cut));
}

#[tokio::test]
async fn a_panic_in_a_trend_detector_costs_one_row() {
    let rules = Rules { anomaly: Vec::new(), trend: Vec::new(), ..Rules::default_set() }
        .with_trend(Rule::new("superstitious", Severity::Info, |_| {
            Some(Box::new(Superstitious::default()) as _)
        }));
    let (table, archive) = (Arc::new(MemoryTable::new()), Arc::new(MemoryArchive::new()));
    let mut processor = Processor::new(&rules, table.clone(), archive.clone(), archive.clone());
    processor.process(&batch(0..30)).await.unwrap().report.into_result().unwrap();
    let rows = table.rows(RowQuery::latest(symbol("AAPL"), usize::MAX)).await.unwrap();
    let mut watch = TrendWatch::new(
        &rules,
        table,
        Arc::new(MemoryLedger::new()),
        Arc::new(MemoryAlerter::new()),
    );
    let report = watch.process(&rows, at(60)).await;
    assert!(report.report.is_complete());
    assert_eq!(report.counts.turns["superstitious"], 29);
}
