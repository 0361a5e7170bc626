//! What the template makes, by other means.

use std::process::Output;

use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType};
use serde_json::{Value, json};
use stockflow_aws::{
    client,
    dynamodb::{ALERTS, QUOTES},
    testing::Emulator,
};

use crate::world::{Account, err, line, out};

pub(crate) const STREAM: &str = "stock-market-stream";
pub(crate) const PROCESSOR: &str = "kinesis-stock-processor";
pub(crate) const TREND: &str = "dynamodb-stock-trend";
pub(crate) const TOPIC: &str = "stock-trend-alerts";

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";

/// Everything healthy, until a test breaks it.
pub(crate) struct Deployed {
    pub(crate) account: Account,
    pub(crate) kinesis: aws_sdk_kinesis::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) sns: aws_sdk_sns::Client,
}

/// A check that is not well.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) check: String,
    pub(crate) what: String,
    pub(crate) todo: String,
}

impl Deployed {
    pub(crate) async fn new() -> Self {
        let account = Account::new().await;
        let config = Emulator::shared().unwrap().account(account.number, client::https());
        let deployed = Self {
            kinesis: account.create_stream().await,
            account,
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            sns: aws_sdk_sns::Client::new(&config),
        };
        QUOTES.create(&deployed.dynamodb, QUOTES.name).await.unwrap();
        ALERTS.create(&deployed.dynamodb, ALERTS.name).await.unwrap();
        deployed.sns.create_topic().name(TOPIC).send().await.unwrap();
        deployed.subscribe("sqs", &deployed.arn("sqs", "alerts")).await;
        deployed.function(PROCESSOR);
        deployed.function(TREND);
        deployed.mapping(PROCESSOR, &deployed.quotes());
        deployed.mapping(TREND, &deployed.changes().await);
        deployed.account.create_table().await;
        deployed.account.put("2026-11-23", 7, line("AAPL", "2026-11-23T14:30:00Z", 101.0, 7)).await;
        deployed
    }

    fn arn(&self, service: &str, name: &str) -> String {
        format!("arn:aws:{service}:us-east-1:{}:{name}", self.account.number)
    }

    pub(crate) fn topic(&self) -> String {
        self.arn("sns", TOPIC)
    }

    /// The ARN of the stream of quotes.
    pub(crate) fn quotes(&self) -> String {
        self.arn("kinesis", &format!("stream/{STREAM}"))
    }

    /// The ARN of the table's stream.
    pub(crate) async fn changes(&self) -> String {
        let table = self.dynamodb.describe_table().table_name(QUOTES.name).send().await.unwrap();
        table.table.unwrap().latest_stream_arn.unwrap()
    }

    pub(crate) async fn subscribe(&self, protocol: &str, endpoint: &str) {
        let ask = self.sns.subscribe().topic_arn(self.topic()).protocol(protocol);
        ask.endpoint(endpoint).send().await.unwrap();
    }

    pub(crate) fn function(&self, name: &str) {
        // A zip file with nothing in it.
        let code = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";
        let role = format!("arn:aws:iam::{}:role/any", self.account.number);
        let body = json!({
            "FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": role, "Code": { "ZipFile": code },
        });
        self.account.call("lambda", "POST", "/2015-03-31/functions", &[], &body.to_string());
    }

    /// Makes a mapping as the template has it; its id.
    pub(crate) fn mapping(&self, function: &str, source: &str) -> String {
        let bucket = format!("arn:aws:s3:::{}", self.account.bucket);
        let body = json!({
            "FunctionName": function, "EventSourceArn": source, "StartingPosition": "TRIM_HORIZON",
            "FunctionResponseTypes": ["ReportBatchItemFailures"], "MaximumRecordAgeInSeconds": 82_800,
            "DestinationConfig": { "OnFailure": { "Destination": bucket } },
        });
        let answer = self.account.call("lambda", "POST", MAPPINGS, &[], &body.to_string());
        serde_json::from_str::<Value>(&answer).unwrap()["UUID"].as_str().unwrap().to_owned()
    }

