//! What the table's stream tells.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use proptest::prelude::*;
use serde_json::{Value, json};
use stockflow_aws::dynamodb::{QUOTES, RowChange, read_event, read_image};
use stockflow_core::{
    Checkpoint, QuoteTable as _, StoredRow,
    conformance::samples::{self, at, symbol},
    wire::DecodeError,
};

use crate::world;

/// An attribute value as the event has it.
fn image(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(value) => json!({ "BOOL": value }),
        AttributeValue::L(values) => json!({ "L": values.iter().map(image).collect::<Vec<_>>() }),
        AttributeValue::M(item) => json!({ "M": fields(item) }),
        other => panic!("{other:?} is nothing that rows have"),
    }
}

fn fields(item: &HashMap<String, AttributeValue>) -> Value {
    item.iter()
        .map(|(name, value)| (name.clone(), image(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The images of rows, as the table holds them.
async fn images(rows: &[StoredRow]) -> Vec<Value> {
    let client = world::client();
    let table = world::table_of(client.clone()).await;
    table.put(rows).await.unwrap().into_result().unwrap();
    let mut images = Vec::new();
    for row in rows {
        let get = client.get_item().table_name(QUOTES.name);
        let key = row.row.key();
        let get = get.key("symbol", AttributeValue::S(key.symbol.to_string()));
        let get = get.key("timestamp", AttributeValue::S(key.timestamp.to_string()));
        images.push(fields(&get.send().await.unwrap().item.unwrap()));
    }
    images
}

fn event(records: Vec<Value>) -> Vec<u8> {
    serde_json::to_vec(&json!({ "Records": records })).unwrap()
}

fn record(name: &str, number: usize, image: &Value) -> Value {
    json!({
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_444_200.0,
            "Keys": { "symbol": image["symbol"], "timestamp": image["timestamp"] },
            "NewImage": image,
            "SequenceNumber": format!("4421584500000000017450{number:06}"),
            "SizeBytes": 26,
            "StreamViewType": "NEW_IMAGE"
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/stock-market-table/stream/2026"
    })
}

#[tokio::test]
async fn images_are_read_into_the_rows_that_were_written() {
    let mut rows = samples::extreme_rows(symbol("BRK-B"));
    rows[1].arrival = Some(at(77));
    let images = images(&rows).await;
    for (row, image) in rows.iter().zip(&images) {
        assert_eq!(read_image(&serde_json::to_vec(image).unwrap()), Ok(row.clone()));
    }
    let names = ["INSERT", "MODIFY"];
    let records = images.iter().enumerate().map(|(n, image)| record(names[n % 2], n, image));
    let read = read_event(&event(records.collect())).unwrap();
    for (n, (record, row)) in read.into_iter().zip(rows).enumerate() {
        assert_eq!(record.sequence_number, format!("4421584500000000017450{n:06}"));
        let marked = row.checkpoint.is_some();
        let expected = if marked { RowChange::Checkpoint(row) } else { RowChange::Row(row) };
        assert_eq!(record.change, Ok(expected));
    }
}

#[tokio::test]
async fn a_bad_record_hurts_only_itself() {
    let row = StoredRow {
        checkpoint: Some(Checkpoint { previous: None }),
        ..samples::row(symbol("A"), 1)
    };
    let good = images(std::slice::from_ref(&row)).await.remove(0);
    let with = |name: &str, value: Value| {
        let mut bad = good.clone();
        bad[name] = value;
        record("INSERT", 1, &bad)
    };
    let without = |name: &str| {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(name);
        record("INSERT", 1, &bad)
    };
    let bad = vec![
        with("price", json!({ "N": "NaN" })),
        with("price", json!({ "N": "-1" })),
        with("price", json!({ "S": "1" })),
        with("price", json!(1)),
        with("price", json!({ "N": "1", "S": "1" })),
        with("symbol", json!({ "S": "../x" })),
        with("timestamp", json!({ "S": "2026-11-23T14:30:00Z" })),
        with("volume", json!({ "N": "1.5" })),
        with("warming_up", json!({ "N": "256" })),
        with("quality", json!({ "L": [{ "S": "purple" }] })),
        with("quality", json!({ "SS": ["stale"] })),
        with("anomalies", json!({ "L": [{ "S": "x" }] })),
        with("anomalies", json!({ "L": [{ "M": {} }] })),
        with("checkpoint", json!({ "S": "yesterday" })),
        with("late", json!({ "S": "true" })),
        without("price"),
        without("symbol"),
        without("warming_up"),
        json!({ "eventName": "INSERT" }),
        json!({ "dynamodb": {} }),
        json!(7),
        json!(null),
    ];
    for bad in bad {
        let removed = json!({ "eventName": "REMOVE", "dynamodb": { "SequenceNumber": "9" } });
        let other = with("note", json!({ "SS": ["of", "another", "program"] }));
        let all = event(vec![other, bad.clone(), removed]);
        let read = read_event(&all).unwrap();
        assert_eq!(read[0].change, Ok(RowChange::Checkpoint(row.clone())), "{bad}");
        assert!(read[1].change.is_err(), "{bad}");
        assert_eq!(read[2].change, Ok(RowChange::Removed), "{bad}");
        assert_eq!(read[2].sequence_number, "9");
    }
    let read = read_event(&event(vec![without("price")])).unwrap();
    assert_eq!(read[0].change, Err(DecodeError::Missing("price")));
}

#[test]
fn what_is_no_event_is_refused() {
    for body in ["", "[]", "{}", "{\"Records\":7}", "{\"Records\":null}", "\u{0}"] {
        assert!(read_event(body.as_bytes()).is_err(), "{body}");
    }
    assert_eq!(read_event(b"{\"Records\":[]}").unwrap().len(), 0);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), json in "[\\[\\]{}:\",A-Z0-9\\\\]{0,60}") {
        let _ = read_event(&bytes);
        let _ = read_image(&bytes);
        let _ = read_image(json.as_bytes());
        let _ = read_event(format!("{{\"Records\":[{json}]}}").as_bytes());
    }
}
