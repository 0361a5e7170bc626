//! `nab` on a benchmark of one series.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// A hundred quiet rows with a spike at row 50, in the middle of the only window.
fn benchmark(folder: &Path) {
    let time = |row: usize| format!("2026-11-23 {:02}:{:02}:00", row / 60, row % 60);
    let mut series = "timestamp,value\n".to_owned();
    for row in 0..100 {
        let value = if row == 50 { 900.0 } else { 10.0 + (row % 7) as f64 };
        writeln!(series, "{},{value}", time(row)).unwrap();
    }
    let windows =
        format!(r#"{{"group/one.csv": [["{}.000000", "{}.000000"]]}}"#, time(45), time(54));
    let profiles = r#"{"lenient": {"CostMatrix": {"tpWeight": 1, "fnWeight": 1, "fpWeight": 0.1, "tnWeight": 1}},
        "standard": {"CostMatrix": {"tpWeight": 1.0, "fnWeight": 1.0, "fpWeight": 0.11, "tnWeight": 1.0}}}"#;
    for (path, text) in [
        ("data/group/one.csv", series),
        ("labels/combined_windows.json", windows),
        ("config/profiles.json", profiles.to_owned()),
    ] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn nab(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stockflow"));
    command.current_dir(folder).args(["nab", "."]).args(args).output().unwrap()
}

fn answer(folder: &Path, args: &[&str]) -> Vec<Value> {
    let output = nab(folder, &[args, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn results_that_were_written_score_as_the_run_did() {
    let folder = tempfile::tempdir().unwrap();
    benchmark(folder.path());
    let args = ["--detector", "windowed_gaussian", "--out", "results"];
    let mut run = answer(folder.path(), &args);
    assert_eq!((&run[0]["profile"], &run[1]["profile"]), (&"standard".into(), &"lenient".into()));
    assert_eq!((&run[0]["found"], &run[0]["false_alarms"]), (&1.into(), &0.into()));
    // Telling row 50, the middle of the window, pays 0.8598; a missed window costs 1.
    let score = run[0]["score"].as_f64().unwrap();
    assert!((score - 92.99).abs() < 0.01, "{score}");
    let written = folder.path().join("results/windowed_gaussian/group/windowed_gaussian_one.csv");
    let text = fs::read_to_string(written).unwrap();
    assert_eq!(text.lines().filter(|line| line.ends_with(",1")).count(), 10, "{text}");
    let mut read =
        answer(folder.path(), &["--detector", "windowed_gaussian", "--results", "results"]);
    for row in run.iter_mut().chain(&mut read) {
        row.as_object_mut().unwrap().remove("microseconds_a_row");
    }
    assert_eq!(run, read);
}

#[test]
fn each_series_is_told_if_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    benchmark(folder.path());
    let rows = answer(folder.path(), &["--detector", "null", "--by-series"]);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["series"], "group/one.csv");
    assert_eq!(rows[0]["raw"], -1.0);
}

#[test]
fn a_file_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    benchmark(folder.path());
    fs::remove_file(folder.path().join("data/group/one.csv")).unwrap();
    let output = nab(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("data/group/one.csv"), "{error}");
}
