//! The real binary, given events by a Runtime API, with the emulator behind it.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use base64_simd::STANDARD;
use stockflow_aws::{
    client,
    dynamodb::{DynamoTable, QUOTES},
    s3::S3Lake,
    testing::{Emulator, RuntimeApi},
};
use stockflow_core::{
    QuoteHistory as _, RowQuery,
    conformance::samples::{quote, symbol},
    wire,
};

const ACCOUNT: u64 = 210_000_000_001;

fn event(data: &[Vec<u8>]) -> String {
    let record = |(number, data): (usize, &Vec<u8>)| {
        let data = STANDARD.encode_to_string(data);
        format!(
            r#"{{"kinesis":{{"partitionKey":"AAPL","sequenceNumber":"{number}","data":"{data}",
            "approximateArrivalTimestamp":1795448400.5}},"eventID":"shardId-000000000000:{number}"}}"#
        )
    };
    let records: Vec<String> = (1_000..).zip(data).map(record).collect();
    format!(r#"{{"Records":[{}]}}"#, records.join(","))
}

#[tokio::test]
async fn quotes_of_an_event_are_judged_stored_and_archived() {
    let emulator = Emulator::shared().unwrap();
    let config = emulator.account(ACCOUNT, client::https());
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    QUOTES.create(&dynamodb, QUOTES.name).await.unwrap();
    let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(s3);
    s3.create_bucket().bucket("stock-market-data-bucket-7").send().await.unwrap();

    let api = RuntimeApi::start().unwrap();
    let mut function = Command::new(env!("CARGO_BIN_EXE_kinesis-stock-processor"))
        .env_clear()
        .envs(api.variables("kinesis-stock-processor"))
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", emulator.endpoint())
        .env("AWS_ACCESS_KEY_ID", ACCOUNT.to_string())
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("STOCKFLOW_LAKE", "s3://stock-market-data-bucket-7/lake")
        .env("STOCKFLOW_QUARANTINE", "s3://stock-market-data-bucket-7/quarantine")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut data: Vec<Vec<u8>> = Vec::new();
    for second in 0..30 {
        let mut line = Vec::new();
        wire::encode(&quote(symbol("AAPL"), second), &mut line);
        data.push(line);
    }
    data.insert(17, b"{}".to_vec());
    let answers =
        [event(&data), event(&data), "[]".to_owned()].map(|event| api.invoke(event).unwrap());
    function.kill().unwrap();
    let logged = function.wait_with_output().unwrap().stdout;
    std::io::stderr().write_all(&logged).unwrap();

    let done = ("response".to_owned(), r#"{"batchItemFailures":[]}"#.to_owned());
    assert_eq!(answers[..2], [done.clone(), done]);
    assert_eq!(answers[2].0, "error");
    let table = DynamoTable::new(dynamodb, QUOTES.name).unwrap();
    let rows = table.rows(RowQuery::latest(symbol("AAPL"), 100)).await.unwrap();
    assert_eq!(rows.len(), 30);
    assert!(rows[29].checkpoint.is_some());
    for (prefix, lines) in [("lake", 30), ("quarantine", 1)] {
        let lake =
            S3Lake::new(&s3, format!("s3://stock-market-data-bucket-7/{prefix}").parse().unwrap());
        let mut count = 0;
        for day in lake.days().await.unwrap() {
            for object in lake.objects(day).await.unwrap() {
                count +=
                    lake.read(&object).await.unwrap().iter().filter(|byte| **byte == b'\n').count();
            }
        }
        assert_eq!(count, lines, "{prefix}");
    }
    let logged = String::from_utf8(logged).unwrap();
    let line: serde_json::Value = serde_json::from_str(logged.lines().next().unwrap()).unwrap();
    assert_eq!((&line["Quotes"], &line["Quarantined"]), (&31.into(), &1.into()));
    assert_eq!(
        (line["requestId"].as_str(), line["lastSequence"].as_str()),
        (Some("request-1"), Some("1030"))
    );
    assert_eq!(
        (line["shard"].as_str(), line["firstSequence"].as_str()),
        (Some("shardId-000000000000"), Some("1000"))
    );
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], "stockflow");
    for name in ["Quotes", "Late", "Duplicate", "Quarantined", "Anomalies"] {
        let is_it =
            |metric: &serde_json::Value| metric["Name"] == name && metric["Unit"] == "Count";
        assert!(directive["Metrics"].as_array().unwrap().iter().any(is_it), "{name}");
        assert!(line[name].is_u64(), "{name}");
    }
    let again: serde_json::Value = serde_json::from_str(logged.lines().nth(1).unwrap()).unwrap();
    assert_eq!((&again["Duplicate"], &again["requestId"]), (&30.into(), &"request-2".into()));
}

#[test]
fn a_missing_setting_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_kinesis-stock-processor"))
        .env_clear()
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("STOCKFLOW_LAKE is not set"), "{error}");
}
