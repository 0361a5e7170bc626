//! What a batch costs in calls: both stages on the emulator, counted by the meter. The measured totals are in `docs/cost.md`.
#![cfg(all(
    feature = "dynamodb",
    feature = "meter",
    feature = "s3",
    feature = "sns",
    feature = "testing"
))]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use stockflow_aws::{
    client,
    dynamodb::{ALERTS, DynamoLedger, DynamoTable, QUOTES},
    meter::{Meter, Usage},
    s3::S3Lake,
    sns::SnsAlerter,
    testing::Emulator,
};
use stockflow_core::{
    BatchReport, Position, Processor, Quote, QuoteHistory, QuoteTable, RecordBatch, Result, RowKey,
    RowQuery, Rules, StoredRow, StreamRecord, Symbol, TrendWatch,
    conformance::samples::{at, quote},
    wire,
};

/// A table that tells which checkpoints were written: what the table's stream would bring to stage 2.
#[derive(Debug)]
struct Feed(DynamoTable, Mutex<Vec<StoredRow>>);

#[async_trait]
impl QuoteHistory for Feed {
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>> {
        self.0.rows(query).await
    }
}

#[async_trait]
impl QuoteTable for Feed {
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        self.0.newest(symbols).await
    }
    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        self.0.contains(keys).await
    }
    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        let checkpoints = rows.iter().filter(|row| row.checkpoint.is_some()).cloned();
        self.1.lock().unwrap().extend(checkpoints);
        self.0.put(rows).await
    }
    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        self.0.put_absent(rows).await
    }
}

/// Calls by operation.
type Counts = BTreeMap<String, u64>;

/// Most checkpoints in an event of stage 2: `BatchSize` of the template.
const MOST_CHECKPOINTS: usize = 100;

/// Both stages, and what each of them calls.
struct World {
    meters: [Meter; 2],
    feed: Arc<Feed>,
    history: Arc<DynamoTable>,
    lake: Arc<S3Lake>,
    ledger: Arc<DynamoLedger>,
    alerter: Arc<SnsAlerter>,
    stages: (Processor, TrendWatch),
    quotes: u64,
}

impl World {
    async fn new() -> Self {
        let config = Emulator::shared().unwrap().new_account(client::https());
        let plain = aws_sdk_dynamodb::Client::new(&config);
        QUOTES.create(&plain, QUOTES.name).await.unwrap();
        ALERTS.create(&plain, ALERTS.name).await.unwrap();
        let meters = [Meter::new(), Meter::new()];
        let dynamodb = |stage: usize| {
            let config = aws_sdk_dynamodb::Config::from(&config).to_builder();
            let config = config.interceptor(meters[stage].clone()).build();
            aws_sdk_dynamodb::Client::from_conf(config)
        };
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true);
        let s3 = aws_sdk_s3::Client::from_conf(s3.interceptor(meters[0].clone()).build());
        // Buckets share one space of names.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let bucket = format!("bucket-of-calls-{}", NEXT.fetch_add(1, Relaxed));
        s3.create_bucket().bucket(&bucket).send().await.unwrap();
        let lake = Arc::new(S3Lake::new(&s3, format!("s3://{bucket}/lake").parse().unwrap()));
        let sns = aws_sdk_sns::Config::from(&config).to_builder().interceptor(meters[1].clone());
        let sns = aws_sdk_sns::Client::from_conf(sns.build());
        let topic = sns.create_topic().name("stock-trend-alerts").send().await.unwrap();
        let alerter = Arc::new(SnsAlerter::new(&sns, topic.topic_arn().unwrap()).unwrap());
        let table = DynamoTable::new(dynamodb(0), QUOTES.name).unwrap();
        let feed = Arc::new(Feed(table, Mutex::default()));
        let history = Arc::new(DynamoTable::new(dynamodb(1), QUOTES.name).unwrap());
        let ledger = Arc::new(DynamoLedger::new(dynamodb(1), ALERTS.name).unwrap());
        let stages = stages(&feed, &history, &lake, &ledger, &alerter);
        Self { meters, feed, history, lake, ledger, alerter, stages, quotes: 0 }
    }

    /// Containers that remember nothing take over.
    fn start_anew(&mut self) {
        let Self { feed, history, lake, ledger, alerter, .. } = self;
        self.stages = stages(feed, history, lake, ledger, alerter);
    }

    /// An event of these quotes through both stages.
    async fn event(&mut self, quotes: &[Quote]) {
        let record = |(index, quote): (u64, &Quote)| {
            let mut line = Vec::new();
            wire::encode(quote, &mut line);
            let position = Position::new((self.quotes + index).into());
            StreamRecord { position, arrival: quote.timestamp, data: line.into() }
        };
        let records = (1..).zip(quotes).map(record).collect();
        self.quotes += quotes.len() as u64;
        let batch = RecordBatch { shard: "shardId-0".into(), records };
        let (processor, watch) = &mut self.stages;
        processor.process(&batch).await.unwrap().report.into_result().unwrap();
        let checkpoints = std::mem::take(&mut *self.feed.1.lock().unwrap());
        for checkpoints in checkpoints.chunks(MOST_CHECKPOINTS) {
            watch.process(checkpoints, at(0)).await.report.into_result().unwrap();
        }
    }

    fn usage(&self) -> [Usage; 2] {
        self.meters.each_ref().map(Meter::usage)
    }
}

