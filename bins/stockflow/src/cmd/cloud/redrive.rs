//! `stockflow redrive`: objects in S3, and the stream.

use std::{collections::BTreeSet, io};

use aws_sdk_s3::Client;
use serde_json::{Value, json};
use stockflow_aws::{
    kinesis::KinesisSink, lambda::read_kinesis_event, records::unpack, s3::S3Location,
};
use stockflow_core::{Quote, SinkExt as _};
use tokio::runtime::Runtime;

use super::super::redrive::{
    Redrive, Tally, print,
    records::{Found, Object},
};
use crate::{
    Failure, Outcome,
    aws::{s3, sdk_config},
};

/// What was sent is noted below this.
const NOTES: &str = "redriven/";

pub(in crate::cmd) fn redrive(command: &Redrive) -> Outcome {
    Runtime::new()?.block_on(run(command))
}

async fn run(command: &Redrive) -> Outcome {
    let from: S3Location = command.from.parse()?;
    let config = sdk_config().await?;
    let bucket = Bucket { client: s3(&config), name: from.bucket().to_owned() };
    let sink = KinesisSink::new(&aws_sdk_kinesis::Client::new(&config), &command.stream)?;
    let mut tally = Tally::default();
    for key in bucket.keys(from.prefix()).await? {
        let mut found = match read(&key, &bucket.get(&key).await?) {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(why) => {
                tally.refuse(&key, &why);
                continue;
            }
        };
        let sent = if command.again { BTreeSet::new() } else { bucket.noted(&key).await? };
        found.quotes.retain(|(index, _)| !sent.contains(index));
        tally.noted += sent.len() as u64;
        tally.add(&key, &found);
        if command.dry_run {
            print(&mut io::stdout().lock(), found.quotes.iter().map(|(_, quote)| quote))?;
        } else if !found.quotes.is_empty() {
            let quotes: Vec<Quote> = found.quotes.iter().map(|(_, quote)| *quote).collect();
            sink.write_all(&quotes).await?;
            // After they are on the stream: if this is not reached, they are sent again, which changes nothing.
            let sent = found.quotes.iter().map(|(index, _)| *index).chain(sent).collect();
            bucket.note(&key, &sent).await?;
        }
    }
    tally.tell(if command.dry_run { "would be sent" } else { "sent" })
}

/// Records of an object; none if it is no matter of stage 1.
fn read(key: &str, body: &[u8]) -> Result<Option<Found>, String> {
    if key.ends_with(".ndjson.zst") {
        let lines = zstd::decode_all(body).map_err(|error| error.to_string())?;
        return Object::read(&lines).map(Some);
    }
    let kept: Value = serde_json::from_slice(body)
        .map_err(|error| format!("neither a quarantine nor a batch that was given up: {error}"))?;
    let event = match &kept["payload"] {
        Value::String(text) => text.clone(),
        Value::Null => {
            return Err("it has no payload, so the records are not in it".into());
        }
        other => other.to_string(),
    };
    if kept.get("DDBStreamBatchInfo").is_some() || event.contains("\"aws:dynamodb\"") {
        crate::fail::note(format_args!(
            "passed over: {key}: checkpoints; the next one of each symbol brings along what was not followed"
        ));
        return Ok(None);
    }
    let mut found = Found::default();
    let mut records = Vec::new();
    for batch in read_kinesis_event(event.as_bytes()).map_err(|error| error.to_string())? {
        batch.records.into_iter().for_each(|record| unpack(record, None, &mut records));
    }
    records.iter().enumerate().for_each(|(index, record)| found.add(index, &record.data));
    Ok(Some(found))
}

/// The bucket with objects and notes.
struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    /// Keys below a prefix, in their order; without notes.
    async fn keys(&self, prefix: &str) -> Result<Vec<String>, Failure> {
        let prefix = if prefix.is_empty() {
            String::new()
        } else {
            format!("{}/", prefix.trim_end_matches('/'))
        };
        let list = self.client.list_objects_v2().bucket(&self.name).prefix(prefix);
        let mut pages = list.into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(told)?;
            let found =
                page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
            keys.extend(found.filter(|key| !key.starts_with(NOTES) && !key.ends_with('/')));
        }
        Ok(keys)
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>, Failure> {
        let answer = self.client.get_object().bucket(&self.name).key(key).send().await;
        let body = answer
            .map_err(told)?
            .body
            .collect()
            .await
            .map_err(|e| Failure::failed(e.to_string()))?;
        Ok(body.to_vec())
    }

    /// Places of the records of `key` that were sent.
    async fn noted(&self, key: &str) -> Result<BTreeSet<usize>, Failure> {
        let get = self.client.get_object().bucket(&self.name).key(note(key));
        let body = match get.send().await {
            Ok(answer) => {
                answer.body.collect().await.map_err(|e| Failure::failed(e.to_string()))?
            }
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => {
                return Ok(BTreeSet::new());
            }
            Err(error) => return Err(told(error)),
        };
        let note: Value = serde_json::from_slice(&body.to_vec()).unwrap_or_default();
        let places = note["sent"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(places.iter().filter_map(|place| place.as_u64()?.try_into().ok()).collect())
    }

    async fn note(&self, key: &str, sent: &BTreeSet<usize>) -> Outcome {
        let body = json!({ "sent": sent }).to_string().into_bytes();
        let put = self.client.put_object().bucket(&self.name).key(note(key)).body(body.into());
        put.send().await.map(drop).map_err(told)
    }
}

fn note(key: &str) -> String {
    format!("{NOTES}{key}.json")
}

fn told<E, R>(error: aws_sdk_s3::error::SdkError<E, R>) -> Failure
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    Failure::failed(aws_sdk_s3::error::DisplayErrorContext(error).to_string())
}
