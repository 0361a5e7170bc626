//! `backtest` over a file.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

const MORNING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/morning.csv");

fn stockflow(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stockflow"))
        .current_dir(folder)
        .env_remove("STOCKFLOW_DATA")
        .args(args)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Of a rule that finds much, and of one that finds less.
fn configurations(folder: &Path) {
    fs::write(folder.join("loose.toml"), "[anomaly.percent_change]\nthreshold = 0.2\n").unwrap();
    fs::write(folder.join("tight.toml"), "[anomaly.percent_change]\nthreshold = 0.5\n").unwrap();
}

#[test]
fn alerts_are_counted_by_symbol_day_and_rule_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    configurations(folder.path());
    let args = ["backtest", MORNING, "--config", "loose.toml", "--format", "json"];
    let output = stockflow(folder.path(), &args);
    assert!(output.status.success(), "{output:?}");
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = rows.as_array().unwrap();
    let alerts: u64 = rows.iter().map(|row| row["alerts"].as_u64().unwrap()).sum();
    assert!(rows.iter().any(|row| row["rule"] == "percent_change"), "{rows:?}");
    let summary = text(&output.stderr);
    assert!(summary.contains(&format!("{alerts} alerts")), "{summary}");
    assert!(summary.contains("1 lines that are no quotes"), "{summary}");

    let each = stockflow(folder.path(), &[&args[..4], &["--each", "--format", "csv"]].concat());
    assert_eq!(text(&each.stdout).lines().count() as u64, alerts + 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the two configurations");
}

#[test]
fn two_configurations_are_compared_in_a_text_that_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    configurations(folder.path());
    let compare = |first: &str, second: &str| {
        let args = ["backtest", MORNING, "--config", first, "--compare", second];
        let output = stockflow(folder.path(), &args);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let changes = compare("loose.toml", "tight.toml");
    assert_eq!(changes, compare("loose.toml", "tight.toml"));
    assert!(changes.starts_with("--- loose.toml\n+++ tight.toml\n@@ "), "{changes}");
    assert!(changes.contains("\n- ") && changes.contains("percent_change: "), "{changes}");
    // The other way round the same alerts come and go.
    let count = |text: &str, sign: &str| text.lines().filter(|l| l.starts_with(sign)).count();
    let back = compare("tight.toml", "loose.toml");
    assert_eq!(count(&changes, "- "), count(&back, "+ "));
    let same = compare("tight.toml", "tight.toml");
    assert!(same.contains("0 alerts vanish, 0 appear, "), "{same}");
    let against_default = compare("loose.toml", "default");
    assert!(against_default.contains("+++ default\n"), "{against_default}");
}

#[test]
fn a_report_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["backtest", MORNING, "--report", "report.html"];
    let output = stockflow(folder.path(), &args);
    assert!(output.status.success(), "{output:?}");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("morning.csv, judged by the default rules"));
    assert!(!page.contains("src=") && !page.contains("href="));
}

#[test]
fn what_cannot_be_judged_ends_with_2_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("wrong.toml"), "[anomaly.hampel]\nperod = 31\n").unwrap();
    fs::write(folder.path().join("one.toml"), "symbols = ['AAPL']\n").unwrap();
    for (args, why) in [
        (&["backtest", "absent.csv"] as &[&str], "absent.csv cannot be read"),
        (&["backtest", MORNING, "--config", "wrong.toml"], "did you mean period?"),
        (&["backtest", MORNING, "--compare", "one.toml"], "--symbols"),
        (&["backtest", MORNING, "--compare", "default", "--report", "x.html"], "--report"),
        (&["backtest"], "FILE"),
    ] {
        let output = stockflow(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).contains(why), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}
