//! Live feeds into the pipeline, until it is stopped, and on from there.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, unreachable_pub, reason = "a test")]

#[path = "../../../stockflow-local/tests/yahoo/streamer.rs"]
mod streamer;
#[path = "../../../stockflow-local/tests/yahoo/stub.rs"]
mod stub;

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use aws_sdk_kinesis::Client;
use serde_json::Value;
use stockflow_aws::{client, kinesis::KinesisSink, testing::Emulator};
use stockflow_core::{SinkExt as _, conformance::samples};
use streamer::{Act, Price, Streamer};
use stub::{AT, Reply, Stub, chart};

/// Runs the program until stage 1 has acknowledged so many batches, and stops it: its summary.
fn run(data: &Path, arguments: &[&str], variables: &[(&str, String)], batches: usize) -> Value {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stockflow"))
        .args(["run", "--format", "json", "--data"])
        .arg(data)
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (*name, value)))
        .env("RUST_LOG", "warn,stockflow::step=trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut seen = 0;
    let mut text = String::new();
    while seen < batches {
        let start = text.len();
        assert!(log.read_line(&mut text).unwrap() > 0, "it ended by itself: {text}");
        seen += usize::from(text[start..].contains("stage=1 step=\"acknowledged\""));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    log.read_to_string(&mut text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}: {text}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn yahoo_runs_until_it_is_stopped_and_goes_on_without_repeating() {
    let folder = tempfile::tempdir().unwrap();
    let host = Stub::start(|symbol, nth| {
        Reply::Http(200, "", chart(symbol, nth as i64 * 5, 10_000 + nth as i64))
    });
    // The same session: the second run goes on with the next answer.
    let url = format!("http://{}/0", host.address);
    let variables = [("STOCKFLOW_YAHOO_URL", url)];
    let arguments = ["--feed", "yahoo", "--symbols", "BTC-USD,EURUSD=X", "--interval", "1"];
    let first = run(folder.path(), &arguments, &variables, 3);
    let rows = first["rows"].as_u64().unwrap();
    assert!(rows >= 4 && first["quotes"] == rows, "{first}");
    let second = run(folder.path(), &arguments, &variables, 2);
    let more = second["quotes"].as_u64().unwrap();
    assert!(more >= 2 && second["duplicate"] == 0 && second["late"] == 0, "{second}");
    assert_eq!(second["rows"].as_u64(), Some(rows + more));
}

#[test]
fn yahoos_stream_runs_until_it_is_stopped_and_goes_on_without_repeating() {
    let folder = tempfile::tempdir().unwrap();
    let charts = Stub::start(|symbol, _| Reply::Http(200, "", chart(symbol, 0, 10_000)));
    // A connection says the last of what the one before it said, too.
    let host = Streamer::start(|nth| {
        let start = 1 + 30 * nth as i64;
        let message = |second| Price::new("BTC-USD", (AT + second) * 1_000, 100.0, 1_000).say();
        let acts = (start..start + 3_000)
            .flat_map(|second| [message(second), Act::Wait(Duration::from_millis(20))]);
        acts.chain([Act::Hold]).collect()
    });
    let variables = [
        ("STOCKFLOW_YAHOO_URL", format!("http://{}/0", charts.address)),
        ("STOCKFLOW_YAHOO_STREAM_URL", format!("ws://{}/", host.address)),
    ];
    let arguments = ["--feed", "yahoo-stream", "--symbols", "BTC-USD"];
    let first = run(folder.path(), &arguments, &variables, 1);
    let rows = first["rows"].as_u64().unwrap();
    assert!(rows >= 1 && first["quotes"] == rows, "{first}");
    let second = run(folder.path(), &arguments, &variables, 1);
    let more = second["quotes"].as_u64().unwrap();
    assert!(more >= 1 && second["duplicate"] == 0 && second["late"] == 0, "{second}");
    assert_eq!(second["rows"].as_u64(), Some(rows + more));
}

#[test]
fn yahoo_needs_symbols_and_live_feeds_have_their_own_pace() {
    for (arguments, text) in [
        (&["--feed", "yahoo"][..], "--symbols AAPL,MSFT"),
        (&["--feed", "yahoo", "--symbols", "AAPL", "--speed", "2x"], "leave --speed out"),
        (&["--feed", "yahoo-stream"], "--symbols AAPL,MSFT"),
        (&["--feed", "nasdaq"], "kinesis:STREAM"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_stockflow"))
            .args(["run", "--data"])
            .arg(folder.path())
            .args(arguments)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(text), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kinesis_stream_is_read_until_it_is_stopped_and_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = Emulator::shared().unwrap();
    let account = 220_000_000_000;
    let client = Client::new(&emulator.account(account, client::https()));
    client.create_stream().stream_name("quotes").shard_count(1).send().await.unwrap();
    let sink = KinesisSink::new(&client, "quotes").unwrap().with_compression();
    let quotes = samples::quotes(60);
    sink.write_all(&quotes[..40]).await.unwrap();
    let variables = [
        ("AWS_ENDPOINT_URL", emulator.endpoint()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", account.to_string()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
    ];
    let arguments = ["--feed", "kinesis:quotes"];
    let first = run(folder.path(), &arguments, &variables, 1);
    assert_eq!((&first["quotes"], &first["rows"]), (&40.into(), &40.into()), "{first}");
    sink.write_all(&quotes[40..]).await.unwrap();
    let second = run(folder.path(), &arguments, &variables, 1);
    assert_eq!((&second["quotes"], &second["rows"]), (&20.into(), &60.into()), "{second}");
}
