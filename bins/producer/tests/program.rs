//! The real program against a stub and against the emulator.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, unreachable_pub, reason = "a test")]

#[path = "stub/kinesis.rs"]
mod kinesis;
#[path = "stub/market.rs"]
mod market;

use std::{
    collections::BTreeSet,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use aws_sdk_kinesis::Client;
use kinesis::Kinesis;
use stockflow_aws::{
    client,
    kinesis::{KinesisReader, KinesisSource},
    testing::Emulator,
};
use stockflow_core::{Quote, QuoteSource, wire};
use stockflow_local::{Replay, ReplayOptions};

async fn all(mut source: impl QuoteSource) -> BTreeSet<String> {
    let mut quotes: Vec<Quote> = Vec::new();
    while let Some(batch) = source.next_batch().await.unwrap() {
        quotes.extend(batch.quotes);
    }
    lines(&quotes)
}

fn lines(quotes: &[Quote]) -> BTreeSet<String> {
    let line = |quote| {
        let mut line = Vec::new();
        wire::encode(quote, &mut line);
        String::from_utf8(line).unwrap()
    };
    quotes.iter().map(line).collect()
}

fn succeeds(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {text}", output.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_on_the_stream_in_every_form_of_record() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quotes.csv");
    market::write(&file, 300, 3);
    let expected = all(Replay::open([&file], ReplayOptions::default(), &[]).unwrap()).await;
    let emulator = Emulator::shared().unwrap();
    for (number, form) in ["plain", "aggregated", "compressed"].into_iter().enumerate() {
        let account = 210_000_000_000 + number as u64;
        let client = Client::new(&emulator.account(account, client::https()));
        client.create_stream().stream_name("quotes").shard_count(2).send().await.unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_stockflow-producer"))
            .args(["--stream", "quotes", "--records", form, "--replay"])
            .arg(&file)
            .env("STOCKFLOW_SPOOL", folder.path().join(form))
            .env("AWS_ENDPOINT_URL", emulator.endpoint())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", account.to_string())
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .output()
            .unwrap();
        succeeds(&output);
        let reader = KinesisReader::new(&client, "quotes").unwrap().to_the_tip();
        assert_eq!(all(KinesisSource::new(reader)).await, expected, "{form}");
        let metrics: Vec<serde_json::Value> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let last = metrics.last().unwrap();
        assert_eq!((&last["Quotes"], &last["SpoolDepth"]), (&300.into(), &0.into()), "{last}");
        assert_eq!(last["_aws"]["CloudWatchMetrics"][0]["Namespace"], "stockflow");
    }
}

#[test]
fn sigterm_sends_what_was_read_and_the_next_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quotes.csv");
    market::write(&file, 1_500, 4);
    let kinesis = Kinesis::start(Duration::from_millis(2), 0);
    let data = folder.path().join("data");
    let child = kinesis
        .producer(&data)
        .arg("--replay")
        .arg(&file)
        // Nine minutes of market time: all of it would take ten seconds.
        .args(["--speed", "50"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while kinesis.records().len() < 50 {
        thread::sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    succeeds(&output);
    let stdout = String::from_utf8(output.stdout).unwrap();
    let last: serde_json::Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["Quotes"], last["Delivered"], "{last}");
    assert!(kinesis.records().len() < 1_500, "it was stopped on the way");
    succeeds(&kinesis.producer(&data).arg("--replay").arg(&file).output().unwrap());
    // More than once if a connection broke, but under the same key.
    let all: BTreeSet<Vec<u8>> = kinesis.records().into_iter().collect();
    assert_eq!(all.len(), 1_500);
}

#[test]
fn metrics_that_nobody_reads_keep_no_quote_from_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quotes.csv");
    market::write(&file, 30, 2);
    let kinesis = Kinesis::start(Duration::ZERO, 0);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut producer = kinesis.producer(&folder.path().join("data"));
    succeeds(&producer.arg("--replay").arg(&file).stdout(writer).output().unwrap());
    assert_eq!(kinesis.records().len(), 30);
}

#[test]
fn once_takes_one_batch_and_a_dry_run_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let kinesis = Kinesis::start(Duration::ZERO, 0);
    let data = folder.path().join("data");
    let simulated = |more: &[&str]| {
        let mut command = kinesis.producer(&data);
        command.args(["--feed", "simulated", "--batch-records", "20"]).args(more);
        let output = command.output().unwrap();
        succeeds(&output);
        String::from_utf8(output.stdout).unwrap()
    };
    let printed = simulated(&["--once", "--dry-run"]);
    assert_eq!(printed.lines().count(), 20);
    assert!(printed.lines().all(|line| wire::decode(line.as_bytes()).is_ok()), "{printed}");
    assert!(!data.exists(), "nothing is stored");
    assert_eq!(kinesis.records().len(), 0);
    simulated(&["--once"]);
    let sent: Vec<u8> = kinesis.records().join(&b'\n');
    let mut sent: Vec<&str> = std::str::from_utf8(&sent).unwrap().lines().collect();
    let mut printed: Vec<&str> = printed.lines().collect();
    sent.sort_unstable();
    printed.sort_unstable();
    assert_eq!(sent, printed);
}

#[test]
fn wrong_usage_ends_with_2_and_a_stream_that_does_not_answer_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let kinesis = Kinesis::start(Duration::ZERO, 0);
    let output = kinesis.producer(folder.path()).args(["--feed", "replay"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("error: nothing to replay"), "{text}");
}
