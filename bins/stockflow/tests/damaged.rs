//! What a run says of a data folder that is damaged.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use stockflow_core::Timestamp;
use stockflow_local::{Spool, SpoolOptions};

const QUOTES: &str = "timestamp,symbol,open,high,low,price,previous_close,volume\n\
                      2025-03-03T15:00:00Z,AAPL,10,10,10,10,10,5\n";

/// Leaves three quotes in the spool, in an append each, and flips a bit in the second.
fn damage(data: &Path) {
    let spool = Spool::open(data.join("spool"), SpoolOptions::default()).unwrap();
    for minute in 1..=3 {
        let quote = format!(
            "{{\"symbol\":\"IBM\",\"open\":1,\"high\":1,\"low\":1,\"price\":1,\"previous_close\":1,\
             \"volume\":1,\"timestamp\":\"2025-03-03T14:0{minute}:00Z\"}}"
        );
        spool.writer().append([(Timestamp::MAX, quote)], &[]).unwrap();
    }
    drop(spool);
    let path = data.join("spool/00000000.spool");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn run(folder: &Path, format: &str) -> Output {
    let file = folder.join("quotes.csv");
    fs::write(&file, QUOTES).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_stockflow"))
        .args(["run", "--format", format, "--replay"])
        .arg(file)
        .arg("--data")
        .arg(folder.join("data"))
        .env("RUST_LOG", "off")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

#[test]
fn a_damaged_spool_is_told_in_the_summary_and_costs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    damage(&folder.path().join("data"));
    let output = run(folder.path(), "json");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let damages = summary["damages"].as_array().unwrap();
    assert_eq!(damages.len(), 1, "{damages:?}");
    let text = damages[0].as_str().unwrap();
    assert!(text.contains("00000000.spool") && text.contains("records 2 to 2"), "{text}");
    assert_eq!(summary["rows"], 3, "the others and the one of the file");

    let again = run(folder.path(), "json");
    let summary: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(summary["damages"], serde_json::json!([]), "it is told once");
}

#[test]
fn people_are_told_of_a_damaged_spool_too() {
    let folder = tempfile::tempdir().unwrap();
    damage(&folder.path().join("data"));
    let output = run(folder.path(), "text");
    let text = String::from_utf8(output.stderr).unwrap();
    let line = text.lines().find(|line| line.trim_start().starts_with("damaged")).unwrap();
    assert!(line.contains("records 2 to 2 are lost"), "{text}");
}
