//! Quotes onto the stream.

use std::{path::Path, process::Command};

use aws_sdk_kinesis::{primitives::Blob, types::PutRecordsRequestEntry};
use serde_json::Value;
use stockflow_deploy::{Emulated, Programs};
use tempfile::TempDir;

/// Most records of a request.
const REQUEST: usize = 500;

/// What a producer left.
pub(crate) struct Replayed {
    /// Records on the stream.
    pub(crate) records: u64,
    /// Its folder: rows of the file that are no quotes are in the quarantine there, and never come to the stream.
    pub(crate) folder: TempDir,
}

/// Replays a file by the producer, in records of that form.
pub(crate) async fn replay(
    stack: &Emulated,
    programs: &Programs,
    file: &Path,
    form: &str,
) -> Replayed {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(programs.path("stockflow-producer"))
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", stack.account())
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", stack.emulator().endpoint())
        .args(["--stream", stack.stream_name(), "--records", form, "--replay"])
        .arg(file)
        .arg("--spool")
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("everything is sent"), "{said}");
    Replayed { records: stack.count_records().await.unwrap(), folder }
}

/// Puts these bytes, whatever they are, in this order.
pub(crate) async fn put(stack: &Emulated, lines: &[Vec<u8>]) {
    let kinesis = stack.kinesis();
    for lines in lines.chunks(REQUEST) {
        let entry = |line: &Vec<u8>| {
            let entry = PutRecordsRequestEntry::builder().data(Blob::new(line.as_slice()));
            entry.partition_key(key(line)).build().unwrap()
        };
        let entries = lines.iter().map(entry).collect();
        let request = kinesis.put_records().stream_name(stack.stream_name());
        let answer = request.set_records(Some(entries)).send().await.unwrap();
        assert_eq!(answer.failed_record_count, Some(0));
    }
}

/// The symbol, as all producers route by it.
fn key(line: &[u8]) -> String {
    let value: Value = serde_json::from_slice(line).unwrap_or_default();
    value["symbol"].as_str().unwrap_or("nobody").to_owned()
}
