//! The real binary, given events by a Runtime API, with the emulator behind it.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::process::Command;

use stockflow_aws::{
    client,
    dynamodb::{ALERTS, DynamoLedger, DynamoTable, QUOTES, read_image},
    testing::{Emulator, RuntimeApi},
};
use stockflow_core::{AlertStatus, QuoteTable as _, conformance::samples::at};

const ACCOUNT: u64 = 220_000_000_001;

/// A checkpoint row with an anomaly that is told, as the stream of the table brings it.
fn image() -> String {
    let time = at(60);
    format!(
        r#"{{"symbol":{{"S":"AAPL"}},"timestamp":{{"S":"{time}"}},"open":{{"N":"180"}},"high":{{"N":"191.7"}},"low":{{"N":"180"}},
        "price":{{"N":"191.7"}},"previous_close":{{"N":"180"}},"volume":{{"N":"7"}},"warming_up":{{"N":"0"}},
        "checkpoint":{{"S":"first"}},"arrival":{{"S":"{time}"}},"anomalies":{{"L":[{{"M":{{"rule":{{"S":"percent_change"}},
        "direction":{{"S":"up"}},"score":{{"N":"6.5"}},"value":{{"N":"6.5"}},"threshold":{{"N":"5"}}}}}}]}}}}"#
    )
}

#[tokio::test]
async fn an_anomaly_is_told_once_however_often_its_row_comes() {
    let emulator = Emulator::shared().unwrap();
    let config = emulator.account(ACCOUNT, client::https());
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    QUOTES.create(&dynamodb, QUOTES.name).await.unwrap();
    ALERTS.create(&dynamodb, ALERTS.name).await.unwrap();
    let sns = aws_sdk_sns::Client::new(&config);
    let topic = sns.create_topic().name("stock-trend-alerts").send().await.unwrap();
    let table = DynamoTable::new(dynamodb.clone(), QUOTES.name).unwrap();
    table.put(&[read_image(image().as_bytes()).unwrap()]).await.unwrap().into_result().unwrap();

    let api = RuntimeApi::start().unwrap();
    let mut function = Command::new(env!("CARGO_BIN_EXE_dynamodb-stock-trend"))
        .env_clear()
        .envs(api.variables("dynamodb-stock-trend"))
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", emulator.endpoint())
        .env("AWS_ACCESS_KEY_ID", ACCOUNT.to_string())
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("STOCKFLOW_TOPIC_ARN", topic.topic_arn().unwrap())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let event = format!(
        r#"{{"Records":[{{"eventName":"INSERT","dynamodb":{{"SequenceNumber":"22","NewImage":{}}}}}]}}"#,
        image()
    );
    let answers = [0, 1].map(|_| api.invoke(event.clone()).unwrap());
    function.kill().unwrap();
    let logged = String::from_utf8(function.wait_with_output().unwrap().stdout).unwrap();

    let done = ("response".to_owned(), r#"{"batchItemFailures":[]}"#.to_owned());
    assert_eq!(answers, [done.clone(), done], "{logged}");
    let ledger = DynamoLedger::new(dynamodb, ALERTS.name).unwrap();
    let alerts = ledger.alerts_of(at(60).date()).await.unwrap();
    assert_eq!(alerts.len(), 1);
    assert!(matches!(alerts[0].status, AlertStatus::Sent { .. }), "{alerts:?}");
    let lines: Vec<&str> = logged.lines().collect();
    assert!(lines[0].contains(r#""Alerts":1"#) && lines[0].contains("EventToAlert"), "{logged}");
    assert!(lines[1].contains(r#""Alerts":0"#), "{logged}");
    // A record of a table's stream does not say from which shard it is.
    for (line, request) in [(lines[0], "request-1"), (lines[1], "request-2")] {
        assert!(line.contains(&format!(r#""requestId":"{request}""#)), "{logged}");
        assert!(line.contains(r#""firstSequence":"22""#), "{logged}");
        assert!(line.contains(r#""lastSequence":"22""#), "{logged}");
    }
}
