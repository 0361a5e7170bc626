//! The template, deployed to an emulator.

use std::{collections::BTreeMap, path::Path, process::Command};

use aws_types::SdkConfig;
use serde_json::Value;
use stockflow_aws::{
    athena::{Athena, AthenaValue},
    client,
    dynamodb::{DynamoLedger, DynamoTable},
    s3::S3Lake,
    testing::{self, Emulator},
};

use crate::Result;

const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml");
const CREATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/stack/create.py");

/// A permission that is taken out of a role.
#[derive(Clone, Copy, Debug)]
pub struct Without {
    /// The role's name in the template.
    pub role: &'static str,
    /// The action that it does not allow, as `sns:Publish`.
    pub action: &'static str,
}

/// What the template makes, in an account of its own, with a queue that listens to the topic in place of people.
///
/// What the emulator cannot make is left out or made beside it, see `create.py` and docs/deploy.md.
#[derive(Debug)]
pub struct Stack {
    config: SdkConfig,
    endpoint: String,
    made: Value,
}

impl Stack {
    /// Deploys it twice; the second time must change nothing. `packages` is a folder with `NAME.zip` for each function.
    ///
    /// # Errors
    /// What the emulator says.
    pub fn deploy(
        emulator: &Emulator,
        account: u64,
        packages: &Path,
        without: Option<Without>,
    ) -> Result<Self> {
        let endpoint = emulator.endpoint();
        let mut create = Command::new(testing::emulator_python()?);
        create.args([CREATE, TEMPLATE]).arg(packages).arg(&endpoint).arg(account.to_string());
        if let Some(Without { role, action }) = without {
            create.args([role, action]);
        }
        let output = create.output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let config = emulator.account(account, client::https());
        Ok(Self { config, endpoint, made: serde_json::from_slice(&output.stdout)? })
    }

    /// An output of the stack; empty if there is none of that name.
    #[must_use]
    pub fn output(&self, name: &str) -> &str {
        self.made["outputs"][name].as_str().unwrap_or_default()
    }

    /// The saved queries, by name.
    #[must_use]
    pub fn queries(&self) -> BTreeMap<&str, &str> {
        let queries = self.made["queries"].as_object().into_iter().flatten();
        queries.filter_map(|(name, sql)| Some((name.as_str(), sql.as_str()?))).collect()
    }

    /// The producer as a command, with what its role may: it puts what is in a file onto the stream, and ends.
    #[must_use]
    pub fn producer(&self, program: &Path, quotes: &Path, spool: &Path) -> Command {
        let key = |part: &str| self.made["producer"][part].as_str().unwrap_or_default();
        let mut producer = Command::new(program);
        producer
            .env_clear()
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", key("id"))
            .env("AWS_SECRET_ACCESS_KEY", key("secret"))
            .env("STOCKFLOW_STREAM", self.output("Stream"))
            .env("STOCKFLOW_SPOOL", spool)
            .arg("--replay")
            .arg(quotes);
        producer
    }

    /// The table of rows.
    ///
    /// # Errors
    /// The name is not legal.
    pub fn table(&self) -> Result<DynamoTable> {
        Ok(DynamoTable::new(self.dynamodb(), self.output("Table"))?)
    }

    /// The ledger of alerts.
    ///
    /// # Errors
    /// The name is not legal.
    pub fn ledger(&self) -> Result<DynamoLedger> {
        Ok(DynamoLedger::new(self.dynamodb(), self.output("Ledger"))?)
    }

    /// All lines of the lake.
    ///
    /// # Errors
    /// What the emulator says.
    pub async fn lake(&self) -> Result<Vec<String>> {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true);
        let client = aws_sdk_s3::Client::from_conf(config.build());
        let location = format!("s3://{}/lake", self.output("LakeBucket"));
        let lake = S3Lake::new(&client, location.parse()?);
        let mut lines = Vec::new();
        for day in lake.days().await? {
            for object in lake.objects(day).await? {
                let text = lake.read(&object).await?;
                lines.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
            }
        }
        Ok(lines)
    }

    /// What Athena answers, row by row.
    ///
    /// # Errors
    /// What Athena says.
    pub async fn ask(&self, sql: &str) -> Result<Vec<Vec<AthenaValue>>> {
        let client = aws_sdk_athena::Client::new(&self.config);
        let athena = Athena::new(&client, self.output("Workgroup"))?;
        let mut answer = athena.start(sql, &[]).await?.finish(|_| ()).await?;
        let mut all = Vec::new();
        while let Some(rows) = answer.next().await? {
            all.extend(rows);
        }
        Ok(all)
    }

    /// Takes the messages out of the queue that listens to the topic.
    ///
    /// # Errors
    /// What the emulator says.
    pub async fn take_messages(&self) -> Result<Vec<Value>> {
        let queue = self.made["queue"].as_str().unwrap_or_default();
        let sqs = aws_sdk_sqs::Client::new(&self.config);
        let mut bodies = Vec::new();
        loop {
            let take = sqs.receive_message().queue_url(queue).max_number_of_messages(10);
            let messages = take.send().await?.messages.unwrap_or_default();
            if messages.is_empty() {
                return Ok(bodies);
            }
            for message in messages {
                let receipt = message.receipt_handle.unwrap_or_default();
                sqs.delete_message().queue_url(queue).receipt_handle(receipt).send().await?;
                bodies.push(serde_json::from_str(&message.body.unwrap_or_default())?);
            }
        }
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }
}