fn stages(
    feed: &Arc<Feed>,
    history: &Arc<DynamoTable>,
    lake: &Arc<S3Lake>,
    ledger: &Arc<DynamoLedger>,
    alerter: &Arc<SnsAlerter>,
) -> (Processor, TrendWatch) {
    let rules = Rules::default_set();
    let processor = Processor::new(&rules, feed.clone(), lake.clone(), lake.clone());
    (processor, TrendWatch::new(&rules, history.clone(), ledger.clone(), alerter.clone()))
}

fn since(now: &Usage, before: &Usage) -> Counts {
    let calls = now.calls.iter().map(|(name, calls)| {
        let earlier = before.calls.get(name).map_or(0, |calls| calls.sent);
        (name.clone(), calls.sent - earlier)
    });
    calls.filter(|(_, calls)| *calls > 0).collect()
}

/// The quotes of `count` places of a market of `symbols` symbols that tick in turn, from place `from` on; prices hardly move.
fn market(symbols: usize, from: usize, count: usize) -> Vec<Quote> {
    let of = |place: usize| {
        let symbol: Symbol = format!("S{:03}", place % symbols).parse().unwrap();
        let mut quote = quote(symbol, (place / symbols) as u64 * 30);
        quote.price = format!("180.00{}", place / symbols % 7 + 1).parse().unwrap();
        quote
    };
    (from..from + count).map(of).collect()
}

/// What each stage called since `before`.
fn calls(world: &World, before: &[Usage; 2]) -> [Counts; 2] {
    let now = world.usage();
    [0, 1].map(|stage| since(&now[stage], &before[stage]))
}

fn taken(counts: &mut Counts, name: &str) -> u64 {
    counts.remove(name).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_takes_few_calls_also_after_a_cold_start() {
    for (symbols, quotes, events) in [(1, 1, 3), (3, 100, 3), (30, 30, 19), (100, 130, 2)] {
        let mut world = World::new().await;
        for event in 0..events {
            let is_cold = event == 0 || event == events - 1;
            if is_cold {
                world.start_anew();
            }
            let before = world.usage();
            world.event(&market(symbols, event * quotes, quotes)).await;
            let [mut one, mut two] = calls(&world, &before);
            let whole = [one.clone(), two.clone()];
            let name = format!("{quotes} quotes of {symbols} symbols, event {event}: {whole:?}");
            assert!(taken(&mut one, "DynamoDB.BatchWriteItem") <= quotes as u64 / 25 + 2, "{name}");
            for stage in [&mut one, &mut two] {
                assert!(taken(stage, "DynamoDB.Query") <= symbols as u64, "{name}");
            }
            // What is left: an object in the lake; the marks of stage 2, looked up by a container that is new and moved on now and then.
            let looked_up = two.get("DynamoDB.BatchGetItem").copied().unwrap_or_default();
            assert_eq!(looked_up, u64::from(is_cold), "{name}");
            assert!(one.values().sum::<u64>() <= 5, "{name}");
            assert!(two.values().sum::<u64>() <= 5, "{name}");
        }
    }
}

/// A load: symbols that tick every 30 s in turn, and a stream's events as they come each second, or gathered for a minute.
#[derive(Clone, Copy)]
struct Load {
    symbols: usize,
    window: usize,
    /// Checkpoints of each symbol before it is counted, until the marks of stage 2 come at their usual pace, and while it is.
    checkpoints: (usize, usize),
}

impl Load {
    fn of(symbols: usize) -> [Self; 2] {
        let gathered = if symbols > 100 { (1, 2) } else { (5, 16) };
        let load = |window, checkpoints| Self { symbols, window, checkpoints };
        [load(0, (5, 16)), load(60, gathered)]
    }

    /// Quotes in an event.
    const fn quotes(self) -> usize {
        if self.window == 0 { self.symbols.div_ceil(30) } else { self.symbols * self.window / 30 }
    }

    /// Events in which each symbol has so many checkpoints.
    const fn events(self, checkpoints: usize) -> usize {
        if self.window == 0 {
            (self.symbols * checkpoints).div_ceil(self.quotes())
        } else {
            checkpoints
        }
    }

    /// Prints the calls for 1,000 quotes, and gives their sum.
    async fn measure(self) -> f64 {
        let mut world = World::new().await;
        let (before, counted) = self.checkpoints;
        let (before, counted) = (self.events(before), self.events(counted));
        let quotes = |event: usize| market(self.symbols, event * self.quotes(), self.quotes());
        for event in 0..before {
            world.event(&quotes(event)).await;
        }
        let usage = world.usage();
        for event in before..before + counted {
            world.event(&quotes(event)).await;
        }
        let scale = 1_000.0 / (counted * self.quotes()) as f64;
        println!(
            "\n{} symbols, window {} s: {} quotes an event",
            self.symbols,
            self.window,
            self.quotes()
        );
        let mut sum = 0.0;
        for (stage, counts) in (1..).zip(calls(&world, &usage)) {
            for (name, calls) in counts {
                let calls = calls as f64 * scale;
                println!("  stage {stage}: {name:<24} {calls:>8.1}");
                sum += calls;
            }
        }
        println!("  together {sum:>34.1}");
        sum
    }
}

/// Prints the figures of `docs/cost.md`; those of other numbers of symbols with `STOCKFLOW_SYMBOLS=500`, which takes minutes.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_quotes_take_as_many_calls_as_the_docs_say() {
    let asked = std::env::var("STOCKFLOW_SYMBOLS").map_or(10, |symbols| symbols.parse().unwrap());
    let [at_once, gathered] = Load::of(asked);
    let sums = [at_once.measure().await, gathered.measure().await];
    if asked == 10 {
        assert_eq!(sums, [4_062.5, 1_181.25]);
    }
}
