//! Either side can be replaced by the Python project that this one grew out of: its records go through our stage 1, ours have
//! what its processor reads, and rows keep its names.
#![cfg(all(feature = "dynamodb", feature = "kinesis", feature = "lambda", feature = "testing"))]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::HashMap,
    io::Write as _,
    process::{Command, Stdio},
    sync::Arc,
};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kinesis::types::ShardIteratorType;
use base64_simd::STANDARD;
use serde_json::Value;
use stockflow_aws::{
    client,
    dynamodb::{DynamoTable, QUOTES},
    kinesis::KinesisSink,
    lambda::{Invocation, ProcessorFunction},
    testing::Emulator,
};
use stockflow_core::{
    Processor, Quote, Rules, Sink as _,
    conformance::samples::{quote, symbol},
    memory::MemoryArchive,
};

/// As its producer writes them: by `json.dumps`, rounded to two places, at the time of the poll.
const RECORD: &str = include_str!("original/record.json");
const WHOLE_NUMBERS: &str = include_str!("original/whole_numbers.json");
/// What it writes on a day without trades.
const NOT_A_NUMBER: &str = include_str!("original/not_a_number.json");

/// An event with these records, as the mapping brings them.
fn event(records: &[&str]) -> String {
    let record = |(number, data): (u64, &&str)| {
        let data = STANDARD.encode_to_string(data.trim_end());
        format!(
            r#"{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":"AAPL","sequenceNumber":"{number}","data":"{data}",
            "approximateArrivalTimestamp":1795444231.5}},"eventSource":"aws:kinesis","eventID":"shardId-000000000000:{number}"}}"#
        )
    };
    let records: Vec<String> = (1..).zip(records).map(record).collect();
    format!(r#"{{"Records":[{}]}}"#, records.join(","))
}

struct World {
    dynamodb: aws_sdk_dynamodb::Client,
    quarantine: Arc<MemoryArchive>,
    lake: Arc<MemoryArchive>,
}

impl World {
    /// After stage 1 has had these records.
    async fn after(records: &[&str]) -> Self {
        let config = Emulator::shared().unwrap().new_account(client::https());
        let dynamodb = aws_sdk_dynamodb::Client::new(&config);
        QUOTES.create(&dynamodb, QUOTES.name).await.unwrap();
        let table = Arc::new(DynamoTable::new(dynamodb.clone(), QUOTES.name).unwrap());
        let (lake, quarantine) = (Arc::new(MemoryArchive::new()), Arc::new(MemoryArchive::new()));
        let stage = Processor::new(&Rules::default_set(), table, lake.clone(), quarantine.clone());
        let mut function = ProcessorFunction::new(stage);
        let outcome = function.handle(event(records).as_bytes(), &Invocation::for_tests()).await;
        assert!(outcome.unwrap().response.is_complete());
        Self { dynamodb, quarantine, lake }
    }

    /// An item, as any other program gets it.
    async fn item(&self, symbol: &str, timestamp: &str) -> HashMap<String, AttributeValue> {
        let get = self.dynamodb.get_item().table_name(QUOTES.name);
        let get = get.key("symbol", AttributeValue::S(symbol.into()));
        let get = get.key("timestamp", AttributeValue::S(timestamp.into()));
        get.send().await.unwrap().item.unwrap()
    }
}

#[tokio::test]
async fn its_records_go_through_stage_1_and_rows_keep_its_names() {
    let world = World::after(&[RECORD, WHOLE_NUMBERS]).await;
    assert!(world.quarantine.objects().is_empty());
    let item = world.item("AAPL", "2026-11-23T14:30:00.000000Z").await;
    let number = |text: &str| AttributeValue::N(text.into());
    for (name, value) in [
        ("open", number("229.98")),
        ("high", number("232.14")),
        ("low", number("228.5")),
        ("price", number("231.3")),
        ("previous_close", number("229.87")),
        ("change", number("1.43")),
        // Not of rounded values.
        ("change_percent", number("0.6221")),
        ("volume", number("42477811")),
    ] {
        assert_eq!(item.get(name), Some(&value), "{name}");
    }
    let item = world.item("BTC-USD", "2026-11-23T14:30:30.000000Z").await;
    assert_eq!(item["price"], number("91000"));
    assert_eq!(item["change"], number("0"));
    let lake = world.lake.objects();
    assert_eq!(
        lake.iter().map(|object| object.lines.split(|b| *b == b'\n').count() - 1).sum::<usize>(),
        2
    );
}

#[tokio::test]
async fn its_record_of_a_day_without_trades_is_quarantined_as_it_came_and_hurts_no_other() {
    let world = World::after(&[NOT_A_NUMBER, RECORD]).await;
    world.item("AAPL", "2026-11-23T14:30:00.000000Z").await;
    let quarantined = world.quarantine.objects();
    let line: Value = serde_json::from_slice(&quarantined[0].lines).unwrap();
    let kept = line.to_string();
    assert!(kept.contains("NaN") && kept.contains("IBM"), "{kept}");
}

/// The bytes of the records that our sink puts on a stream for these quotes.
async fn written(quotes: &[Quote]) -> Vec<Vec<u8>> {
    let config = Emulator::shared().unwrap().new_account(client::https());
    let kinesis = aws_sdk_kinesis::Client::new(&config);
    let stream = "stock-market-stream";
    kinesis.create_stream().stream_name(stream).shard_count(1).send().await.unwrap();
    let sink = KinesisSink::new(&kinesis, stream).unwrap();
    sink.write(quotes).await.unwrap().into_result().unwrap();
    let iterator = kinesis.get_shard_iterator().stream_name(stream);
    let iterator = iterator.shard_id("shardId-000000000000");
    let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await;
    let records = kinesis.get_records().shard_iterator(iterator.unwrap().shard_iterator().unwrap());
    let records = records.send().await.unwrap().records;
    for record in &records {
        // It routes by symbol, and so does the original.
        let value: Value = serde_json::from_slice(record.data.as_ref()).unwrap();
        assert_eq!(value["symbol"].as_str(), record.partition_key.as_deref());
    }
    records.into_iter().map(|record| record.data.into_inner()).collect()
}

#[tokio::test]
async fn our_records_have_what_its_processor_reads_with_its_types() {
    let mut quotes = vec![quote(symbol("AAPL"), 7), quote(symbol("^GSPC"), 8)];
    // A whole number has no point on our wire, and the smallest price has eight decimals.
    quotes[0].price = "180".parse().unwrap();
    quotes[1].price = "0.00000001".parse().unwrap();
    let records = written(&quotes).await;
    assert_eq!(records.len(), 2);
    let mut python = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/original/reader.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = python.stdin.take().unwrap();
    input.write_all(&records.join(&b'\n')).unwrap();
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let output = String::from_utf8(output.stdout).unwrap();
    let read: Vec<Value> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (index, read) in read.iter().enumerate() {
        assert_eq!(read["symbol"], quotes[index].symbol.as_str());
        assert_eq!(read["timestamp"], quotes[index].timestamp.to_string());
        assert_eq!(read["volume"], quotes[index].volume.get());
    }
    assert_eq!((&read[0]["price"], &read[0]["anomaly"]), (&"180".into(), &"No".into()));
    assert_eq!((&read[1]["price"], &read[1]["anomaly"]), (&"1E-8".into(), &"Yes".into()));
    assert_eq!(read[0]["object"], "raw-data/AAPL/2026-11-23T14-30-07.000000Z.json");
}
