//! An account with a lake and a workgroup, and the program as a script runs it.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU64, Ordering},
};

use aws_sdk_athena::types::{QueryExecutionState, ResultConfiguration, WorkGroupConfiguration};
use stockflow_aws::{client, s3::S3Lake, testing::Emulator};
use stockflow_core::{Archive as _, Object, ObjectName, Position};

/// An account that no other test uses.
pub(crate) struct Account {
    pub(crate) number: u64,
    pub(crate) athena: aws_sdk_athena::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) bucket: String,
}

impl Account {
    /// With an empty bucket, and a workgroup `stocks`.
    pub(crate) async fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(300_000_000_000);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let config = Emulator::shared().unwrap().account(number, client::https());
        let account = Self {
            number,
            athena: aws_sdk_athena::Client::new(&config),
            s3: aws_sdk_s3::Client::new(&config),
            bucket: format!("stock-market-data-bucket-{number}"),
        };
        account.s3.create_bucket().bucket(&account.bucket).send().await.unwrap();
        let answers = format!("s3://{}/athena-query-results/", account.bucket);
        let answers = ResultConfiguration::builder().output_location(answers).build();
        let settings = WorkGroupConfiguration::builder().result_configuration(answers).build();
        let workgroup = account.athena.create_work_group().name("stocks").configuration(settings);
        workgroup.send().await.unwrap();
        account
    }

    pub(crate) fn lake(&self) -> String {
        format!("s3://{}/lake", self.bucket)
    }

    /// Puts lines into the lake: an object of the day `dt`, named by `number`.
    pub(crate) async fn put(&self, dt: &str, number: u64, lines: String) {
        let dt = dt.parse().unwrap();
        let first = Position::new(number.into());
        let name = ObjectName { dt, shard: "shardId-000000000000".into(), first };
        let lake = S3Lake::new(&self.s3, self.lake().parse().unwrap());
        lake.put(Object { name, lines: lines.into() }).await.unwrap();
    }

    /// Makes the stream of quotes.
    pub(crate) async fn create_stream(&self) -> aws_sdk_kinesis::Client {
        let config = Emulator::shared().unwrap().account(self.number, client::https());
        let kinesis = aws_sdk_kinesis::Client::new(&config);
        let name = "stock-market-stream";
        kinesis.create_stream().stream_name(name).shard_count(1).send().await.unwrap();
        loop {
            let answer = kinesis.describe_stream_summary().stream_name(name).send().await.unwrap();
            if answer.stream_description_summary.unwrap().stream_status.as_str() == "ACTIVE" {
                return kinesis;
            }
        }
    }

    /// Puts an object into the bucket.
    pub(crate) async fn keep(&self, key: &str, body: &[u8]) {
        let put = self.s3.put_object().bucket(&self.bucket).key(key);
        put.body(body.to_vec().into()).send().await.unwrap();
    }

    /// Makes the original's database, and its table over the lake.
    pub(crate) async fn create_table(&self) {
        self.glue("CreateDatabase", r#"{"DatabaseInput":{"Name":"stock_market_catalog"}}"#);
        let table = format!(
            "CREATE EXTERNAL TABLE stock_data_table (symbol string, open double, high double, low double, price double, \
             previous_close double, change double, change_percent double, volume bigint, timestamp string) \
             PARTITIONED BY (dt string) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION '{}/'",
            self.lake()
        );
        let start = self.athena.start_query_execution().work_group("stocks").query_string(table);
        let context = aws_sdk_athena::types::QueryExecutionContext::builder();
        let context = context.database("stock_market_catalog").build();
        let id = start.query_execution_context(context).send().await.unwrap().query_execution_id;
        while self.state(id.as_deref().unwrap()).await != QueryExecutionState::Succeeded {}
    }

    /// How far a query is; one that failed fails the test.
    pub(crate) async fn state(&self, id: &str) -> QueryExecutionState {
        let answer = self.athena.get_query_execution().query_execution_id(id).send().await.unwrap();
        let status = answer.query_execution.unwrap().status.unwrap();
        let state = status.state.clone().unwrap();
        assert_ne!(state, QueryExecutionState::Failed, "{status:?}");
        state
    }

    /// A request to the catalog, for which there is no client among the dependencies.
    fn glue(&self, operation: &str, body: &str) {
        let target = format!("AWSGlue.{operation}");
        let headers =
            [("X-Amz-Target", target.as_str()), ("Content-Type", "application/x-amz-json-1.1")];
        self.call("glue", "POST", "/", &headers, body);
    }

    /// What a service answers for which there is no client among the dependencies.
    pub(crate) fn call(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> String {
        let endpoint = Emulator::shared().unwrap().endpoint();
        let host = endpoint.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let Self { number, .. } = self;
        let length = body.len();
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={number}/20261129/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 2"), "{answer}");
        body.to_owned()
    }

    /// The program in this account, in a folder for temporary files of its own.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stockflow"));
        command
            .args(args)
            .env("AWS_ENDPOINT_URL", Emulator::shared().unwrap().endpoint())
            .env("AWS_ACCESS_KEY_ID", self.number.to_string())
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            // No configuration of whoever runs the tests.
            .env("HOME", env!("CARGO_TARGET_TMPDIR"))
            .env_remove("AWS_CONFIG_FILE")
            .env_remove("AWS_SHARED_CREDENTIALS_FILE")
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN")
            .env_remove("STOCKFLOW_DATA")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn stockflow(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }
}

/// A quote in canonical form, with its line feed.
pub(crate) fn line(symbol: &str, time: &str, price: f64, volume: u64) -> String {
    let quote = stockflow_core::Quote {
        symbol: symbol.parse().unwrap(),
        timestamp: time.parse().unwrap(),
        open: "100".parse().unwrap(),
        high: "120".parse().unwrap(),
        low: "80".parse().unwrap(),
        price: price.to_string().parse().unwrap(),
        previous_close: "100".parse().unwrap(),
        volume: i64::try_from(volume).unwrap().try_into().unwrap(),
    };
    let mut line = Vec::new();
    stockflow_core::wire::encode(&quote, &mut line);
    line.push(b'\n');
    String::from_utf8(line).unwrap()
}

pub(crate) fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}
