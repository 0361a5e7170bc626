//! `latest` and `alerts` over a data folder.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use serde_json::{Value, json};
use stockflow_core::{
    Alert, AlertKind, AlertLedger as _, Anomaly, Direction, Evidence, Judgement, Quality, Quote,
    QuoteTable as _, Row, Severity, StoredRow, Timestamp,
};
use stockflow_local::{LocalLedger, LocalTable, Store};

fn quote(symbol: &str, time: &str, price: &str) -> Quote {
    let price = price.parse().unwrap();
    Quote {
        symbol: symbol.parse().unwrap(),
        timestamp: time.parse().unwrap(),
        open: price,
        high: price,
        low: price,
        price,
        previous_close: "100".parse().unwrap(),
        volume: 5.try_into().unwrap(),
    }
}

const EVIDENCE: Evidence =
    Evidence { direction: Direction::Up, score: 2.0, value: 10.0, threshold: 5.0 };

/// Three rows of AAPL, one of them odd and one late, one row of IBM; two alerts, one of them not sent yet.
async fn fill(folder: &Path) {
    let store = Store::open(folder).unwrap();
    let odd = Anomaly { rule: "percent_change".into(), evidence: EVIDENCE };
    let accepted =
        |anomalies| Judgement::Accepted { quality: Quality::GAP, warming_up: 3, anomalies };
    let rows = [
        (quote("AAPL", "2026-11-23T14:30:00Z", "101"), accepted(Vec::new())),
        (quote("AAPL", "2026-11-23T14:31:00Z", "110"), accepted(vec![odd])),
        (quote("AAPL", "2026-11-23T14:30:30Z", "102"), Judgement::Late),
        (quote("IBM", "2026-11-24T14:30:00Z", "200"), accepted(Vec::new())),
    ];
    let rows = rows.map(|(quote, judgement)| StoredRow::from(Row { quote, judgement }));
    assert!(LocalTable::new(&store).put(&rows).await.unwrap().is_complete());

    let ledger = LocalLedger::new(&store);
    let alert = |row: &StoredRow| {
        Alert::new(
            &row.row.quote,
            AlertKind::Anomaly,
            "percent_change".into(),
            Severity::Critical,
            EVIDENCE,
        )
    };
    let now: Timestamp = "2026-11-24T15:00:00Z".parse().unwrap();
    for row in [&rows[1], &rows[3]] {
        let _ = ledger.claim(&alert(row), now, Duration::from_secs(60)).await.unwrap();
    }
    ledger.mark_sent(&alert(&rows[1]).id(), now).await.unwrap();
    store.sync().await.unwrap();
}

fn stockflow(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stockflow"))
        .args(args)
        .arg("--data")
        .arg(folder)
        .output()
        .unwrap()
}

fn read(folder: &Path, args: &[&str]) -> Value {
    let output = stockflow(folder, &[args, &["--format", "json"]].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn latest_shows_the_newest_rows_first() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).await;
    let rows = read(folder.path(), &["latest", "AAPL", "-n", "2"]);
    let times: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["timestamp"]).collect();
    assert_eq!(times, ["2026-11-23T14:31:00.000000Z", "2026-11-23T14:30:30.000000Z"]);
    assert_eq!(rows[0]["anomalies"][0]["rule"], "percent_change");
    assert_eq!(rows[1]["late"], json!(true));

    let table = stockflow(folder.path(), &["latest", "AAPL"]);
    let text = String::from_utf8(table.stdout).unwrap();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(text.contains("percent_change up") && text.contains("late"), "{text}");
}

#[tokio::test]
async fn alerts_are_listed_by_time_and_symbol() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).await;
    let all = read(folder.path(), &["alerts"]);
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(all[0]["sent"], "2026-11-24T15:00:00.000000Z");
    assert_eq!(all[1]["sent"], Value::Null);
    assert_eq!(all[0]["threshold"], json!(5));
    assert_eq!(read(folder.path(), &["alerts", "--since", "2026-11-24"])[0]["symbol"], "IBM");
    assert_eq!(read(folder.path(), &["alerts", "--symbol", "AAPL"]).as_array().unwrap().len(), 1);
    assert_eq!(read(folder.path(), &["alerts", "--symbol", "X"]), json!([]));
}

#[test]
fn a_folder_without_data_ends_with_2_and_says_how_to_make_some() {
    let folder = tempfile::tempdir().unwrap();
    for args in [&["latest", "AAPL"] as &[&str], &["alerts"]] {
        let output = stockflow(folder.path(), args);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("stockflow run"));
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            0,
            "nothing is made by looking"
        );
    }
}

#[tokio::test]
async fn a_reader_that_stops_early_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_stockflow"))
        .args(["alerts", "--data"])
        .arg(folder.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn a_note_that_nobody_reads_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).await;
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_stockflow"));
    command.args(["latest", "NOBODY", "--data"]).arg(folder.path());
    let output = command.stderr(writer).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn what_a_run_suggests_next_works_on_what_it_stored() {
    let folder = tempfile::tempdir().unwrap();
    let quotes = folder.path().join("quotes.csv");
    let header = "symbol,timestamp,open,high,low,price,previous_close,volume\n";
    let data = folder.path().join("data");
    let told = |rows: &str| {
        std::fs::write(&quotes, format!("{header}{rows}")).unwrap();
        let output = stockflow(&data, &["run", "--replay", quotes.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let nothing = told("");
    assert!(nothing.contains(" doctor --data ") && !nothing.contains(" latest "), "{nothing}");
    let quiet = told("ZZZ,2026-11-23T14:30:00Z,100,100,100,100,100,5\n");
    assert!(quiet.contains(" latest ZZZ -n 5 --data "), "{quiet}");
    assert!(
        String::from_utf8(stockflow(&data, &["latest", "ZZZ"]).stdout).unwrap().contains("100")
    );
}
