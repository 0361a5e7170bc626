//! The billed units of both stages, as the cost meter counts them: the source of [`super::measured`].
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::Client;
use stockflow_aws::{
    client,
    dynamodb::{ALERTS, DynamoLedger, DynamoTable, QUOTES},
    lambda::{ProcessorOutcome, TrendOutcome},
    meter::{Meter, Usage},
    s3::S3Lake,
    testing::Emulator,
};
use stockflow_core::{
    Position, Processor, Quote, QuoteTable as _, RecordBatch, Rules, StreamRecord, Symbol,
    Timestamp, TrendWatch, memory::MemoryAlerter, wire,
};

use super::measured::{
    LOG_STAGE_1, LOG_STAGE_2, PUTS_PER_EVENT, READS_STAGE_1, READS_STAGE_2, RECORD_BYTES,
    WRITES_PER_ALERT, WRITES_PER_QUOTE, WRITES_STAGE_2,
};

const SYMBOLS: usize = 4;
const EACH: usize = 5;

/// Both stages on an account of their own, with a meter each.
struct World {
    processor: Processor,
    watch: TrendWatch,
    table: DynamoTable,
    meters: [Meter; 2],
    next: u64,
}

impl World {
    async fn new() -> Self {
        let config = Emulator::shared().unwrap().new_account(client::https());
        let meters = [Meter::new(), Meter::new()];
        let dynamodb = |meter: &Meter| {
            let config = aws_sdk_dynamodb::Config::from(&config).to_builder();
            Client::from_conf(config.interceptor(meter.clone()).build())
        };
        let plain = Client::new(&config);
        QUOTES.create(&plain, QUOTES.name).await.unwrap();
        ALERTS.create(&plain, ALERTS.name).await.unwrap();
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true);
        let s3 = aws_sdk_s3::Client::from_conf(s3.interceptor(meters[0].clone()).build());
        s3.create_bucket().bucket("lake-of-units").send().await.unwrap();
        let lake = Arc::new(S3Lake::new(&s3, "s3://lake-of-units/lake".parse().unwrap()));
        let table = |client| DynamoTable::new(client, QUOTES.name).unwrap();
        let rules = Rules::default_set();
        let ledger = DynamoLedger::new(dynamodb(&meters[1]), ALERTS.name).unwrap();
        Self {
            processor: Processor::new(
                &rules,
                Arc::new(table(dynamodb(&meters[0]))),
                lake.clone(),
                lake,
            ),
            watch: TrendWatch::new(
                &rules,
                Arc::new(table(dynamodb(&meters[1]))),
                Arc::new(ledger),
                Arc::new(MemoryAlerter::new()),
            ),
            table: table(plain),
            meters,
            next: 0,
        }
    }

    /// An event of [`EACH`] quotes of each symbol through both stages, prices by `cents`: what each used, and how many alerts there were.
    async fn event(&mut self, cents: impl Fn(u64) -> i64) -> ([Usage; 2], u64) {
        let mut records = Vec::new();
        let symbols: Vec<Symbol> = (0..SYMBOLS).map(|n| format!("S{n}").parse().unwrap()).collect();
        for _ in 0..EACH {
            self.next += 1;
            for (at, symbol) in symbols.iter().enumerate() {
                let mut data = Vec::new();
                wire::encode(&quote(*symbol, self.next, cents(self.next)), &mut data);
                let position = Position::new((self.next * 100 + at as u64).into());
                let arrival = time(self.next);
                records.push(StreamRecord { position, arrival, data: data.into() });
            }
        }
        let _ = self.meters.each_ref().map(Meter::take);
        let batch = RecordBatch { shard: "shardId-000000000000".into(), records };
        self.processor.process(&batch).await.unwrap().report.into_result().unwrap();
        let rows = self.table.newest(&symbols).await.unwrap().into_iter().flatten();
        let rows: Vec<_> = rows.collect();
        assert_eq!(rows.len(), SYMBOLS);
        let report = self.watch.process(&rows, time(self.next)).await;
        report.report.into_result().unwrap();
        (self.meters.each_ref().map(Meter::take), report.counts.alerts)
    }
}

