//! Quotes onto the stream.

use std::{path::Path, process::Command};

use stockflow_deploy::{Emulated, Programs};
use tempfile::TempDir;

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
