//! The four queries of the original, asked of Athena and of the local engine.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde_json::Value;
use stockflow_aws::athena::AthenaValue;
use stockflow_core::{Timestamp, wire};
use stockflow_deploy::{Emulated, Programs};

use crate::outcome::Outcome;

const SOME: &str = "SELECT * FROM stock_data_table LIMIT 10";
const QUERIES: [&str; 3] = [
    "SELECT symbol, price, previous_close, (price - previous_close) AS price_change \
     FROM stock_data_table ORDER BY price_change DESC LIMIT 5",
    "SELECT symbol, AVG(volume) AS avg_volume FROM stock_data_table GROUP BY symbol",
    "SELECT symbol, price, previous_close, \
     ROUND(((price - previous_close) / previous_close) * 100, 2) AS change_percent \
     FROM stock_data_table WHERE ABS(((price - previous_close) / previous_close) * 100) > 5",
];

/// Asks both, and holds one to the other; any ten rows have to be of the table.
pub(crate) async fn compare(stack: &Emulated, programs: &Programs, data: &Path, outcome: &Outcome) {
    for sql in QUERIES {
        let (mut cloud, mut local) = (athena(stack, sql).await, engine(programs, data, sql));
        cloud.sort_by(|a, b| a.partial_cmp(b).unwrap());
        local.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(cloud.len(), local.len(), "{sql}");
        for (cloud, local) in cloud.iter().zip(&local) {
            let equal =
                cloud.len() == local.len() && cloud.iter().zip(local).all(|(a, b)| a.equals(b));
            assert!(equal, "{sql}: {cloud:?}, not {local:?}");
        }
    }
    let quotes: BTreeSet<(String, String)> = outcome.lake.keys().map(|line| key(line)).collect();
    for rows in [athena(stack, SOME).await, engine(programs, data, SOME)] {
        assert_eq!(rows.len(), 10);
        for row in rows {
            // Columns may come in any order: a time is told by its form.
            let text = |what: fn(&str) -> bool| {
                row.iter().find_map(|cell| match cell {
                    Cell::Text(text) if what(text) => Some(text.clone()),
                    _ => None,
                })
            };
            let time = text(|text| text.len() > 18 && text.contains(':')).unwrap();
            let symbol = text(|text| !text.contains(':') && !text.starts_with(['1', '2'])).unwrap();
            assert!(quotes.contains(&(symbol, canonical(&time))), "{row:?}");
        }
    }
}

/// Symbol and time of a line of the lake.
fn key(line: &str) -> (String, String) {
    let (_, line) = line.split_once(' ').unwrap();
    let quote = wire::decode(line.as_bytes()).unwrap().quote;
    (quote.symbol.to_string(), quote.timestamp.to_string())
}

/// The emulator's engine takes the text of a time for a time, and writes it as Python does.
fn canonical(time: &str) -> String {
    let time = time.replacen(' ', "T", 1);
    let zone = time.ends_with('Z') || time[19..].contains(['+', '-']);
    let time: Timestamp = format!("{time}{}", if zone { "" } else { "Z" }).parse().unwrap();
    time.to_string()
}

#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Cell {
    Null,
    Text(String),
    Number(f64),
}

impl Cell {
    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
            _ => self == other,
        }
    }
}

async fn athena(stack: &Emulated, sql: &str) -> Vec<Vec<Cell>> {
    let query = stack.athena().unwrap().start(sql, &[]).await.unwrap();
    let mut answer = query.finish(|_| ()).await.unwrap();
    let mut rows = Vec::new();
    while let Some(page) = answer.next().await.unwrap() {
        rows.extend(page.into_iter().map(|row| row.into_iter().map(of_athena).collect()));
    }
    rows
}

fn of_athena(value: AthenaValue) -> Cell {
    match value {
        AthenaValue::Null => Cell::Null,
        AthenaValue::Number(text) => Cell::Number(text.parse().unwrap()),
        AthenaValue::Bool(flag) => Cell::Text(flag.to_string()),
        AthenaValue::Text(text) => Cell::Text(text),
    }
}

fn engine(programs: &Programs, data: &Path, sql: &str) -> Vec<Vec<Cell>> {
    let mut command = Command::new(programs.path("stockflow"));
    let output =
        command.args(["query", sql, "--format", "json", "--data"]).arg(data).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let columns = columns(sql, &rows);
    rows.iter().map(|row| columns.iter().map(|name| of_json(&row[name])).collect()).collect()
}

/// The columns in the order of the query; an object of JSON has none.
fn columns(sql: &str, rows: &[Value]) -> Vec<String> {
    let mut names: Vec<String> = rows
        .first()
        .and_then(Value::as_object)
        .map(|row| row.keys().cloned().collect())
        .unwrap_or_default();
    names.sort_by_key(|name| sql.find(name.as_str()));
    names
}

fn of_json(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Number(number) => Cell::Number(number.as_f64().unwrap()),
        Value::String(text) => Cell::Text(text.clone()),
        other => Cell::Text(other.to_string()),
    }
}
