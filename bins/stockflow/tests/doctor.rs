//! `doctor` over a data folder: nothing to say of a healthy one, and the right thing of each damage.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use serde_json::Value;
use stockflow_core::{
    Alert, AlertKind, AlertLedger as _, Claim, Direction, Evidence, Severity, Timestamp,
};
use stockflow_local::{LocalLedger, Spool, SpoolOptions, Store};

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
fn what_is_not_there_is_found() {
    let folder = filled(false);
    let lake = folder.path().join("lake");
    let of = |check: &str, word: &str, code: i32| {
        let (found, exit) = findings(folder.path(), &[]);
        assert_eq!((found[0].0.as_str(), found.len(), exit), (check, 1, code), "{found:?}");
        assert!(found[0].1.contains(word), "{found:?}");
    };
    fs::write(folder.path().join("spool/position"), "torn").unwrap();
    of("spool", "spool/position", 1);
    fs::remove_dir_all(folder.path().join("spool")).unwrap();
    assert_eq!(findings(folder.path(), &[]), (vec![], 0), "nothing waits");

    fs::rename(&lake, folder.path().join("away")).unwrap();
    of("lake", "there is none", 0);
    fs::create_dir(&lake).unwrap();
    of("lake", "it is empty", 0);
    fs::remove_dir(&lake).unwrap();
    fs::rename(folder.path().join("away"), &lake).unwrap();

    fs::remove_file(folder.path().join("stockflow.redb")).unwrap();
    of("rows", "stockflow.redb", 1);
    drop(Store::open(folder.path()).unwrap());
    of("quotes", "there are none", 0);
}

#[test]
fn beside_a_program_that_runs_nothing_is_wrong() {
    let folder = filled(false);
    let _store = Store::open(folder.path()).unwrap();
    let _spool = Spool::open(folder.path().join("spool"), SpoolOptions::default()).unwrap();
    assert_eq!(findings(folder.path(), &[]), (vec![], 0));
}

/// Leaves records in the spool that no stage has seen, and flips a bit in the first.
fn damage_spool(folder: &Path) {
    let spool = Spool::open(folder.join("spool"), SpoolOptions::default()).unwrap();
    for record in ["first", "second"] {
        spool.writer().append([(Timestamp::MAX, record)], &[]).unwrap();
    }
    drop(spool);
    let segment = |path: &PathBuf| path.extension().is_some_and(|end| end == "spool");
    let path = files(&folder.join("spool")).into_iter().filter(segment).max().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(5).position(|window| window == b"first").unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_spool_is_found_and_nothing_is_changed() {
    let folder = filled(false);
    damage_spool(folder.path());
    let contents = || -> Vec<_> {
        let mut paths = files(&folder.path().join("spool"));
        paths.sort();
        paths.into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect()
    };
    let before = contents();
    let (found, code) = findings(folder.path(), &[]);
    assert_eq!((found[0].0.as_str(), found.len(), code), ("spool", 1, 1), "{found:?}");
    assert!(found[0].1.contains("records 20 to 20 are lost"), "{found:?}");
    assert!(contents() == before, "it only looks");

    fs::write(folder.path().join("spool/id"), "torn").unwrap();
    let (found, _) = findings(folder.path(), &[]);
    assert!(found[0].1.contains("spool/id"), "{found:?}");
    assert_eq!(fs::read(folder.path().join("spool/id")).unwrap(), b"torn");

    let _open = Spool::open(folder.path().join("spool"), SpoolOptions::default()).unwrap();
    assert_eq!(findings(folder.path(), &[]), (vec![], 0), "whoever has it open has looked at it");
}

#[tokio::test]
async fn alerts_that_wait_are_a_warning() {
    let folder = filled(false);
    let store = Store::open(folder.path()).unwrap();
    let row = store.scan(None, 1).unwrap().remove(0).row;
    let evidence = Evidence { direction: Direction::Up, score: 2.0, value: 10.0, threshold: 5.0 };
    let alert =
        Alert::new(&row.quote, AlertKind::Anomaly, "hampel".into(), Severity::Critical, evidence);
    let now = row.quote.timestamp;
    let claimed = LocalLedger::new(&store).claim(&alert, now, Duration::from_secs(60)).await;
    assert_eq!(claimed.unwrap(), Claim::Won);
    store.sync().await.unwrap();
    drop(store);
    let (found, code) = findings(folder.path(), &[]);
    assert_eq!((found[0].0.as_str(), found.len(), code), ("alerts", 1, 0), "{found:?}");
    assert!(found[0].1.contains("1 wait to be told"), "{found:?}");
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
    // Nor does it matter that nobody reads what is left.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_stockflow"));
    command.arg("redrive").arg(&quarantine).arg("--dry-run").stderr(writer);
    assert!(command.output().unwrap().status.success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_stockflow"));
    let output = command.arg("redrive").arg(&quarantine).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "a folder has no stream");
}
