//! Both stages as functions of Lambda, from body to answer, with backends in memory.
#![cfg(all(feature = "dynamodb", feature = "lambda"))]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{sync::Arc, time::Duration};

use base64_simd::STANDARD;
use stockflow_aws::{
    lambda::{Invocation, ProcessorFunction, TrendFunction},
    records::{Aggregate, compress},
};
use stockflow_core::{
    Alert, AlertId, AlertLedger, AlertStatus, Archive, Claim, ErrorKind, Object, PolicyState,
    Processor, QuoteHistory as _, QuoteTable, Result, RowQuery, RuleKey, Rules, Timestamp,
    TrendWatch,
    conformance::samples::{at, quote, symbol},
    memory::{Faults, Flaky, MemoryAlerter, MemoryArchive, MemoryLedger, MemoryTable},
    wire,
};
use tokio::time::Instant;

fn line(second: u64) -> Vec<u8> {
    let mut line = Vec::new();
    wire::encode(&quote(symbol("AAPL"), second), &mut line);
    line
}

/// An event with records of these data, numbered from 1, all of them taken by the stream at 15:40.
fn event(data: &[Vec<u8>]) -> String {
    let record = |(index, data): (usize, &Vec<u8>)| {
        let (data, number) = (STANDARD.encode_to_string(data), 4_959_000 + index);
        format!(
            r#"{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":"AAPL","sequenceNumber":"{number}","data":"{data}",
            "approximateArrivalTimestamp":1795448400.5}},"eventSource":"aws:kinesis","eventID":"shardId-000000000000:{number}"}}"#
        )
    };
    let records: Vec<String> = (1..).zip(data).map(record).collect();
    format!(r#"{{"Records":[{}]}}"#, records.join(","))
}

struct World {
    table: Arc<MemoryTable>,
    lake: Arc<MemoryArchive>,
    quarantine: Arc<MemoryArchive>,
}

impl World {
    fn new() -> Self {
        let archive = || Arc::new(MemoryArchive::new());
        Self { table: Arc::new(MemoryTable::new()), lake: archive(), quarantine: archive() }
    }

    fn function(&self, table: Arc<dyn QuoteTable>, lake: Arc<dyn Archive>) -> ProcessorFunction {
        let stage = Processor::new(&Rules::default_set(), table, lake, self.quarantine.clone());
        ProcessorFunction::new(stage)
    }

    async fn volumes(&self) -> Vec<i64> {
        let rows = self.table.rows(RowQuery::latest(symbol("AAPL"), usize::MAX)).await.unwrap();
        rows.iter().map(|row| row.row.quote.volume.get()).collect()
    }
}

#[tokio::test]
async fn plain_aggregated_and_compressed_records_are_taken_mixed() {
    let mut aggregate = Aggregate::default();
    let key = aggregate.add_key(b"AAPL");
    (1..4).for_each(|second| aggregate.add(key, &line(second)));
    let lines: Vec<u8> =
        (4..9).flat_map(|second| [line(second), b"\n".to_vec()].concat()).collect();
    let data = [
        line(0),
        aggregate.finish(),
        compress(&lines, 3).unwrap(),
        b"not a quote".to_vec(),
        line(9),
    ];
    let world = World::new();
    let mut function = world.function(world.table.clone(), world.lake.clone());
    let outcome = function.handle(event(&data).as_bytes(), &Invocation::for_tests()).await.unwrap();
    assert!(outcome.response.is_complete());
    assert_eq!((outcome.counts.accepted, outcome.counts.quarantined), (10, 1));
    assert_eq!(world.volumes().await, (0..10).collect::<Vec<_>>());
    assert_eq!(
        outcome.span.unwrap(),
        ("shardId-000000000000".into(), "4959001".into(), "4959005".into())
    );
    let quarantined = world.quarantine.objects();
    assert_eq!(quarantined[0].name.first.sequence.to_string(), "4959004");
}

#[tokio::test]
async fn what_is_not_durable_comes_again_from_its_record_on() {
    let world = World::new();
    let faults = Faults { calls: 10, answers: 10, items: 20, kind: ErrorKind::Throttled };
    let table = Arc::new(Flaky::new(world.table.clone(), 7, faults).unwrap());
    let mut function = world.function(table, world.lake.clone());
    let mut left: Vec<Vec<u8>> = (0..200).map(line).collect();
    let mut failures = 0;
    while !left.is_empty() {
        let outcome =
            function.handle(event(&left).as_bytes(), &Invocation::for_tests()).await.unwrap();
        let Some(at) = outcome.response.resume_at() else { break };
        assert!(outcome.error.is_some());
        left.drain(..at.parse::<usize>().unwrap() - 4_959_001);
        failures += 1;
        assert!(failures < 1_000, "it gets nowhere");
    }
    assert!(failures > 0);
    assert_eq!(world.volumes().await, (0..200).collect::<Vec<_>>());
}

