//! The stream is away: quotes wait, the feed waits when there is no more room, and nothing is lost.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use stockflow_core::{
    BatchReport, Cursor, Error, ErrorKind, ItemFailure, Quote, QuoteSource, Result, Sink,
    SourceBatch, Timestamp, Unreadable, conformance::samples,
};
use stockflow_local::SpoolOptions;
use stockflow_producer::{Failure, Producer};
use tokio::time::{Instant, sleep};

/// A stream that is away from one moment to another, and refuses every seventh quote when it is there.
#[derive(Debug)]
struct Stream {
    away: std::ops::Range<Instant>,
    kind: ErrorKind,
    picky: AtomicU64,
    taken: Mutex<Vec<Quote>>,
}

impl Stream {
    fn away_for(duration: Duration, kind: ErrorKind) -> Arc<Self> {
        let now = Instant::now();
        let away = now + Duration::from_secs(15)..now + Duration::from_secs(15) + duration;
        Arc::new(Self { away, kind, picky: AtomicU64::new(0), taken: Mutex::default() })
    }

    fn taken(&self) -> Vec<Quote> {
        self.taken.lock().unwrap().clone()
    }
}

#[async_trait]
impl Sink<Quote> for Stream {
    async fn write(&self, batch: &[Quote]) -> Result<BatchReport> {
        sleep(Duration::from_millis(20)).await;
        if self.away.contains(&Instant::now()) {
            return Err(Error::new(self.kind, "stream", "write"));
        }
        let mut failures: Vec<ItemFailure> = Vec::new();
        for (index, quote) in batch.iter().enumerate() {
            let before = failures.iter().any(|failure| batch[failure.index].symbol == quote.symbol);
            if before || self.picky.fetch_add(1, Ordering::Relaxed) % 7 == 6 {
                let error = Error::new(ErrorKind::Throttled, "stream", "write");
                failures.push(ItemFailure { index, error });
            } else {
                self.taken.lock().unwrap().push(*quote);
            }
        }
        Ok(BatchReport::partial(failures))
    }
}

/// A quote of each of three symbols every ten seconds of the runtime's clock, so many times.
#[derive(Debug)]
struct Ticker {
    next: u64,
    until: u64,
    asked: Arc<AtomicU64>,
}

impl Ticker {
    fn new(until: u64) -> (Self, Arc<AtomicU64>) {
        let asked = Arc::new(AtomicU64::new(0));
        (Self { next: 0, until, asked: Arc::clone(&asked) }, asked)
    }
}

fn tick(number: u64) -> Vec<Quote> {
    ["AAPL", "MSFT", "IBM"].map(|name| samples::quote(samples::symbol(name), number)).to_vec()
}

#[async_trait]
impl QuoteSource for Ticker {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_secs(10)).await;
        if self.next == self.until {
            return Ok(None);
        }
        let cursor = Cursor { feed: "ticker".into(), offset: self.next.to_string() };
        let quotes = tick(self.next);
        self.next += 1;
        Ok(Some(SourceBatch { quotes, cursors: vec![cursor], ..SourceBatch::default() }))
    }
}

fn expected(ticks: u64) -> BTreeSet<(String, Timestamp)> {
    (0..ticks).flat_map(tick).map(|q| (q.symbol.to_string(), q.timestamp)).collect()
}

fn keys(quotes: &[Quote]) -> BTreeSet<(String, Timestamp)> {
    quotes.iter().map(|q| (q.symbol.to_string(), q.timestamp)).collect()
}

