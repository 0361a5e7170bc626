//! `bench-detectors` and `tune`; and `docs/detectors.md` has the scores that the bench gives.
//!
//! After a change of a detector, `STOCKFLOW_WRITE_DOCS=1 cargo test -p stockflow --test bench -- --include-ignored` writes them anew, but for the table of single
//! detectors, which takes long in a debug build.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/detectors.md");

fn stockflow(folder: &Path, args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_stockflow"))
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

fn data(file: &str) -> String {
    let folder = env::var_os("STOCKFLOW_TEST_DATA").expect("STOCKFLOW_TEST_DATA is set");
    PathBuf::from(folder).join(file).to_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn the_page_has_the_scores_of_the_bench() {
    let folder = tempfile::tempdir().unwrap();
    let minutes = data("quotes-minute.csv.gz");
    let args =
        ["bench-detectors", &minutes, "--days", "rest", "--seed", "2", "--whole", "--no-cost"];
    let output = String::from_utf8(stockflow(folder.path(), &args).stdout).unwrap();
    let page = fs::read_to_string(PAGE).unwrap();
    let start = page.find("<!-- scores:").unwrap();
    let start = start + page[start..].find("```text\n").unwrap() + "```text\n".len();
    let end = start + page[start..].find("```\n\n<!-- end of scores -->").unwrap();
    if page[start..end] == output {
        return;
    }
    assert!(env::var_os("STOCKFLOW_WRITE_DOCS").is_some(), "the page should say:\n{output}");
    fs::write(PAGE, format!("{}{output}{}", &page[..start], &page[end..])).unwrap();
}

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn what_is_tuned_is_taken_by_a_backtest_which_tells_as_much() {
    let folder = tempfile::tempdir().unwrap();
    let minutes = data("quotes-minute.csv.gz");
    let tuned = stockflow(folder.path(), &["tune", "--budget", "2/day", &minutes]);
    fs::write(folder.path().join("tuned.toml"), &tuned.stdout).unwrap();
    let said = String::from_utf8(tuned.stderr).unwrap();
    let first: f64 = said.split(' ').next().unwrap().parse().unwrap();
    assert!(first > 0.5 && first <= 2.0, "{said}");
    let args = ["backtest", &minutes, "--config", "tuned.toml", "--format", "json"];
    let rows: Value = serde_json::from_slice(&stockflow(folder.path(), &args).stdout).unwrap();
    let days = |row: &&Value| row["day"].as_str().unwrap() <= "2013-10-08";
    let alerts = |rows: &mut dyn Iterator<Item = &Value>| -> u64 {
        rows.map(|row| row["alerts"].as_u64().unwrap()).sum()
    };
    let told = alerts(&mut rows.as_array().unwrap().iter().filter(days));
    assert_eq!(format!("{:.2}", told as f64 / 12.0), format!("{first:.2}"));
}

#[test]
fn simulated_days_are_scored_without_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let quiet = "[anomaly]\nreturn_zscore = { enabled = false }\nhampel = { enabled = false }\n";
    fs::write(folder.path().join("quiet.toml"), quiet).unwrap();
    let args = ["bench-detectors", "--places", "1", "--whole", "--format", "json"];
    let args = [&args[..], &["--no-cost", "--config", "quiet.toml"]].concat();
    let rows: Value = serde_json::from_slice(&stockflow(folder.path(), &args).stdout).unwrap();
    let rows = rows.as_array().unwrap();
    let of = |kind: &str| -> Vec<&Value> { rows.iter().filter(|r| r["kind"] == kind).collect() };
    assert!(of("bad_print").iter().all(|row| row["found"] == 0 && row["planted"] != 0));
    let halts = of("halt");
    assert!(halts.iter().any(|row| row["found"] == row["planted"]), "{halts:?}");
    assert_eq!(of("undisturbed")[0]["symbol_days"], 40);
    assert!(rows.iter().all(|row| row["detector"] == "quiet.toml"));
}

#[test]
fn a_budget_that_cannot_be_kept_to_is_told_before_anything_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let morning = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/morning.csv");
    for (budget, why) in [("3", "such as 3/day"), ("0/day", "such as 3/day"), ("3/day", "two days")]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_stockflow"))
            .current_dir(folder.path())
            .args(["tune", "--budget", budget, morning])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{budget}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{output:?}");
        assert!(output.stdout.is_empty());
    }
}
