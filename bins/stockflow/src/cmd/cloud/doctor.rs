//! `stockflow doctor --aws`: what is deployed.

mod account;
mod catalog;
mod late;
mod mapping;
mod stores;
mod stream;
mod topic;

use tokio::runtime::Runtime;

use self::account::Account;
use super::super::doctor::{Doctor, finding::Finding};
use crate::{Failure, aws::sdk_config};

/// What to do about what is not there.
const DEPLOY: &str = "deploy the template (docs/deploy.md), or name the right one with";

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
    let names = &command.names;
    findings.push(stream::check(&account, &names.stream).await);
    findings
        .push(mapping::check(&account, &mapping::STAGE_1, &names.processor, &names.stream).await);
    findings.push(mapping::check(&account, &mapping::STAGE_2, &names.trend, &names.table).await);
    findings.push(stores::table(&account, &names.table).await);
    findings.push(stores::ledger(&account, &names.alerts_table).await);
    let bucket = names.bucket.clone();
    let bucket = bucket.unwrap_or_else(|| format!("stock-market-data-bucket-{}", account.number));
    findings.extend(stores::lake(&account, &bucket, command).await);
    findings.push(catalog::check(&account, &names.database, &names.lake_table).await);
    findings.push(topic::check(&account, &names.topic).await);
    findings.push(late::check(&account, "delay of stage 1", &names.processor).await);
    findings.push(late::check(&account, "delay of stage 2", &names.trend).await);
    findings
}

/// A check that could not look, for whatever reason the service gives.
fn refused(check: &'static str, why: impl std::fmt::Display, there: &str) -> Finding {
    let why = why.to_string();
    let missing = ["NotFound", "not found", "NoSuch", "does not exist"];
    if missing.iter().any(|word| why.contains(word)) {
        return Finding::broken(check, format!("not there: {why}"), format!("{DEPLOY} {there}"));
    }
    if ["AccessDenied", "Access Denied", "not authorized", "403"].iter().any(|w| why.contains(w)) {
        let todo = "these credentials may not look; use others, or allow the call that is named";
        return Finding::broken(check, why, todo);
    }
    Finding::broken(check, why, "try again; if it stays, see the message")
}

/// What an error of the SDK says, with its code.
fn told<E, R>(error: aws_sdk_kinesis::error::SdkError<E, R>) -> String
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    aws_sdk_kinesis::error::DisplayErrorContext(error).to_string()
}
