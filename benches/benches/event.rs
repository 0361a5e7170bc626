//! A full Lambda event of a Kinesis stream, to quotes: ours against what a function on `lambda_runtime` does with
//! `aws_lambda_events` and `serde_json`.
//!
//! `lambda_runtime` deserialises the body with `serde_path_to_error` around `serde_json`; the function then reads each record's
//! data with `serde_json`. Ours also checks every field of the quote, and keeps prices exact.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use std::fmt::Write as _;

use aws_lambda_events::kinesis::KinesisEvent;
use serde::Deserialize;
use stockflow_aws::lambda::read_kinesis_event;
use stockflow_benches::{
    compare::{Contestant, compare},
    market,
};
use stockflow_core::wire;

/// What one would write first.
#[derive(Deserialize)]
#[allow(dead_code, reason = "only read by the peer's deserializer")]
struct Record {
    symbol: String,
    open: f64,
    high: f64,
    low: f64,
    price: f64,
    previous_close: f64,
    volume: i64,
    timestamp: String,
}

/// As Lambda sends it: 6 MB are about 7,000 records.
fn event(records: usize) -> String {
    let quotes = market::quotes(500, records);
    let mut event = String::from("{\"Records\":[");
    for (index, record) in market::records(&quotes).iter().enumerate() {
        let data = base64_simd::STANDARD.encode_to_string(record);
        let sequence = format!("49590338271490256608559692538361571095921575989136{index:06}");
        let comma = if index == 0 { "" } else { "," };
        write!(
            event,
            "{comma}{{\"kinesis\":{{\"kinesisSchemaVersion\":\"1.0\",\"partitionKey\":\"{}\",\"sequenceNumber\":\"{sequence}\",\
             \"data\":\"{data}\",\"approximateArrivalTimestamp\":1545084650.987}},\"eventSource\":\"aws:kinesis\",\
             \"eventVersion\":\"1.0\",\"eventID\":\"shardId-000000000006:{sequence}\",\"eventName\":\"aws:kinesis:record\",\
             \"invokeIdentityArn\":\"arn:aws:iam::123456789012:role/kinesis-stock-processor\",\"awsRegion\":\"us-east-1\",\
             \"eventSourceARN\":\"arn:aws:kinesis:us-east-1:123456789012:stream/stock-market-stream\"}}",
            quotes[index].symbol,
        )
        .unwrap();
    }
    event.push_str("]}");
    event
}

fn ours(event: &str) -> u64 {
    let batches = read_kinesis_event(event.as_bytes()).unwrap();
    let records = batches.iter().flat_map(|batch| &batch.records);
    records.map(|record| wire::decode(&record.data).unwrap().quote.price.units() as u64).sum()
}

fn theirs(event: &str) -> u64 {
    let deserializer = &mut serde_json::Deserializer::from_str(event);
    let event: KinesisEvent = serde_path_to_error::deserialize(deserializer).unwrap();
    let records = event.records.iter();
    records
        .map(|record| serde_json::from_slice::<Record>(&record.kinesis.data).unwrap().price as u64)
        .sum()
}

fn main() {
    for records in [100, 7_000] {
        let event = event(records);
        println!("{records} records, {} bytes", event.len());
        compare(
            "a Lambda event to quotes",
            records,
            101,
            vec![
                Contestant::new("stockflow", || ours(&event)),
                Contestant::new("lambda_runtime + aws_lambda_events + serde_json", || {
                    theirs(&event)
                }),
            ],
        );
    }
}
