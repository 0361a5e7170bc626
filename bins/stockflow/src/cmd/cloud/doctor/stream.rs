//! The stream of quotes.

use aws_sdk_kinesis::{Client, types::StreamStatus};

use super::{Finding, RESTORE, account::Account, refused, told};

const CHECK: &str = "stream";

/// The stream, and for how many hours it keeps records.
pub(super) async fn check(account: &Account, name: &str) -> (Finding, Option<i32>) {
    let answer =
        Client::new(&account.config).describe_stream_summary().stream_name(name).send().await;
    let summary = match answer {
        Ok(answer) => answer.stream_description_summary,
        Err(error) => return (refused(CHECK, told(&error), "--stream"), None),
    };
    let Some(summary) = summary else {
        return (refused(CHECK, "an answer without a stream", "--stream"), None);
    };
    let finding = match summary.stream_status() {
        StreamStatus::Active | StreamStatus::Updating => Finding::ok(
            CHECK,
            format!(
                "{name}: {} shards, keeps {} hours",
                summary.open_shard_count(),
                summary.retention_period_hours()
            ),
        ),
        status => Finding::broken(
            CHECK,
            format!("{name} is {status}"),
            format!("wait until it is there; if it is being deleted, {RESTORE}"),
        ),
    };
    (finding, Some(summary.retention_period_hours()))
}
