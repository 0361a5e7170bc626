//! What brings records to a function.

use serde_json::Value;

use super::{Finding, RESTORE, account::Account, refused};
use crate::aws::signed::Request;

/// One of the two.
#[derive(Debug)]
pub(super) struct Stage {
    check: &'static str,
    option: &'static str,
    /// What the ARN of its source has before and after the source's name.
    source: (&'static str, &'static str),
}

/// Where its records come from.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    /// The whole ARN, if a name has several in the course of time.
    pub(super) arn: Option<&'a str>,
    /// How long it keeps records, if that is known.
    pub(super) hours: Option<i32>,
}

pub(super) const STAGE_1: Stage =
    Stage { check: "mapping of stage 1", option: "--processor", source: (":stream/", "") };
pub(super) const STAGE_2: Stage =
    Stage { check: "mapping of stage 2", option: "--trend", source: (":table/", "/stream/") };

pub(super) async fn check(
    account: &Account,
    stage: &Stage,
    function: &str,
    source: &Source<'_>,
) -> Finding {
    let path = format!("/2015-03-31/event-source-mappings/?FunctionName={function}");
    let answer = match Request::get("lambda", path).send(&account.config).await {
        Ok(answer) => answer,
        Err(why) => return refused(stage.check, why, stage.option),
    };
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    let (before, after) = stage.source;
    let wanted = format!("{before}{}{after}", source.name);
    let is_meant = |mapping: &&Value| {
        let arn = mapping["EventSourceArn"].as_str().unwrap_or_default();
        if after.is_empty() { arn.ends_with(&wanted) } else { arn.contains(&wanted) }
    };
    let mappings = answer["EventSourceMappings"].as_array();
    let mapping = mappings.and_then(|mappings| mappings.iter().find(is_meant));
    let Some(mapping) = mapping else {
        return Finding::broken(
            stage.check,
            format!("nothing brings records of {} to {function}", source.name),
            format!("{RESTORE}: the template has an event source mapping"),
        );
    };
    judge(stage, function, source, mapping)
}

fn judge(stage: &Stage, function: &str, source: &Source<'_>, mapping: &Value) -> Finding {
    let text = |key: &str| mapping[key].as_str().unwrap_or_default();
    let update = |option: &str| {
        format!("aws lambda update-event-source-mapping --uuid {} {option}", text("UUID"))
    };
    if source.arn.is_some_and(|arn| arn != text("EventSourceArn")) {
        return Finding::broken(
            stage.check,
            format!(
                "{function} gets nothing: it reads {}, and {} has another stream by now",
                text("EventSourceArn"),
                source.name
            ),
            format!("{RESTORE}: the mapping has to be made anew"),
        );
    }
    let state = text("State");
    if !matches!(state, "Enabled" | "Enabling" | "Updating" | "Creating") {
        return Finding::broken(
            stage.check,
            format!("it is {state}: {function} gets nothing"),
            update("--enabled"),
        );
    }
    let responses = mapping["FunctionResponseTypes"].as_array();
    let reports = |types: &Vec<Value>| types.iter().any(|t| t == "ReportBatchItemFailures");
    if !responses.is_some_and(reports) {
        return Finding::broken(
            stage.check,
            "FunctionResponseTypes has no ReportBatchItemFailures: what a function gives back is taken as done, and lost",
            update("--function-response-types ReportBatchItemFailures"),
        );
    }
    // Of a mapping that has not been asked for anything, it is -1: for ever, which blocks a shard.
    let age = mapping["MaximumRecordAgeInSeconds"].as_i64().unwrap_or(-1);
    if age < 0 {
        return Finding::broken(
            stage.check,
            "MaximumRecordAgeInSeconds is not set: records are lost unseen when the stream drops them, and one bad batch blocks its shard till then",
            update("--maximum-record-age-in-seconds 82800"),
        );
    }
    if let Some(hours) = source.hours.filter(|hours| age >= i64::from(*hours) * 3_600) {
        return Finding::broken(
            stage.check,
            format!(
                "MaximumRecordAgeInSeconds is {age}, and {} keeps records for {hours} hours: what waits for longer is lost unseen",
                source.name
            ),
            update(&format!("--maximum-record-age-in-seconds {}", (i64::from(hours) - 1) * 3_600)),
        );
    }
    let result = text("LastProcessingResult");
    if result.starts_with("PROBLEM") || result.contains("FAILED") {
        return Finding::broken(
            stage.check,
            format!("its last result: {result}"),
            format!("see the log group /aws/lambda/{function}, and docs/operations.md"),
        );
    }
    if mapping["DestinationConfig"]["OnFailure"]["Destination"].as_str().is_none() {
        return Finding::warning(
            stage.check,
            "no destination for batches that are given up: they are lost",
            update(
                "--destination-config OnFailure={Destination=arn:aws:s3:::stock-market-quarantine-ACCOUNT}",
            ),
        );
    }
    Finding::ok(stage.check, format!("{} ({result})", state.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cmd::doctor::finding::State::{self, Broken, Ok, Warning};

    fn with(change: &Value) -> (State, String) {
        let mut mapping = json!({
            "UUID": "u", "State": "Enabled", "EventSourceArn": "arn:2", "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "MaximumRecordAgeInSeconds": 82_800, "LastProcessingResult": "OK",
            "DestinationConfig": { "OnFailure": { "Destination": "arn:aws:s3:::quarantine" } },
        });
        for (key, value) in change.as_object().unwrap() {
            mapping[key] = value.clone();
        }
        let source = Source { name: "t", arn: Some("arn:2"), hours: Some(24) };
        let finding = judge(&STAGE_2, "f", &source, &mapping);
        (finding.state, finding.what)
    }

    #[test]
    fn each_fault_of_a_mapping_is_told() {
        assert_eq!(with(&json!({})).0, Ok);
        for (change, state, word) in [
            (json!({ "State": "Disabled" }), Broken, "Disabled"),
            (json!({ "FunctionResponseTypes": [] }), Broken, "ReportBatchItemFailures"),
            (json!({ "FunctionResponseTypes": null }), Broken, "ReportBatchItemFailures"),
            (json!({ "MaximumRecordAgeInSeconds": -1 }), Broken, "is not set"),
            (json!({ "MaximumRecordAgeInSeconds": 86_400 }), Broken, "keeps records for 24 hours"),
            (json!({ "EventSourceArn": "arn:1" }), Broken, "another stream"),
            (json!({ "LastProcessingResult": "PROBLEM: Function call failed" }), Broken, "PROBLEM"),
            (json!({ "DestinationConfig": {} }), Warning, "destination"),
        ] {
            let (found, what) = with(&change);
            assert_eq!(found, state, "{change}: {what}");
            assert!(what.contains(word), "{change}: {what}");
        }
    }
}
