//! Tables and the lake.

use aws_sdk_dynamodb::types::{StreamViewType, TableDescription, TableStatus};
use aws_sdk_s3::{Client, primitives::DateTime, types::Object};
use stockflow_core::Timestamp;

use crate::{
    aws::s3,
    cmd::doctor::{Doctor, now},
};

use super::{DEPLOY, Finding, RESTORE, account::Account, refused, told};

/// The table of rows, and the ARN of its stream.
pub(super) async fn table(account: &Account, name: &str) -> (Finding, Option<String>) {
    const CHECK: &str = "table";
    let table = match describe(CHECK, account, name, "--table").await {
        Ok(table) => table,
        Err(finding) => return (finding, None),
    };
    let view = table.stream_specification().and_then(|stream| stream.stream_view_type());
    (judge(CHECK, name, view), table.latest_stream_arn)
}

fn judge(check: &'static str, name: &str, view: Option<&StreamViewType>) -> Finding {
    match view {
        Some(StreamViewType::NewImage | StreamViewType::NewAndOldImages) => {
            Finding::ok(check, format!("{name}: its stream has new images"))
        }
        Some(other) => Finding::broken(
            check,
            format!("its stream has {other}: stage 2 needs the new images"),
            format!(
                "turn it off, and on again with NEW_IMAGE; then {RESTORE}, since the mapping has to follow"
            ),
        ),
        None => Finding::broken(
            check,
            "it has no stream: stage 2 gets nothing",
            format!(
                "aws dynamodb update-table --table-name {name} --stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE; then {RESTORE}, since the mapping has to follow"
            ),
        ),
    }
}

pub(super) async fn ledger(account: &Account, name: &str) -> Finding {
    const CHECK: &str = "table of alerts";
    match describe(CHECK, account, name, "--alerts-table").await {
        Ok(_) => Finding::ok(CHECK, name),
        Err(finding) => finding,
    }
}

async fn describe(
    check: &'static str,
    account: &Account,
    name: &str,
    option: &str,
) -> Result<TableDescription, Finding> {
    let client = aws_sdk_dynamodb::Client::new(&account.config);
    let answer = client.describe_table().table_name(name).send().await;
    let table = answer.map_err(|error| refused(check, told(&error), option))?.table;
    let table = table.ok_or_else(|| refused(check, "an answer without a table", option))?;
    match table.table_status() {
        Some(TableStatus::Active | TableStatus::Updating) | None => Ok(table),
        Some(status) => {
            let todo = format!("wait until it is there; if it is being deleted, {RESTORE}");
            Err(Finding::broken(check, format!("{name} is {status}"), todo))
        }
    }
}

/// The bucket, and how old its newest object is.
pub(super) async fn lake(account: &Account, bucket: &str, command: &Doctor) -> Vec<Finding> {
    const CHECK: &str = "lake";
    let client = s3(&account.config);
    if let Err(error) = client.head_bucket().bucket(bucket).send().await {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let region = error.raw_response().and_then(|a| a.headers().get("x-amz-bucket-region"));
        return vec![match (status, region) {
            (Some(404), _) => {
                let what = format!("there is no bucket {bucket}");
                Finding::broken(CHECK, what, format!("{DEPLOY} --bucket"))
            }
            (_, Some(region)) if region != account.region => Finding::broken(
                CHECK,
                format!("{bucket} is in {region}, not in {}", account.region),
                format!("export AWS_REGION={region}, or name the right one with --bucket"),
            ),
            _ => refused(CHECK, told(&error), "--bucket"),
        }];
    }
    let found = Finding::ok(CHECK, format!("s3://{bucket}/lake"));
    match newest(&client, bucket).await {
        Ok(Some(time)) => vec![found, command.age("quotes", time, now())],
        Ok(None) => vec![
            found,
            Finding::warning(
                "quotes",
                "the lake is empty: no quote was ever archived",
                "start the producer; if it runs, look at the mapping of stage 1",
            ),
        ],
        Err(why) => vec![found, refused("quotes", why, "--bucket")],
    }
}

/// When the newest object of the newest day was put.
async fn newest(client: &Client, bucket: &str) -> Result<Option<Timestamp>, String> {
    let list = client.list_objects_v2().bucket(bucket).prefix("lake/dt=").delimiter("/");
    let mut pages = list.into_paginator().send();
    let mut days = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| told(&error))?;
        days.extend(page.common_prefixes().iter().filter_map(|p| p.prefix().map(str::to_owned)));
    }
    let Some(day) = days.into_iter().max() else { return Ok(None) };
    let mut pages = client.list_objects_v2().bucket(bucket).prefix(day).into_paginator().send();
    let mut newest: Option<DateTime> = None;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| told(&error))?;
        newest =
            newest.max(page.contents().iter().filter_map(Object::last_modified).max().copied());
    }
    let micros = |time: DateTime| (time.as_nanos() / 1_000).try_into().ok();
    Ok(newest.and_then(micros).and_then(|micros| Timestamp::from_micros(micros).ok()))
}