/// Takes a second for each object.
#[derive(Debug)]
struct Slow(Arc<MemoryArchive>, Duration);

#[async_trait::async_trait]
impl Archive for Slow {
    async fn put(&self, object: Object) -> Result<()> {
        let lines = object.lines.split(|byte| *byte == b'\n').count() as u32;
        tokio::time::sleep(self.1 * lines).await;
        self.0.put(object).await
    }
}

#[tokio::test(start_paused = true)]
async fn work_that_takes_too_long_is_stopped_reported_and_done_in_parts() {
    let world = World::new();
    // 0.1 s a record: 60 s are enough for 540 of 1,000.
    let slow = Arc::new(Slow(world.lake.clone(), Duration::from_millis(100)));
    let mut function = world.function(world.table.clone(), slow);
    let mut left: Vec<Vec<u8>> = (0..1_000).map(line).collect();
    let mut calls = 0;
    loop {
        let begin = Instant::now();
        let outcome =
            function.handle(event(&left).as_bytes(), &Invocation::for_tests()).await.unwrap();
        assert!(begin.elapsed() <= Duration::from_secs(55), "{:?}", begin.elapsed());
        calls += 1;
        let Some(at) = outcome.response.resume_at() else { break };
        // What was done before the time was over is not given to a second call: it would begin in the middle of the event.
        let done = at.parse::<usize>().unwrap() - 4_959_001;
        assert_eq!(done as u64, outcome.counts.records);
        assert_eq!(outcome.out_of_time, done == 0);
        left.drain(..at.parse::<usize>().unwrap() - 4_959_001);
        assert!(calls < 20, "it gets nowhere");
    }
    assert!(world.volumes().await.into_iter().eq(0..1_000));
}

#[tokio::test]
async fn a_body_that_is_no_event_is_refused_and_a_dead_table_is_not_lost_work() {
    let world = World::new();
    let mut function = world.function(world.table.clone(), world.lake.clone());
    let error = function.handle(b"[1]", &Invocation::for_tests()).await.unwrap_err();
    assert!(error.to_string().contains("not of the kind"), "{error}");
    let dead = Faults { calls: 100, ..Faults::NONE };
    let table = Arc::new(Flaky::new(world.table.clone(), 7, dead).unwrap());
    let mut function = world.function(table, world.lake.clone());
    let outcome =
        function.handle(event(&[line(1)]).as_bytes(), &Invocation::for_tests()).await.unwrap();
    assert_eq!(outcome.response.resume_at(), Some("4959001"));
    let logged = outcome.to_line("kinesis-stock-processor").to_json(at(0));
    assert!(
        logged.contains("unavailable") && logged.contains(r#""resumeAt":"4959001""#),
        "{logged}"
    );
}

/// A checkpoint row with an anomaly that is told, as the stream of the table brings it.
fn image(second: u64) -> String {
    let number = |value: &str| format!(r#"{{"N":"{value}"}}"#);
    let text = |value: &str| format!(r#"{{"S":"{value}"}}"#);
    let price = number("180");
    format!(
        r#"{{"symbol":{},"timestamp":{},"open":{price},"high":{price},"low":{price},"price":{price},"previous_close":{price},
        "volume":{},"warming_up":{},"checkpoint":{},"arrival":{},"anomalies":{{"L":[{{"M":{{"rule":{},"direction":{},
        "score":{},"value":{},"threshold":{}}}}}]}}}}"#,
        text("AAPL"),
        text(&at(second).to_string()),
        number("7"),
        number("0"),
        text("first"),
        text(&at(second).to_string()),
        text("percent_change"),
        text("up"),
        number("6.5"),
        number("6.5"),
        number("5"),
    )
}

#[tokio::test]
async fn an_anomaly_in_a_checkpoint_row_is_told_and_a_failure_names_its_record() {
    let event = format!(
        r#"{{"Records":[{{"eventName":"REMOVE","dynamodb":{{"SequenceNumber":"1"}}}},
        {{"eventName":"INSERT","dynamodb":{{"SequenceNumber":"22","NewImage":{}}}}},
        {{"eventName":"INSERT","dynamodb":{{"SequenceNumber":"333","NewImage":{{"symbol":{{"S":"AAPL"}}}}}}}}]}}"#,
        image(60)
    );
    let row = stockflow_aws::dynamodb::read_image(image(60).as_bytes()).unwrap();
    let table = Arc::new(MemoryTable::new());
    table.put(&[row]).await.unwrap().into_result().unwrap();
    let (ledger, alerter) = (Arc::new(MemoryLedger::new()), Arc::new(MemoryAlerter::new()));
    let rules = Rules::default_set();
    let refuse = Faults { calls: 100, ..Faults::NONE };
    let deaf = Arc::new(Flaky::new(MemoryAlerter::new(), 7, refuse).unwrap());
    let watch = TrendWatch::new(&rules, table.clone(), ledger.clone(), deaf);
    let mut function = TrendFunction::new(watch.with_lease(Duration::ZERO));
    let outcome = function.handle(event.as_bytes(), &Invocation::for_tests()).await.unwrap();
    assert_eq!(outcome.response.resume_at(), Some("22"));
    assert_eq!((outcome.checkpoints, outcome.unreadable, outcome.counts.alerts), (1, 1, 0));

    let watch = TrendWatch::new(&rules, table, ledger.clone(), alerter.clone());
    let mut function = TrendFunction::new(watch.with_lease(Duration::ZERO));
    let invocation = Invocation { now: at(61), ..Invocation::for_tests() };
    for alerts in [1, 0] {
        let outcome = function.handle(event.as_bytes(), &invocation).await.unwrap();
        assert!(outcome.response.is_complete(), "{:?}", outcome.errors);
        assert_eq!(outcome.counts.alerts, alerts);
    }
    let sent = alerter.sent();
    assert_eq!(sent.len(), 1);
    assert!(ledger.status(&sent[0].id()).await.unwrap().is_some());
}