    /// The mapping of a function, as it is.
    pub(crate) fn mapped(&self, function: &str) -> Value {
        let path = format!("{MAPPINGS}/?FunctionName={function}");
        let answer: Value =
            serde_json::from_str(&self.account.call("lambda", "GET", &path, &[], "")).unwrap();
        answer["EventSourceMappings"][0].clone()
    }

    /// Changes a mapping.
    pub(crate) fn remap(&self, function: &str, change: &Value) {
        let path = format!("{MAPPINGS}/{}", self.mapped(function)["UUID"].as_str().unwrap());
        self.account.call("lambda", "PUT", &path, &[], &change.to_string());
    }

    pub(crate) fn unmap(&self, function: &str) {
        let path = format!("{MAPPINGS}/{}", self.mapped(function)["UUID"].as_str().unwrap());
        self.account.call("lambda", "DELETE", &path, &[], "");
    }

    /// Turns the table's stream off, and on again if it is to have something.
    pub(crate) async fn change_stream(&self, view: Option<StreamViewType>) {
        let update = || self.dynamodb.update_table().table_name(QUOTES.name);
        let off = StreamSpecification::builder().stream_enabled(false).build().unwrap();
        update().stream_specification(off).send().await.unwrap();
        if let Some(view) = view {
            let on = StreamSpecification::builder().stream_enabled(true).stream_view_type(view);
            update().stream_specification(on.build().unwrap()).send().await.unwrap();
        }
    }

    pub(crate) fn glue(&self, operation: &str, body: &Value) -> Value {
        let target = format!("AWSGlue.{operation}");
        let headers =
            [("X-Amz-Target", target.as_str()), ("Content-Type", "application/x-amz-json-1.1")];
        let answer = self.account.call("glue", "POST", "/", &headers, &body.to_string());
        serde_json::from_str(&answer).unwrap()
    }

    /// What is not well.
    pub(crate) fn findings(
        &self,
        args: &[&str],
        variables: &[(&str, &str)],
    ) -> (Vec<Wrong>, Output) {
        let args = [&["doctor", "--aws", "--format", "json"], args].concat();
        let output = self.account.command(&args).envs(variables.iter().copied()).output().unwrap();
        let said = err(&output);
        let all: Value = serde_json::from_str(out(&output)).expect(said);
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let bad = all.as_array().unwrap().iter().filter(|finding| finding["state"] != "ok");
        let bad = bad.map(|finding| Wrong {
            check: text(finding, "check"),
            what: text(finding, "finding"),
            todo: text(finding, "what_to_do"),
        });
        (bad.collect(), output)
    }

    /// That one check finds something, and says this and what to do; a check that is broken is exit code 1.
    pub(crate) fn only(
        &self,
        (args, variables): (&[&str], &[(&str, &str)]),
        code: i32,
        [check, what, todo]: [&str; 3],
    ) {
        let (found, output) = self.findings(args, variables);
        assert_eq!(found.len(), 1, "{check}: {found:#?}");
        assert_eq!(found[0].check, check, "{found:#?}");
        assert!(found[0].what.contains(what), "{what}: {found:#?}");
        assert!(found[0].todo.contains(todo), "{todo}: {found:#?}");
        assert_eq!(output.status.code(), Some(code), "{found:#?}");
        if std::env::var_os("SHOW").is_some() {
            println!("{found:#?}");
        }
    }

    /// The same of what was broken in the account.
    pub(crate) fn broken(&self, finding: [&str; 3]) {
        self.only((&[], &[]), 1, finding);
    }

    /// That nothing is wrong any more.
    pub(crate) fn healthy(&self) {
        let (found, output) = self.findings(&["--max-age", "3600"], &[]);
        assert!(found.is_empty() && output.status.success(), "{found:#?}");
        assert!(err(&output).is_empty(), "{}", err(&output));
    }
}
