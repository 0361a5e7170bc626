//! The stream of quotes.

use aws_sdk_kinesis::{Client, types::StreamStatus};

use super::{Finding, account::Account, refused, told};

const CHECK: &str = "stream";

pub(super) async fn check(account: &Account, name: &str) -> Finding {
    let answer =
        Client::new(&account.config).describe_stream_summary().stream_name(name).send().await;
    let summary = match answer {
        Ok(answer) => answer.stream_description_summary,
        Err(error) => return refused(CHECK, told(error), "--stream"),
    };
    let Some(summary) = summary else {
        return refused(CHECK, "an answer without a stream", "--stream");
    };
    match summary.stream_status() {
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
            "wait until it is there; if it is being deleted, deploy again",
        ),
    }
}
