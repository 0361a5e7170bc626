//! `query` and `compact`, as a script sees them.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use stockflow_core::{Archive as _, Object, ObjectName, Position};
use stockflow_local::Lake;

fn put(data: &Path, number: u64, symbol: &str) {
    let dt = "2026-11-23".parse().unwrap();
    let name = ObjectName { dt, shard: "spool-0".into(), first: Position::new(number.into()) };
    let lines = format!(
        "{{\"symbol\":\"{symbol}\",\"open\":180,\"high\":190,\"low\":175,\"price\":189,\"previous_close\":175,\
         \"change\":14,\"change_percent\":8,\"volume\":{number},\"timestamp\":\"2026-11-23T14:30:00.000000Z\"}}\n"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let lake = Lake::open(data.join("lake")).unwrap();
    runtime.block_on(lake.put(Object { name, lines: lines.into() })).unwrap();
}

fn stockflow(data: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stockflow"))
        .args(args)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

const SQL: &str = "SELECT symbol, ROUND((price - previous_close) / previous_close * 100, 2) AS change_percent, volume \
                   FROM stock_data_table ORDER BY symbol";

#[test]
fn answers_come_as_table_csv_and_json_before_and_after_compaction() {
    let data = tempfile::tempdir().unwrap();
    put(data.path(), 1, "AAPL");
    put(data.path(), 2, "BRK-B");
    for _ in 0..2 {
        let table = stockflow(data.path(), &["query", SQL]);
        assert_eq!(
            out(&table),
            "symbol  change_percent  volume\n------  --------------  ------\nAAPL               8.0       1\n\
             BRK-B              8.0       2\n"
        );
        let csv = stockflow(data.path(), &["query", SQL, "--format", "csv"]);
        assert_eq!(out(&csv), "symbol,change_percent,volume\nAAPL,8.0,1\nBRK-B,8.0,2\n");
        let json = stockflow(data.path(), &["query", SQL, "--format", "json"]);
        let rows: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!(rows[1]["symbol"], "BRK-B");
        assert_eq!(rows[1]["volume"], 2);
        assert!(table.stderr.is_empty() && csv.stderr.is_empty() && json.stderr.is_empty());
        let compacted = stockflow(data.path(), &["compact", "--dt", "2026-11-23"]);
        assert!(compacted.status.success(), "{}", err(&compacted));
        assert!(err(&compacted).contains("2026-11-23: 2 rows"), "{}", err(&compacted));
        assert!(compacted.stdout.is_empty());
    }
}

#[test]
fn a_bad_query_ends_with_2_and_the_words_of_the_engine() {
    let data = tempfile::tempdir().unwrap();
    put(data.path(), 1, "AAPL");
    for (sql, word) in [
        ("SELECT nothing FROM stock_data_table", "nothing"),
        ("SELEC 1", "SELEC"),
        ("DROP TABLE alerts", "DDL not supported"),
        ("INSERT INTO alerts SELECT * FROM alerts", "DML not supported"),
    ] {
        let output = stockflow(data.path(), &["query", sql]);
        assert_eq!(output.status.code(), Some(2), "{sql}");
        assert!(output.stdout.is_empty());
        assert!(err(&output).contains(word), "{}", err(&output));
    }
}

#[test]
fn a_damaged_object_is_told_beside_the_answer() {
    let data = tempfile::tempdir().unwrap();
    put(data.path(), 1, "AAPL");
    put(data.path(), 2, "IBM");
    let object = data.path().join("lake/dt=2026-11-23/spool-0-00000000000000000001.ndjson.zst");
    fs::write(&object, "damage").unwrap();
    let output = stockflow(data.path(), &["query", SQL, "--format", "csv"]);
    assert!(output.status.success());
    assert_eq!(out(&output), "symbol,change_percent,volume\nIBM,8.0,2\n");
    assert!(err(&output).contains("spool-0-00000000000000000001"), "{}", err(&output));
    let output = stockflow(data.path(), &["compact"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("2026-11-23: 1 rows"), "{}", err(&output));
    assert!(object.exists());
}

#[test]
fn what_is_not_there_ends_with_2() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(stockflow(data.path(), &["query", "SELECT 1"]).status.code(), Some(2));
    assert_eq!(stockflow(data.path(), &["compact"]).status.code(), Some(2));
    put(data.path(), 1, "AAPL");
    let output = stockflow(data.path(), &["compact", "--dt", "2026-11-24"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("2026-11-24"));
}

#[test]
fn doctor_finds_a_compacted_day_that_is_damaged() {
    let data = tempfile::tempdir().unwrap();
    put(data.path(), 1, "AAPL");
    drop(stockflow_local::Store::open(data.path()).unwrap());
    assert!(stockflow(data.path(), &["compact"]).status.success());
    let lake = || {
        let output = stockflow(data.path(), &["doctor", "--format", "json"]);
        let all: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
        let lake = all.iter().find(|finding| finding["check"] == "lake").unwrap();
        let [state, finding] =
            ["state", "finding"].map(|key| lake[key].as_str().unwrap().to_owned());
        (state, finding, output.status.code().unwrap())
    };
    let day = data.path().join("lake/dt=2026-11-23");
    let (state, finding, code) = lake();
    assert_eq!((state.as_str(), code), ("ok", 0), "{finding}");
    assert!(
        finding.ends_with("0 whole objects on 2026-11-23, 1 rows compacted, whole"),
        "{finding}"
    );
    let files = fs::read_dir(&day).unwrap().map(|entry| entry.unwrap().path());
    let parquet = files.into_iter().find(|path| path.extension().is_some_and(|e| e == "parquet"));
    for (file, word) in
        [(parquet.unwrap(), "truncated or altered"), (day.join("compacted.json"), "compacted.json")]
    {
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        let (state, finding, code) = lake();
        assert_eq!((state.as_str(), code), ("BROKEN", 1), "{finding}");
        assert!(finding.contains(word), "{finding}");
        fs::write(&file, whole).unwrap();
    }
    assert_eq!(lake().0, "ok");
}
