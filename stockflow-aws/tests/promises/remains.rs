//! What is left at the end.

use serde_json::Value;
use stockflow_core::{Row, wire};

use crate::backends::Stores;

/// Rows with their verdicts, by key; the others sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Remains {
    pub rows: Vec<String>,
    pub lake: Vec<String>,
    /// Shard, number and index of each record in the quarantine.
    pub quarantine: Vec<String>,
    pub alerts: Vec<String>,
}

impl Remains {
    pub fn of(stores: &Stores) -> Self {
        let text = |line: &[u8]| String::from_utf8(line.to_vec()).unwrap();
        let origin = |line: &[u8]| {
            let line: Value = serde_json::from_slice(line).unwrap();
            line["origin"].as_str().unwrap().to_owned()
        };
        let mut remains = Self {
            rows: stores.table.snapshot().iter().map(|stored| row(&stored.row)).collect(),
            lake: stores.lake.lines().iter().map(|line| text(line)).collect(),
            quarantine: stores.quarantine.lines().iter().map(|line| origin(line)).collect(),
            alerts: stores.alerter.sent().iter().map(|alert| alert.to_json()).collect(),
        };
        remains.lake.sort();
        remains.quarantine.sort();
        remains.alerts.sort();
        // Who is told what twice is looked at where it happens.
        remains.alerts.dedup();
        remains
    }
}

pub fn row(row: &Row) -> String {
    let mut json = Vec::new();
    wire::encode_row(row, &mut json);
    String::from_utf8(json).unwrap()
}

/// What one has and the other has not, a line each; `spare` of the second may be there once more each.
pub fn difference(
    name: &str,
    expected: &[String],
    found: &[String],
    spare: &[String],
) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut expected, mut found) = (expected.iter().peekable(), found.iter().peekable());
    let mut spare: Vec<&String> = spare.iter().collect();
    loop {
        match (expected.peek(), found.peek()) {
            (None, None) => return lines,
            (Some(e), Some(f)) if e == f => {
                expected.next();
                found.next();
            }
            (Some(e), f) if f.is_none_or(|f| e < f) => {
                lines.push(format!("- {name} {e}"));
                expected.next();
            }
            (_, f) => {
                let line = *f.unwrap();
                match spare.iter().position(|s| *s == line) {
                    Some(at) => _ = spare.swap_remove(at),
                    None => lines.push(format!("+ {name} {line}")),
                }
                found.next();
            }
        }
    }
}