fn in_order(quotes: &[Quote]) {
    for name in ["AAPL", "MSFT", "IBM"] {
        let of: Vec<Timestamp> =
            quotes.iter().filter(|q| q.symbol.as_str() == name).map(|q| q.timestamp).collect();
        assert!(of.is_sorted(), "{name}");
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(start_paused = true)]
async fn an_hour_without_the_stream_loses_nothing() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Denied] {
        let folder = tempfile::tempdir().unwrap();
        let stream = Stream::away_for(HOUR, kind);
        let options = SpoolOptions::new(64 << 10, 4 << 20).unwrap();
        let producer = Producer::open(folder.path(), options, stream.clone()).unwrap();
        let status = producer.status();
        let (ticker, asked) = Ticker::new(400);
        let begin = Instant::now();
        let summary = producer.run(Box::new(ticker), std::future::pending()).await.unwrap();
        assert_eq!((summary.taken, summary.delivered, summary.waiting), (1_200, 1_200, 0));
        let taken = stream.taken();
        assert_eq!((taken.len(), keys(&taken)), (1_200, expected(400)));
        in_order(&taken);
        // The feed never waited: all of it fitted.
        assert_eq!(asked.load(Ordering::Relaxed), 401);
        assert!(begin.elapsed() < HOUR + Duration::from_secs(500), "{:?}", begin.elapsed());
        assert!(status.tally().failing.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_spool_is_full_the_feed_waits_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let stream = Stream::away_for(HOUR, ErrorKind::Unavailable);
    let options = SpoolOptions::new(4 << 10, 16 << 10).unwrap();
    let producer = Producer::open(folder.path(), options, stream.clone()).unwrap();
    let status = producer.status();
    let (ticker, asked) = Ticker::new(600);
    let run = tokio::spawn(producer.run(Box::new(ticker), std::future::pending()));
    sleep(HOUR / 2).await;
    let (tally, polls) = (status.tally(), asked.load(Ordering::Relaxed));
    assert!(tally.full && polls < 60, "{polls} polls, {tally:?}");
    sleep(HOUR / 4).await;
    assert_eq!(asked.load(Ordering::Relaxed), polls, "it is not asked while there is no room");
    let bytes: u64 = std::fs::read_dir(folder.path().join("spool"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes < 24 << 10, "{bytes} bytes");
    let summary = run.await.unwrap().unwrap();
    assert_eq!((summary.taken, summary.waiting), (1_800, 0));
    let taken = stream.taken();
    assert_eq!((taken.len(), keys(&taken)), (1_800, expected(600)));
    in_order(&taken);
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_to_stop_sends_what_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let stream = Stream::away_for(Duration::from_secs(200), ErrorKind::Unavailable);
    let producer = Producer::open(folder.path(), SpoolOptions::default(), stream.clone()).unwrap();
    let (ticker, _) = Ticker::new(u64::MAX);
    let stop = sleep(Duration::from_secs(105));
    let summary =
        producer.with_drain(Duration::from_secs(600)).run(Box::new(ticker), stop).await.unwrap();
    assert_eq!((summary.taken, summary.delivered), (30, 30));
    assert_eq!(keys(&stream.taken()), expected(10));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_in_time_is_sent_by_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let open = |stream: &Arc<Stream>| {
        let stream = Arc::clone(stream) as _;
        Producer::open(folder.path(), SpoolOptions::default(), stream).unwrap()
    };
    let stream = Stream::away_for(HOUR, ErrorKind::Unavailable);
    let (ticker, _) = Ticker::new(u64::MAX);
    let stop = sleep(Duration::from_secs(105));
    let failure = open(&stream).run(Box::new(ticker), stop).await.unwrap_err();
    let Failure::Failed(text) = failure else { panic!("{failure}") };
    assert!(text.contains("wait in the spool for the next run: stream: write failed"), "{text}");
    let early = stream.taken();
    assert!(early.len() < 30, "{}", early.len());

    let later = Stream::away_for(Duration::ZERO, ErrorKind::Unavailable);
    let producer = open(&later);
    assert_eq!(producer.cursors()[0].offset, "9");
    let left = producer.status().tally().waiting;
    let (nothing, _) = Ticker::new(0);
    let summary = producer.run(Box::new(nothing), std::future::pending()).await.unwrap();
    assert_eq!((summary.taken, summary.delivered), (0, left));
    let all = [early, later.taken()].concat();
    assert_eq!(keys(&all), expected(10));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_stream_after_the_feed_has_ended_can_be_asked_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let stream = Stream::away_for(HOUR, ErrorKind::Unavailable);
    let producer = Producer::open(folder.path(), SpoolOptions::default(), stream).unwrap();
    let (ticker, _) = Ticker::new(10);
    let begin = Instant::now();
    let stop = sleep(Duration::from_secs(600));
    let failure = producer.run(Box::new(ticker), stop).await.unwrap_err();
    assert!(failure.to_string().contains("wait in the spool for the next run"), "{failure}");
    // Asked after ten minutes, it tries for 25 s more.
    assert_eq!(begin.elapsed().as_secs(), 625);
}

/// Takes nothing, ever.
#[derive(Debug)]
struct Absent;

#[async_trait]
impl Sink<Quote> for Absent {
    async fn write(&self, _: &[Quote]) -> Result<BatchReport> {
        Err(Error::new(ErrorKind::NotFound, "stream", "write").with_source("no such stream"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_never_was_there_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let producer =
        Producer::open(folder.path(), SpoolOptions::default(), Arc::new(Absent)).unwrap();
    let (ticker, _) = Ticker::new(u64::MAX);
    let failure = producer.run(Box::new(ticker), std::future::pending()).await.unwrap_err();
    assert_eq!(failure.to_string(), "stream: write failed (not found): no such stream");
}

/// Will never take quotes of one symbol.
#[derive(Debug, Default)]
struct Choosy(Mutex<Vec<Quote>>);

#[async_trait]
impl Sink<Quote> for Choosy {
    async fn write(&self, batch: &[Quote]) -> Result<BatchReport> {
        let is_bad = |quote: &Quote| quote.symbol.as_str() == "MSFT";
        let failure = |(index, _)| {
            let error = Error::new(ErrorKind::Rejected, "stream", "write");
            ItemFailure { index, error }
        };
        let failures = batch.iter().enumerate().filter(|(_, quote)| is_bad(quote)).map(failure);
        self.0.lock().unwrap().extend(batch.iter().filter(|quote| !is_bad(quote)));
        Ok(BatchReport::partial(failures.collect()))
    }
}

#[tokio::test]
async fn what_the_stream_will_never_take_is_kept_in_the_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    let choosy = Arc::new(Choosy::default());
    let producer = Producer::open(folder.path(), SpoolOptions::default(), choosy.clone()).unwrap();
    let status = producer.status();
    let source = stockflow_core::memory::MemorySource::new([tick(0), tick(1)].concat());
    producer.run(Box::new(source), std::future::pending()).await.unwrap();
    assert_eq!(status.tally().rejected, 2);
    assert_eq!(choosy.0.lock().unwrap().len(), 4);
    let kept = walk(&folder.path().join("quarantine"));
    assert_eq!(kept, 2);
}

/// Reads one quote and something that is none, then ends.
#[derive(Debug, Default)]
struct Mixed(bool);

#[async_trait]
impl QuoteSource for Mixed {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        if std::mem::replace(&mut self.0, true) {
            return Ok(None);
        }
        let (origin, reason) = ("ticks.csv:2".to_owned(), "no price".to_owned());
        let unreadable = vec![Unreadable { origin, reason, data: "AAPL,,".into() }];
        let quotes = vec![tick(0)[0]];
        Ok(Some(SourceBatch { quotes, unreadable, ..SourceBatch::default() }))
    }
}

#[tokio::test]
async fn what_the_feed_cannot_read_is_kept_in_the_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    let stream = Stream::away_for(Duration::ZERO, ErrorKind::Unavailable);
    let producer = Producer::open(folder.path(), SpoolOptions::default(), stream.clone()).unwrap();
    let status = producer.status();
    producer.run(Box::new(Mixed::default()), std::future::pending()).await.unwrap();
    assert_eq!((status.tally().unreadable, stream.taken().len()), (1, 1));
    assert_eq!(walk(&folder.path().join("quarantine")), 1);
}

/// Objects below a folder.
fn walk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { walk(&path) } else { 1 })
        .sum()
}
