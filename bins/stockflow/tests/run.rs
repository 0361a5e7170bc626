//! What `stockflow run` says at its end.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::Duration,
};

use serde_json::Value;

fn run(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stockflow"));
    command.arg("run").args(args).arg("--data").arg(data);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const DAY: &str = "symbol,timestamp,open,high,low,price,previous_close,volume\n\
                   ZZZ,2026-11-23T14:30:00Z,100,100,100,100,100,5\n";

#[test]
fn a_run_without_quotes_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("day.csv"));
    std::fs::write(&file, DAY).unwrap();
    let replay = |args: &[&str]| {
        let args = [&["--replay", file.to_str().unwrap()], args].concat();
        told(&run(&data, &args).output().unwrap())
    };
    let others = replay(&["--symbols", "AAPL"]);
    assert!(
        others.contains("nothing new  there are no quotes in it, or none of the symbols"),
        "{others}"
    );
    let first = replay(&[]);
    assert!(first.contains("quotes  1 in") && !first.contains("nothing new"), "{first}");
    let second = replay(&[]);
    assert!(second.contains("before; another --data starts anew"), "{second}");
}

#[test]
fn a_summary_that_nobody_reads_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("day.csv");
    std::fs::write(&file, DAY).unwrap();
    let replay = ["--format", "json", "--replay", file.to_str().unwrap()];
    let mut child = run(&folder.path().join("data"), &replay).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert!(!told(&output).contains("panicked"), "{}", told(&output));
}

/// Ctrl-C, once there is a lake: something was stored.
fn interrupt(child: &Child, data: &Path) {
    while !data.join("lake").join("dt=2026-11-23").exists() {
        sleep(Duration::from_millis(20));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

#[test]
fn events_that_a_stopped_run_has_not_come_to_are_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let child = run(&data, &["--speed", "60x", "--format", "json"]).spawn().unwrap();
    interrupt(&child, &data);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let planted = &summary["planted"];
    assert_eq!(planted["events"], 16);
    assert_eq!(planted["missed"], Value::Array(Vec::new()), "{summary}");
    let open = planted["found"].as_u64().unwrap() + planted["to_come"].as_u64().unwrap();
    assert_eq!(open, 16, "{summary}");
}

#[cfg(feature = "webhook")]
#[test]
fn alerts_that_could_not_be_told_are_counted_end_with_1_and_are_told_by_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // Nobody listens on a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = folder.path().join("stockflow.toml");
    let alerter = format!(
        "[[alerter]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\nattempts = 1\n"
    );
    std::fs::write(&config, alerter).unwrap();
    let args = ["--format", "json", "--config", config.to_str().unwrap()];
    let output = run(&data, &args).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("not every alert could be told"), "{}", told(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["alerts"], 0);

    let output = run(&data, &["--format", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let next: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(next["alerts"], summary["untold"]);
    assert_eq!(next["untold"], 0);
    // Those of the first run belong to alerts that were untold.
    assert_eq!(summary["turns"], Value::Object(serde_json::Map::new()), "{summary}");
}
