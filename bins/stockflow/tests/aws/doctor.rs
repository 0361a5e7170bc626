//! `stockflow doctor --aws`: nothing to say of a healthy set-up, and the right thing of each broken one.

use std::process::Output;

use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType};
use serde_json::{Value, json};
use stockflow_aws::{
    client,
    dynamodb::{ALERTS, QUOTES},
    testing::Emulator,
};

use crate::world::{Account, err, line, out};

/// What the template makes, by other means.
struct Deployed {
    account: Account,
    kinesis: aws_sdk_kinesis::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    sns: aws_sdk_sns::Client,
}

impl Deployed {
    async fn new() -> Self {
        let account = Account::new().await;
        let config = Emulator::shared().unwrap().account(account.number, client::https());
        let kinesis = aws_sdk_kinesis::Client::new(&config);
        kinesis
            .create_stream()
            .stream_name("stock-market-stream")
            .shard_count(1)
            .send()
            .await
            .unwrap();
        while kinesis
            .describe_stream_summary()
            .stream_name("stock-market-stream")
            .send()
            .await
            .unwrap()
            .stream_description_summary
            .unwrap()
            .stream_status
            .as_str()
            != "ACTIVE"
        {}
        let dynamodb = aws_sdk_dynamodb::Client::new(&config);
        QUOTES.create(&dynamodb, QUOTES.name).await.unwrap();
        ALERTS.create(&dynamodb, ALERTS.name).await.unwrap();
        let sns = aws_sdk_sns::Client::new(&config);
        let topic = sns.create_topic().name("stock-trend-alerts").send().await.unwrap();
        let queue = format!("arn:aws:sqs:us-east-1:{}:alerts", account.number);
        let subscribe = sns.subscribe().topic_arn(topic.topic_arn.unwrap()).protocol("sqs");
        subscribe.endpoint(queue).send().await.unwrap();
        let deployed = Self { account, kinesis, dynamodb, sns };
        deployed.function("kinesis-stock-processor");
        deployed.function("dynamodb-stock-trend");
        let stream = format!(
            "arn:aws:kinesis:us-east-1:{}:stream/stock-market-stream",
            deployed.account.number
        );
        deployed.mapping("kinesis-stock-processor", &stream, &["ReportBatchItemFailures"]);
        let stream = deployed.table_stream().await;
        deployed.mapping("dynamodb-stock-trend", &stream, &["ReportBatchItemFailures"]);
        deployed.account.create_table().await;
        deployed.account.put("2026-11-23", 7, line("AAPL", "2026-11-23T14:30:00Z", 101.0, 7)).await;
        deployed
    }

    fn function(&self, name: &str) {
        // A zip file with nothing in it.
        let code = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";
        let role = format!("arn:aws:iam::{}:role/any", self.account.number);
        let body = json!({
            "FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": role, "Code": { "ZipFile": code },
        });
        self.account.call("lambda", "POST", "/2015-03-31/functions", &[], &body.to_string());
    }

    fn mapping(&self, function: &str, source: &str, types: &[&str]) -> String {
        let bucket = format!("arn:aws:s3:::{}", self.account.bucket);
        let body = json!({
            "FunctionName": function, "EventSourceArn": source, "StartingPosition": "TRIM_HORIZON", "FunctionResponseTypes": types,
            "MaximumRecordAgeInSeconds": 82_800, "DestinationConfig": { "OnFailure": { "Destination": bucket } },
            // The functions have no program that could be run.
            "Enabled": true,
        });
        let path = "/2015-03-31/event-source-mappings";
        let answer = self.account.call("lambda", "POST", path, &[], &body.to_string());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["UUID"].as_str().unwrap().to_owned()
    }

    async fn table_stream(&self) -> String {
        let table = self.dynamodb.describe_table().table_name(QUOTES.name).send().await.unwrap();
        table.table.unwrap().latest_stream_arn.unwrap()
    }

    /// What is not well, by check.
    fn findings(&self, args: &[&str]) -> (Vec<(String, String)>, Output) {
        let args = [&["doctor", "--aws", "--format", "json"], args].concat();
        let output = self.account.stockflow(&args);
        let said = err(&output);
        let all: Value = serde_json::from_str(out(&output)).expect(said);
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let bad = all.as_array().unwrap().iter().filter(|finding| finding["state"] != "ok");
        let bad = bad.map(|f| {
            assert!(!text(f, "what_to_do").is_empty(), "{f}");
            (text(f, "check"), text(f, "finding"))
        });
        (bad.collect(), output)
    }
}

#[tokio::test]
async fn nothing_is_found_where_all_is_well() {
    let deployed = Deployed::new().await;
    let (findings, output) = deployed.findings(&["--max-age", "3600"]);
    assert_eq!(findings, []);
    assert_eq!(output.status.code(), Some(0));
    assert!(err(&output).is_empty(), "{}", err(&output));
}