fn time(second: u64) -> Timestamp {
    let start: Timestamp = "2026-11-23T14:30:00Z".parse().unwrap();
    start.saturating_add(Duration::from_secs(second * 30))
}

fn quote(symbol: Symbol, second: u64, cents: i64) -> Quote {
    let price = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100).parse().unwrap();
    Quote {
        symbol,
        timestamp: time(second),
        open: price(18_050),
        high: price(25_000),
        low: price(17_000),
        price: price(cents),
        previous_close: price(18_071),
        volume: i64::try_from(second * 1_234).unwrap().try_into().unwrap(),
    }
}

#[tokio::test]
async fn the_table_of_units_is_what_the_meter_counts() {
    let mut world = World::new().await;
    let calm = |second: u64| 18_070 + [3, -2, 4, -5, 1, 0, 2, -3][second as usize % 8];
    // Cold, it reads what the detectors look back on.
    for _ in 0..4 {
        let _ = world.event(calm).await;
    }
    let (mut writes, mut followed, mut reads, mut puts) = (0.0, 0.0, [0.0; 2], 0);
    let events = 16;
    for _ in 0..events {
        let ([first, second], alerts) = world.event(calm).await;
        assert_eq!(alerts, 0, "a calm market");
        writes += first.dynamodb.write_units;
        followed += second.dynamodb.write_units;
        reads[0] += first.dynamodb.read_units;
        reads[1] += second.dynamodb.read_units;
        puts += first.s3.put_requests;
        assert_eq!(first.dynamodb.estimated_units + second.dynamodb.estimated_units, 0.0);
    }
    let checkpoints = f64::from(events) * SYMBOLS as f64;
    assert_eq!(writes / checkpoints / EACH as f64, WRITES_PER_QUOTE);
    assert_eq!(reads.map(|units| units / checkpoints), [READS_STAGE_1, READS_STAGE_2]);
    assert_eq!(puts as f64 / f64::from(events), PUTS_PER_EVENT);
    let marks = followed / checkpoints;
    assert!((marks - WRITES_STAGE_2).abs() < 1e-9, "{marks} write units for a checkpoint followed");

    // A jump of 20 %, which is told for every symbol: more than the same event without it.
    let ([first, second], alerts) = world.event(|second| calm(second) + 3_600).await;
    assert!(alerts >= SYMBOLS as u64, "{alerts}");
    let plain = (SYMBOLS * EACH) as f64 * WRITES_PER_QUOTE;
    let more = first.dynamodb.write_units + second.dynamodb.write_units - plain;
    let each = more / alerts as f64;
    assert!((WRITES_PER_ALERT - 2.0..=WRITES_PER_ALERT).contains(&each), "{each} for an alert");
}

#[test]
fn sizes_are_those_of_a_quote_and_of_a_line_of_log() {
    let mut line = Vec::new();
    wire::encode(&quote("AAPL".parse().unwrap(), 1_000, 18_071), &mut line);
    // Two digits behind the point here.
    assert!((170.0..=RECORD_BYTES).contains(&(line.len() as f64)), "{}", line.len());
    let sequence = "49590338271490256608559692538361571095921575989136588898";
    let outcome = ProcessorOutcome {
        span: Some(("shardId-000000000000".into(), sequence.into(), sequence.into())),
        ..ProcessorOutcome::default()
    };
    let id = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
    let mut line = outcome.to_line("kinesis-stock-processor");
    let bytes = line.field("requestId", id).to_json(time(0)).len() as f64;
    assert!((bytes - LOG_STAGE_1).abs() <= 10.0, "{bytes}");
    let outcome =
        TrendOutcome { span: Some((sequence.into(), sequence.into())), ..TrendOutcome::default() };
    let mut line = outcome.to_line("dynamodb-stock-trend");
    let bytes = line.field("requestId", id).to_json(time(0)).len() as f64;
    assert!((bytes - LOG_STAGE_2).abs() <= 10.0, "{bytes}");
}