/// Hangs where the policy's states move on, after the alerts are claimed.
#[derive(Debug)]
struct Stuck(Arc<MemoryLedger>);

#[async_trait::async_trait]
impl AlertLedger for Stuck {
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim> {
        self.0.claim(alert, now, lease).await
    }
    async fn mark_sent(&self, id: &AlertId, now: Timestamp) -> Result<()> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.0.mark_sent(id, now).await
    }
    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>> {
        self.0.status(id).await
    }
    async fn policy_states(&self, keys: &[RuleKey]) -> Result<Vec<Option<PolicyState>>> {
        self.0.policy_states(keys).await
    }
    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool> {
        if key.rule == "percent_change" {
            std::future::pending::<()>().await;
        }
        self.0.advance(key, state).await
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_time_is_over_what_was_claimed_is_told_and_marked_and_the_rest_comes_again() {
    let change = |number: u64| {
        let image = image(60 * number);
        format!(
            r#"{{"eventName":"INSERT","dynamodb":{{"SequenceNumber":"{number}","NewImage":{image}}}}}"#
        )
    };
    let event = format!(r#"{{"Records":[{},{}]}}"#, change(1), change(2));
    let table = Arc::new(MemoryTable::new());
    for number in [1, 2] {
        let row = stockflow_aws::dynamodb::read_image(image(60 * number).as_bytes()).unwrap();
        table.put(&[row]).await.unwrap().into_result().unwrap();
    }
    let (ledger, alerter) = (Arc::new(MemoryLedger::new()), Arc::new(MemoryAlerter::new()));
    let rules = Rules::default_set();
    let stuck = Arc::new(Stuck(ledger.clone()));
    let watch = TrendWatch::new(&rules, table.clone(), stuck, alerter.clone());
    let begin = Instant::now();
    let mut function = TrendFunction::new(watch);
    let outcome = function.handle(event.as_bytes(), &Invocation::for_tests()).await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(59), "{:?}", begin.elapsed());
    assert_eq!(outcome.response.resume_at(), Some("1"));
    assert_eq!((outcome.counts.alerts, outcome.errors.len()), (1, 2), "{:?}", outcome.errors);

    let watch = TrendWatch::new(&rules, table, ledger, alerter.clone());
    let invocation = Invocation { now: at(200), ..Invocation::for_tests() };
    let outcome = TrendFunction::new(watch).handle(event.as_bytes(), &invocation).await.unwrap();
    assert!(outcome.response.is_complete(), "{:?}", outcome.errors);
    assert_eq!((outcome.counts.alerts, alerter.sent().len()), (0, 1), "it is not told again");
}
