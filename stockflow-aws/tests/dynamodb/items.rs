//! Items as others see them.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use stockflow_aws::dynamodb::{Expiry, QUOTES};
use stockflow_core::{
    Anomaly, Checkpoint, Direction, ErrorKind, Evidence, Judgement, Price, QuoteHistory as _,
    QuoteTable as _, RowKey, RowQuery, Rules, StoredRow, Timestamp,
    conformance::samples::{self, at, symbol},
};

use crate::world;

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn number(number: &str) -> AttributeValue {
    AttributeValue::N(number.into())
}

fn anomalous(of: &str, seconds: u64) -> StoredRow {
    let mut row = samples::row(symbol(of), seconds);
    let evidence =
        Evidence { direction: Direction::Up, score: 4.5, value: -0.0, threshold: f64::MAX };
    let anomaly = Anomaly { rule: "price_hampel".into(), evidence };
    if let Judgement::Accepted { anomalies, .. } = &mut row.row.judgement {
        anomalies.push(anomaly);
    }
    row
}

#[tokio::test]
async fn attributes_have_the_names_of_the_wire_and_exact_numbers() {
    let client = world::client();
    let table = world::table_of(client.clone()).await;
    let mut row = anomalous("BRK-B", 0);
    row.row.quote.price = Price::from_units(18_375_000_001).unwrap();
    row.row.quote.previous_close = "175".parse().unwrap();
    row.checkpoint = Some(Checkpoint { previous: Some(at(1)) });
    table.put(&[row]).await.unwrap().into_result().unwrap();

    let key = [("symbol", "BRK-B"), ("timestamp", "2026-11-23T14:30:00.000000Z")];
    let get = client.get_item().table_name(QUOTES.name);
    let get = key.iter().fold(get, |get, (name, value)| get.key(*name, text(value)));
    let item = get.send().await.unwrap().item.unwrap();
    for (name, value) in [
        ("symbol", text("BRK-B")),
        ("timestamp", text("2026-11-23T14:30:00.000000Z")),
        ("open", number("180")),
        ("high", number("180.00999999")),
        ("low", number("180")),
        ("price", number("183.75000001")),
        ("previous_close", number("175")),
        ("change", number("8.75000001")),
        ("change_percent", number("5")),
        ("volume", number("0")),
        ("ohlc4", number("180.94")),
        ("warming_up", number("0")),
        ("checkpoint", text("2026-11-23T14:30:01.000000Z")),
    ] {
        assert_eq!(item.get(name), Some(&value), "{name}");
    }
    for name in ["late", "quality", "arrival", "expires_at"] {
        assert_eq!(item.get(name), None, "{name}");
    }
    assert!(item["anomaly_day"].as_s().unwrap().starts_with("2026-11-23#"));
}

#[tokio::test]
async fn a_days_anomalies_are_listed_without_a_scan() {
    let table = world::table().await;
    let day = at(0).date();
    let hours = |n: u64| n * 3_600;
    // 9.5 hours from the start are of the day, the rest is of the next one.
    let mut rows: Vec<StoredRow> = (0..12)
        .flat_map(|n| samples::SYMBOLS.map(|of| anomalous(of, hours(n))))
        .chain((0..12).map(|n| samples::row(symbol("CALM"), hours(n))))
        .collect();
    rows.push(samples::late(symbol("CALM"), 1));
    table.put(&rows).await.unwrap().into_result().unwrap();
    let mut expected: Vec<StoredRow> = rows
        .into_iter()
        .filter(|row| !row.row.anomalies().is_empty() && row.row.quote.timestamp.date() == day)
        .collect();
    expected.sort_by_key(|row| (row.row.quote.timestamp, row.row.quote.symbol));
    assert_eq!(table.anomalies_of(day).await.unwrap(), expected);
    assert_eq!(expected.len(), 10 * samples::SYMBOLS.len());
    let other = "2025-01-01".parse().unwrap();
    assert_eq!(table.anomalies_of(other).await.unwrap(), []);
    // A row that is judged anew without findings leaves the index.
    let calm: Vec<StoredRow> = expected
        .iter()
        .map(|row| {
            StoredRow::from(stockflow_core::Row {
                quote: row.row.quote,
                judgement: Judgement::Late,
            })
        })
        .collect();
    table.put(&calm).await.unwrap().into_result().unwrap();
    assert_eq!(table.anomalies_of(day).await.unwrap(), []);
}

