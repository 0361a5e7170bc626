//! What `stockflow cost` takes as given, held against recorded minutes: rows as DynamoDB bills them, and how often people are told.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use stockflow_aws::{
    client,
    dynamodb::{DynamoTable, QUOTES},
    testing::Emulator,
};
use stockflow_core::{Checkpoint, QuoteTable as _, StoredRow};
use stockflow_local::LocalReader;

use crate::world::{Account, out};

fn minutes() -> PathBuf {
    let folder = std::env::var_os("STOCKFLOW_TEST_DATA").expect("STOCKFLOW_TEST_DATA is set");
    Path::new(&folder).join("quotes-minute.csv.gz")
}

/// The recorded minutes through the pipeline, with the default rules: its summary, and its rows.
fn replayed(data: &Path) -> (Value, Vec<StoredRow>) {
    let mut run = Command::new(env!("CARGO_BIN_EXE_stockflow"));
    run.args(["run", "--format", "json", "--replay"]).arg(minutes()).arg("--data").arg(data);
    let output = run.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let rows = LocalReader::open(data).unwrap().scan(None, usize::MAX).unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), rows)
}

/// Units of a component in a month of one symbol, a quote a minute while the market is open.
fn stated(component: &str) -> f64 {
    let mut cost = Command::new(env!("CARGO_BIN_EXE_stockflow"));
    cost.args(["cost", "--symbols", "1", "--interval", "60", "--format", "json"]);
    let bill: Value = serde_json::from_str(out(&cost.output().unwrap())).unwrap();
    let components = bill["stockflow"]["components"].as_array().unwrap();
    let line = components.iter().find(|line| line["component"] == component).unwrap();
    line["units"].as_f64().unwrap()
}

/// Quotes of a symbol in a month, as the bill counts them: 21 days of 6.5 hours.
const QUOTES_A_MONTH: f64 = 21.0 * 6.5 * 60.0;

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn people_are_told_as_often_as_the_bill_says() {
    let data = tempfile::tempdir().unwrap();
    let (summary, rows) = replayed(data.path());
    let days: BTreeSet<_> =
        rows.iter().map(|row| (row.row.quote.symbol, row.row.quote.timestamp.date())).collect();
    let found = summary["alerts"].as_f64().unwrap() / days.len() as f64;
    let stated = stated("SNS e-mails") / 21.0;
    println!("{found:.3} alerts a symbol and day on {} of them; {stated} stated", days.len());
    assert!((stated / found - 1.0).abs() < 0.05, "{found} alerts a symbol and day, not {stated}");
}

/// Bytes of an item, by the rules of DynamoDB for tables: names and values, numbers by two digits a byte.
fn bytes(name: &str, value: &AttributeValue) -> usize {
    let of = match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(text) => {
            let mantissa = text.split(['e', 'E']).next().unwrap();
            let digits = mantissa.chars().filter(char::is_ascii_digit).collect::<String>();
            let digits = digits.trim_matches('0').len();
            digits.div_ceil(2) + 1 + usize::from(text.starts_with('-'))
        }
        AttributeValue::B(blob) => blob.as_ref().len(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::L(list) => 3 + list.iter().map(|item| 1 + bytes("", item)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.iter().map(|(k, v)| 1 + bytes(k, v)).sum::<usize>(),
        other => unreachable!("rows have none of these: {other:?}"),
    };
    name.len() + of
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
async fn rows_are_as_large_as_the_bill_says() {
    let data = tempfile::tempdir().unwrap();
    // Each the end of its batch, as the bill has it: every quote of an event is of another symbol.
    let checkpoint = |mut stored: StoredRow| {
        let previous = Some(stored.row.quote.timestamp);
        stored.checkpoint = Some(Checkpoint { previous });
        stored
    };
    let rows = replayed(data.path()).1.into_iter().step_by(13).map(checkpoint);
    let rows: Vec<StoredRow> = rows.collect();
    let account = Account::new().await;
    let config = Emulator::shared().unwrap().account(account.number, client::https());
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    QUOTES.create(&dynamodb, QUOTES.name).await.unwrap();
    let table = DynamoTable::new(dynamodb.clone(), QUOTES.name).unwrap();
    table.put(&rows).await.unwrap().into_result().unwrap();
    let mut pages = dynamodb.scan().table_name(QUOTES.name).into_paginator().items().send();
    let (mut items, mut all) = (0, 0);
    while let Some(item) = pages.next().await {
        items += 1;
        all += item.unwrap().iter().map(|(name, value)| bytes(name, value)).sum::<usize>();
    }
    assert_eq!(items, rows.len());
    // And 100 for an index of its own that DynamoDB has of each item.
    let found = all as f64 / items as f64 + 100.0;
    let stated = stated("DynamoDB GB a month adds") * f64::from(1 << 30) / QUOTES_A_MONTH;
    println!("{found:.0} bytes a row, of {items} of them; {stated:.0} stated");
    assert!((stated / found - 1.0).abs() < 0.1, "{found} bytes a row, not {stated}");
}
