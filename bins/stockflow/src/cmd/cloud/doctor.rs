//! `stockflow doctor --aws`: what is deployed.

mod account;
mod catalog;
mod late;
mod mapping;
mod stores;
mod stream;
mod topic;

use tokio::runtime::Runtime;

use aws_sdk_kinesis::{config::http::HttpResponse, error::SdkError};

use self::{account::Account, mapping::Source};
use super::super::doctor::{
    Doctor, Names,
    finding::{Finding, State},
};
use crate::{Failure, aws::sdk_config};

/// What to do about what is not there.
const DEPLOY: &str = "deploy the template (docs/deploy.md), or name the right one with";
/// What to do about what was changed after it was deployed: deploying the same template again changes nothing.
const RESTORE: &str = "put it back as docs/operations.md says in \"What was changed by hand\"";
/// How a finding begins about what is not there.
const ABSENT: &str = "not there";
/// How long a table's stream keeps records, always.
const TABLE_STREAM_HOURS: i32 = 24;

pub(in crate::cmd) fn doctor(command: &Doctor) -> Result<Vec<Finding>, Failure> {
    Ok(Runtime::new()?.block_on(examine(command)))
}

/// Every check; only the first ones, if there is no way in.
async fn examine(command: &Doctor) -> Vec<Finding> {
    let config = match sdk_config().await {
        Ok(config) => config,
        Err(failure) => {
            let what = failure.text().unwrap_or_default().to_owned();
            return vec![Finding::broken("region", what, "export AWS_REGION=us-east-1, or yours")];
        }
    };
    let region = config.region().map(ToString::to_string).unwrap_or_default();
    let mut findings = vec![Finding::ok("region", region.clone())];
    let account = match Account::open(config, region).await {
        Ok(account) => account,
        Err(finding) => {
            findings.push(finding);
            return findings;
        }
    };
    findings.push(Finding::ok("credentials", format!("of account {}", account.number)));
    let deployed = deployed(&account, &command.names).await;
    if is_elsewhere(&deployed) {
        findings[0] = Finding::broken(
            "region",
            format!("nothing is in {}: neither stream, nor tables, nor topic", account.region),
            "set AWS_REGION to where it is deployed; or deploy the template here (docs/deploy.md); or give the names that it has (`stockflow doctor --help`)",
        );
        return findings;
    }
    findings.extend(deployed);
    let names = &command.names;
    let bucket = names.bucket.clone();
    let bucket = bucket.unwrap_or_else(|| format!("stock-market-data-bucket-{}", account.number));
    findings.extend(stores::lake(&account, &bucket, command).await);
    findings.push(catalog::check(&account, &names.database, &names.lake_table).await);
    findings.push(late::check(&account, "delay of stage 1", &names.processor).await);
    findings.push(late::check(&account, "delay of stage 2", &names.trend).await);
    findings
}

/// What belongs to this deployment alone.
async fn deployed(account: &Account, names: &Names) -> Vec<Finding> {
    let (stream, hours) = stream::check(account, &names.stream).await;
    let (table, arn) = stores::table(account, &names.table).await;
    let quotes = Source { name: &names.stream, arn: None, hours };
    let rows = Source { name: &names.table, arn: arn.as_deref(), hours: Some(TABLE_STREAM_HOURS) };
    vec![
        stream,
        mapping::check(account, &mapping::STAGE_1, &names.processor, &quotes).await,
        mapping::check(account, &mapping::STAGE_2, &names.trend, &rows).await,
        table,
        stores::ledger(account, &names.alerts_table).await,
        topic::check(account, &names.topic).await,
    ]
}

/// Whether nothing at all is here: then each of it being absent is not what is wrong.
fn is_elsewhere(deployed: &[Finding]) -> bool {
    let absent = deployed.iter().filter(|finding| finding.what.starts_with(ABSENT)).count();
    absent >= 4 && deployed.iter().all(|finding| finding.state == State::Broken)
}

/// A check that could not look, for whatever reason the service gives.
fn refused(check: &'static str, why: impl std::fmt::Display, there: &str) -> Finding {
    let why = why.to_string();
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    if why.starts_with("403") || says(&["AccessDenied", "Access Denied", "not authorized"]) {
        let todo = "these credentials may not look; use others, or allow the call that is named";
        return Finding::broken(check, why, todo);
    }
    if says(&["NotFound", "not found", "NoSuch", "does not exist"]) {
        return Finding::broken(check, format!("{ABSENT}: {why}"), format!("{DEPLOY} {there}"));
    }
    Finding::broken(check, why, "try again; if it stays, see the message")
}

/// What an error of the SDK says: the status, and each cause once.
fn told<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> String {
    let mut text =
        error.raw_response().map_or_else(String::new, |answer| answer.status().to_string());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text += if text.is_empty() { "" } else { ": " };
            text += &said;
        }
        cause = error.source();
    }
    if text.is_empty() { error.to_string() } else { text }
}