#[tokio::test]
async fn rows_expire_so_long_after_their_arrival_however_often_they_are_written() {
    let client = world::client();
    let keep = Duration::from_secs(40 * 86_400);
    let expiry = Expiry::new(keep, &Rules::default_set(), Duration::from_secs(30)).unwrap();
    let table = world::table_of(client.clone()).await.with_expiry(expiry);
    let row = StoredRow { arrival: Some(at(60)), ..samples::row(symbol("A"), 7) };
    let timeless = samples::row(symbol("A"), 8);
    let late = StoredRow { arrival: Some(at(60)), ..samples::late(symbol("A"), 9) };
    for _ in 0..2 {
        table.put(&[row.clone(), timeless.clone()]).await.unwrap().into_result().unwrap();
        table.put_absent(std::slice::from_ref(&late)).await.unwrap().into_result().unwrap();
        let items = client.scan().table_name(QUOTES.name).send().await.unwrap().items.unwrap();
        let mut seen: Vec<_> = items
            .iter()
            .map(|item| {
                (item["timestamp"].as_s().unwrap().as_str(), item.get("expires_at").cloned())
            })
            .collect();
        seen.sort_by_key(|(time, _)| *time);
        let gone = number(&(at(60).as_micros() / 1_000_000 + 40 * 86_400 + 1).to_string());
        let expected = [
            ("2026-11-23T14:30:07.000000Z", Some(gone.clone())),
            ("2026-11-23T14:30:08.000000Z", None),
            ("2026-11-23T14:30:09.000000Z", Some(gone)),
        ];
        assert_eq!(seen, expected);
    }
    let found = table.rows(RowQuery::latest(symbol("A"), 9)).await.unwrap();
    assert_eq!(found, [row, timeless, late], "arrivals come back");
}

#[tokio::test]
async fn of_two_rows_of_one_key_the_later_one_is_put_and_the_first_one_put_absent() {
    let table = world::table().await;
    let a = symbol("A");
    let rows = [samples::row(a, 1), samples::late(a, 1), samples::row(a, 2)];
    table.put(&rows).await.unwrap().into_result().unwrap();
    let again = [samples::late(a, 3), samples::row(a, 3)];
    table.put_absent(&again).await.unwrap().into_result().unwrap();
    let found = table.rows(RowQuery::latest(a, 9)).await.unwrap();
    assert_eq!(found, [samples::late(a, 1), samples::row(a, 2), samples::late(a, 3)]);
    let keys = [rows[0].row.key(); 3];
    assert_eq!(table.contains(&keys).await.unwrap(), [true; 3]);
}

#[tokio::test]
async fn a_row_that_can_never_be_stored_hurts_only_itself() {
    let table = world::table().await;
    let mut rows: Vec<StoredRow> = (0..60).map(|n| samples::row(symbol("A"), n)).collect();
    // More than the 400 KB of an item.
    for index in [17, 18, 40] {
        let StoredRow { row, .. } = anomalous("A", index as u64);
        let one = row.anomalies()[0].clone();
        if let Judgement::Accepted { anomalies, .. } = &mut rows[index].row.judgement {
            *anomalies = vec![Anomaly { rule: "x".repeat(500).into(), ..one }; 1_000];
        }
    }
    for (absent, rows) in [(false, rows.clone()), (true, rows)] {
        let report =
            if absent { table.put_absent(&rows).await } else { table.put(&rows).await }.unwrap();
        let refused: Vec<_> = report.failures().iter().map(|f| (f.index, f.error.kind())).collect();
        assert_eq!(refused, [17, 18, 40].map(|index| (index, ErrorKind::Rejected)));
        let found = table.rows(RowQuery::latest(symbol("A"), 99)).await.unwrap();
        assert_eq!(found.len(), 57);
    }
}

#[tokio::test]
async fn an_item_of_another_program_is_told_and_never_left_out() {
    let client = world::client();
    let table = world::table_of(client.clone()).await;
    client
        .put_item()
        .table_name(QUOTES.name)
        .item("symbol", text("A"))
        .item("timestamp", text("2026-11-23T14:30:00Z"))
        .item("price", number("1"))
        .send()
        .await
        .unwrap();
    let error = table.rows(RowQuery::latest(symbol("A"), 9)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.chain().contains("2026-11-23T14:30:00Z"), "{}", error.chain());
    let beside = RowKey { symbol: symbol("A"), timestamp: Timestamp::MIN };
    assert_eq!(table.contains(&[beside]).await.unwrap(), [false]);
}
