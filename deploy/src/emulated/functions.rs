//! The functions, and what invokes them.

use std::path::Path;

use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};
use stockflow_aws::dynamodb::{ALERTS, QUOTES};

use super::{Emulated, STREAM};
use crate::{Programs, Result, package};

/// Stage 2 acts on checkpoints only: other rows cost no invocation.
pub const CHECKPOINTS_ONLY: &str =
    r#"{"dynamodb":{"NewImage":{"checkpoint":{"S":[{"exists":true}]}}}}"#;

/// How many records an invocation gets at most.
#[derive(Clone, Copy, Debug)]
pub struct Mapping {
    /// Of the stream of quotes.
    pub quotes: u16,
    /// Of the table's stream.
    pub checkpoints: u16,
}

impl Emulated {
    /// Makes both functions out of the real programs, and the mappings that invoke them.
    ///
    /// # Errors
    /// What the emulator says.
    pub async fn deploy(&self, programs: &Programs, mapping: Mapping) -> Result<()> {
        let lake = [
            ("STOCKFLOW_TABLE", QUOTES.name.to_owned()),
            ("STOCKFLOW_LAKE", self.location("lake")),
            ("STOCKFLOW_QUARANTINE", self.location("quarantine")),
        ];
        let (processor, trend) = ("kinesis-stock-processor", "dynamodb-stock-trend");
        self.function(processor, &programs.path(processor), &lake).await?;
        let told = [
            ("STOCKFLOW_TABLE", QUOTES.name.to_owned()),
            ("STOCKFLOW_ALERTS", ALERTS.name.to_owned()),
            ("STOCKFLOW_TOPIC_ARN", self.topic_arn().to_owned()),
        ];
        self.function(trend, &programs.path(trend), &told).await?;
        let rows = self.dynamodb().describe_table().table_name(QUOTES.name).send().await?.table;
        let rows =
            rows.and_then(|table| table.latest_stream_arn).ok_or("a table without stream")?;
        let stream = format!("arn:aws:kinesis:us-east-1:{}:stream/{STREAM}", self.account);
        let filter = json!({ "Filters": [{ "Pattern": CHECKPOINTS_ONLY }] });
        self.map(processor, &stream, mapping.quotes, None)?;
        self.map(trend, &rows, mapping.checkpoints, Some(filter))
    }

    async fn function(
        &self,
        name: &str,
        program: &Path,
        variables: &[(&str, String)],
    ) -> Result<()> {
        let key = format!("{name}.zip");
        let package = ByteStream::from(package(program)?);
        let put = self.s3().put_object().bucket(self.results()).key(&key);
        put.body(package).send().await?;
        let variables: Value =
            variables.iter().map(|(name, value)| ((*name).to_owned(), value.as_str())).collect();
        let function = json!({
            "FunctionName": name,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Role": format!("arn:aws:iam::{}:role/{name}", self.account),
            "Code": { "S3Bucket": self.results(), "S3Key": key },
            "MemorySize": 256,
            "Timeout": 120,
            "Environment": { "Variables": variables },
        });
        self.api.lambda("/2015-03-31/functions", &function).map(drop)
    }

    fn map(&self, function: &str, source: &str, batch: u16, filter: Option<Value>) -> Result<()> {
        let mut mapping = json!({
            "FunctionName": function,
            "EventSourceArn": source,
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": batch,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        });
        if let Some(filter) = filter {
            mapping["FilterCriteria"] = filter;
        }
        self.api.lambda("/2015-03-31/event-source-mappings", &mapping).map(drop)
    }
}
