//! `doctor` over a data folder: nothing to say of a healthy one, and the right thing of each damage.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

fn stockflow(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stockflow"));
    command.args(args).arg("--data").arg(folder).env_remove("STOCKFLOW_DATA").output().unwrap()
}

/// A folder with a few quotes in it, one of which cannot be read if `bad`.
fn filled(bad: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let quote = |second: u32| {
        format!(
            "{{\"symbol\":\"AAPL\",\"open\":100,\"high\":120,\"low\":80,\"price\":101,\"previous_close\":100,\"volume\":{second},\
             \"timestamp\":\"2026-11-23T14:30:{second:02}Z\"}}\n"
        )
    };
    let mut lines: String = (1..20).map(quote).collect();
    if bad {
        lines.push_str("{\"symbol\":\"AAPL\"}\n");
    }
    let input = folder.path().join("quotes.ndjson");
    fs::write(&input, lines).unwrap();
    let output = stockflow(folder.path(), &["run", "--replay", input.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    folder
}

/// What is not well, by check, and the exit code.
fn findings(folder: &Path, args: &[&str]) -> (Vec<(String, String)>, i32) {
    let output = stockflow(folder, &[&["doctor", "--format", "json"], args].concat());
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let bad = all.as_array().unwrap().iter().filter(|finding| finding["state"] != "ok").map(|f| {
        assert!(!text(f, "what_to_do").is_empty(), "{f}");
        (text(f, "check"), text(f, "finding"))
    });
    (bad.collect(), output.status.code().unwrap())
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn nothing_is_found_where_all_is_well() {
    let folder = filled(false);
    assert_eq!(findings(folder.path(), &[]), (vec![], 0));
}

#[test]
fn each_thing_that_is_broken_is_found() {
    let empty = tempfile::tempdir().unwrap();
    let (found, code) = findings(empty.path(), &[]);
    assert_eq!((found[0].0.as_str(), found.len(), code), ("folder", 1, 1));

    let folder = filled(false);
    let (found, code) = findings(folder.path(), &["--max-age", "1"]);
    assert_eq!((found[0].0.as_str(), found.len(), code), ("quotes", 1, 1), "{found:?}");

    let object = files(&folder.path().join("lake"))
        .into_iter()
        .find(|f| f.to_string_lossy().ends_with(".zst"));
    let object = object.unwrap();
    let whole = fs::read(&object).unwrap();
    fs::write(&object, &whole[..whole.len() / 2]).unwrap();
    let (found, code) = findings(folder.path(), &[]);
    assert_eq!((found[0].0.as_str(), found.len(), code), ("lake", 1, 1), "{found:?}");
    assert!(found[0].1.contains("truncated"), "{found:?}");
    fs::write(&object, whole).unwrap();

    fs::write(folder.path().join("stockflow.redb"), b"not a database").unwrap();
    let (found, code) = findings(folder.path(), &[]);
    assert_eq!((found[0].0.as_str(), found.len(), code), ("rows", 1, 1), "{found:?}");
}

#[test]
fn a_quarantine_is_a_warning_and_its_quotes_can_be_taken_out() {
    let folder = filled(true);
    let (found, code) = findings(folder.path(), &[]);
    assert_eq!((found[0].0.as_str(), found.len(), code), ("quarantine", 1, 0), "{found:?}");
    let quarantine = folder.path().join("quarantine");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stockflow"));
    let output = command.arg("redrive").arg(&quarantine).arg("--dry-run").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("1 objects: 0 quotes would be sent, 1 records left"), "{told}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_stockflow"));
    let output = command.arg("redrive").arg(&quarantine).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "a folder has no stream");
}