#[tokio::test]
async fn each_thing_that_is_broken_is_found() {
    let deployed = Deployed::new().await;
    let only = |args: &[&str], check: &str, word: &str| {
        let (findings, output) = deployed.findings(args);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].0, check);
        assert!(findings[0].1.contains(word), "{findings:?}");
        output.status.code().unwrap()
    };
    // What has another name is not there.
    assert_eq!(only(&["--bucket", "no-such-bucket"], "lake", "no bucket"), 1);
    assert_eq!(only(&["--alerts-table", "none"], "table of alerts", "not there"), 1);
    assert_eq!(only(&["--lake-table", "none"], "columns of the lake", "not there"), 1);
    assert_eq!(only(&["--topic", "none"], "subscriptions", "not there"), 1);
    // Nothing is ever that young.
    assert_eq!(only(&["--max-age", "0"], "quotes", "old"), 1);

    // A subscription that nobody confirmed: the emulator asks only those by HTTP, and nobody listens on this port.
    let topic = format!("arn:aws:sns:us-east-1:{}:stock-trend-alerts", deployed.account.number);
    let ask = deployed.sns.subscribe().topic_arn(&topic).protocol("http");
    ask.endpoint("http://127.0.0.1:9/alerts").send().await.unwrap();
    assert_eq!(only(&[], "subscriptions", "1 of 2 wait to be confirmed: http"), 1);
    deployed.sns.delete_topic().topic_arn(&topic).send().await.unwrap();
    deployed.sns.create_topic().name("stock-trend-alerts").send().await.unwrap();
    assert_eq!(only(&[], "subscriptions", "nobody"), 0, "a warning is no failure");
}

#[tokio::test]
async fn mappings_tables_and_streams_that_are_broken_are_found() {
    let deployed = Deployed::new().await;
    let checks = |args: &[&str]| -> Vec<String> {
        deployed.findings(args).0.into_iter().map(|(check, _)| check).collect()
    };
    // A mapping whose answers are not listened to.
    deployed.function("deaf");
    let stream =
        format!("arn:aws:kinesis:us-east-1:{}:stream/stock-market-stream", deployed.account.number);
    deployed.mapping("deaf", &stream, &[]);
    let (findings, _) = deployed.findings(&["--processor", "deaf"]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].1.contains("ReportBatchItemFailures"), "{findings:?}");
    assert_eq!(checks(&["--trend", "deaf"]), ["mapping of stage 2"]);
    // A table whose stream tells keys only.
    let keys = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::KeysOnly);
    let update = deployed.dynamodb.update_table().table_name(QUOTES.name);
    let off = StreamSpecification::builder().stream_enabled(false).build().unwrap();
    update.clone().stream_specification(off).send().await.unwrap();
    assert!(checks(&[]).contains(&"table".to_owned()));
    update.stream_specification(keys.build().unwrap()).send().await.unwrap();
    let (findings, _) = deployed.findings(&[]);
    assert!(
        findings.iter().any(|(check, what)| check == "table" && what.contains("KEYS_ONLY")),
        "{findings:?}"
    );
    // No stream.
    deployed.kinesis.delete_stream().stream_name("stock-market-stream").send().await.unwrap();
    assert!(checks(&[]).contains(&"stream".to_owned()));
}

#[tokio::test]
async fn records_that_wait_for_long_are_found() {
    let deployed = Deployed::new().await;
    let body = "Action=PutMetricData&Version=2010-08-01&Namespace=AWS%2FLambda&MetricData.member.1.MetricName=IteratorAge\
                &MetricData.member.1.Dimensions.member.1.Name=FunctionName\
                &MetricData.member.1.Dimensions.member.1.Value=kinesis-stock-processor\
                &MetricData.member.1.Value=90000&MetricData.member.1.Unit=Milliseconds";
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    deployed.account.call("monitoring", "POST", "/", &[form], body);
    let (findings, output) = deployed.findings(&[]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        findings[0],
        ("delay of stage 1".into(), "up to 90 s in the last 15 minutes".into())
    );
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn without_a_region_or_credentials_that_alone_is_told() {
    let account = Account::new().await;
    let run = |without: &str| {
        let mut command = account.command(&["doctor", "--aws", "--format", "json"]);
        let output = command.env_remove(without).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let all: Value = serde_json::from_str(out(&output)).unwrap();
        all.as_array().unwrap().last().unwrap()["check"].as_str().unwrap().to_owned()
    };
    assert_eq!(run("AWS_REGION"), "region");
    assert_eq!(run("AWS_ACCESS_KEY_ID"), "credentials");
}
