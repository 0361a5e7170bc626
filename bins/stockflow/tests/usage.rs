//! The interface that scripts rely on: exit codes, and what goes where.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::process::{Command, Output};

fn stockflow(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stockflow"))
        .args(args)
        .env_remove("STOCKFLOW_DATA")
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn every_command_explains_itself() {
    for command in [
        "run",
        "query",
        "backtest",
        "bench-detectors",
        "tune",
        "latest",
        "alerts",
        "detectors",
        "compact",
        "nab",
        "cost",
        "doctor",
        "tail",
        "redrive",
    ] {
        let output = stockflow(&[command, "--help"]);
        assert_eq!(code(&output), 0, "{command}");
        assert!(text(&output.stdout).contains("Example"), "{command}");
    }
}

#[test]
fn the_formats_of_a_replay_are_named() {
    let output = stockflow(&["run", "--help"]);
    for format in ["CSV", "NDJSON", "Parquet", "lake folder"] {
        assert!(text(&output.stdout).contains(format), "{format}");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_why_on_standard_error() {
    let cases: [&[&str]; 15] = [
        &[],
        &["fly"],
        &["latest"],
        &["latest", "../x"],
        &["latest", "AAPL", "-n", "0"],
        &["alerts", "--since", "yesterday"],
        &["run", "--speed", "fast"],
        &["run", "--replay", "quotes.csv", "--seed", "1"],
        &["compact", "--dt", "2026-02-30"],
        &["nab", "NAB", "--detector", "oracle"],
        &["nab", "NAB", "--results", "results"],
        &["cost", "--symbols", "10"],
        &["cost", "--symbols", "0", "--interval", "30"],
        &["cost", "--symbols", "10", "--interval", "0"],
        &["cost", "--symbols", "10", "--interval", "30", "--prices", "nothing.toml"],
    ];
    for args in cases {
        let output = stockflow(args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn detectors_are_listed_for_machines_on_standard_output_alone() {
    let output = stockflow(&["detectors", "--format", "json"]);
    assert_eq!(code(&output), 0);
    assert!(output.stderr.is_empty());
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap().is_array());
}

#[cfg(not(feature = "query"))]
#[test]
fn without_the_engine_the_line_that_adds_it_is_told() {
    for args in [&["query", "SELECT 1"] as &[&str], &["compact"]] {
        let output = stockflow(args);
        assert_eq!(code(&output), 2);
        let line = "cargo run --release -p stockflow --features query -- ".to_owned() + args[0];
        assert!(text(&output.stderr).contains(&line), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}

#[cfg(not(feature = "query"))]
#[test]
fn without_parquet_the_line_that_adds_it_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"PAR1....PAR1").unwrap();
    for args in [&["run", "--replay"] as &[&str], &["backtest"]] {
        let output = stockflow(&[args, &[file.path().to_str().unwrap()]].concat());
        assert_eq!(code(&output), 2);
        let line = "cargo run --release -p stockflow --features query -- ".to_owned() + args[0];
        assert!(text(&output.stderr).contains(&line), "{}", text(&output.stderr));
    }
}

#[cfg(not(feature = "aws"))]
#[test]
fn without_aws_the_line_that_adds_it_is_told() {
    for (flag, value, features) in
        [("--athena", "primary", "aws"), ("--lake", "s3://bucket/lake", "aws,query")]
    {
        let output = stockflow(&["query", "SELECT 1", flag, value]);
        assert_eq!(code(&output), 2);
        let line = format!(
            "cargo run --release -p stockflow --features {features} -- query 'SELECT 1' {flag} {value}"
        );
        assert!(text(&output.stderr).contains(&line), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}
