//! The AWS side on an emulator, made call by call.

mod api;
mod catalog;
mod functions;
mod progress;

use aws_sdk_athena::types::{ResultConfiguration, WorkGroupConfiguration};
use aws_sdk_dynamodb::types::Select;
use aws_sdk_kinesis::types::ShardIteratorType;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_types::SdkConfig;
use stockflow_aws::{
    athena::Athena,
    client,
    dynamodb::{ALERTS, DynamoLedger, DynamoTable, QUOTES},
    s3::S3Lake,
    testing::Emulator,
};

use self::api::Api;
use crate::Result;

pub use self::{
    functions::{CHECKPOINTS_ONLY, Mapping},
    progress::Progress,
};

/// The stream of quotes.
const STREAM: &str = "stock-market-stream";
const TOPIC: &str = "stock-trend-alerts";
const DATABASE: &str = "stock_market_catalog";
const TABLE: &str = "stock_data_table";

/// Stream, tables, bucket, catalog, topic and a queue that listens to it, under the original's names, in an account of their own on
/// an emulator of their own; and, once they are [deployed](Self::deploy), the two functions.
#[derive(Debug)]
pub struct Emulated {
    emulator: Emulator,
    config: SdkConfig,
    account: String,
    api: Api,
    topic: String,
    queue: String,
}

impl Emulated {
    /// Starts an emulator and makes everything but the functions, on a stream of `shards` shards.
    ///
    /// # Errors
    /// What the emulator says.
    pub async fn create(shards: i32) -> Result<Self> {
        let emulator = Emulator::start(&[])?;
        let account = 110_000_000_001;
        let config = emulator.account(account, client::https());
        let account = account.to_string();
        let api = Api::new(emulator.endpoint(), &account);
        let mut made =
            Self { emulator, config, account, api, topic: String::new(), queue: String::new() };
        made.stream(shards).await?;
        let dynamodb = made.dynamodb();
        QUOTES.create(&dynamodb, QUOTES.name).await?;
        ALERTS.create(&dynamodb, ALERTS.name).await?;
        for bucket in [made.bucket(), made.results()] {
            made.s3().create_bucket().bucket(bucket).send().await?;
        }
        made.catalog().await?;
        made.people().await?;
        Ok(made)
    }

    async fn stream(&self, shards: i32) -> Result<()> {
        let kinesis = self.kinesis();
        kinesis.create_stream().stream_name(STREAM).shard_count(shards).send().await?;
        loop {
            let answer = kinesis.describe_stream_summary().stream_name(STREAM).send().await?;
            let summary = answer.stream_description_summary;
            if summary.is_some_and(|summary| summary.stream_status.as_str() == "ACTIVE") {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Athena's workgroup, and the table over the lake.
    async fn catalog(&self) -> Result<()> {
        let place = format!("s3://{}/", self.results());
        let results = ResultConfiguration::builder().output_location(place).build();
        let settings = WorkGroupConfiguration::builder().result_configuration(results).build();
        let athena = aws_sdk_athena::Client::new(&self.config);
        athena.create_work_group().name(TOPIC).configuration(settings).send().await?;
        self.api.json("glue", "AWSGlue.CreateDatabase", &catalog::database(DATABASE))?;
        let table = catalog::table(DATABASE, TABLE, &self.location("lake"));
        self.api.json("glue", "AWSGlue.CreateTable", &table)?;
        Ok(())
    }

    /// The topic, and a queue in place of people.
    async fn people(&mut self) -> Result<()> {
        let (sns, sqs) = (aws_sdk_sns::Client::new(&self.config), self.sqs());
        let topic = sns.create_topic().name(TOPIC).send().await?.topic_arn;
        self.topic = topic.ok_or("a topic without a name")?;
        let queue = sqs.create_queue().queue_name(TOPIC).send().await?.queue_url;
        self.queue = queue.ok_or("a queue without an address")?;
        let asked = sqs.get_queue_attributes().queue_url(&self.queue);
        let answer = asked.attribute_names(QueueAttributeName::QueueArn).send().await?.attributes;
        let arn = answer.and_then(|mut all| all.remove(&QueueAttributeName::QueueArn));
        sns.subscribe()
            .topic_arn(&self.topic)
            .protocol("sqs")
            .endpoint(arn.ok_or("a queue without a name")?)
            .attributes("RawMessageDelivery", "true")
            .send()
            .await?;
        Ok(())
    }

    /// The emulator behind it.
    #[must_use]
    pub const fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Configuration for clients of this account.
    #[must_use]
    pub const fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The account's number, which is also its access key.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The name of the stream.
    #[must_use]
    pub const fn stream_name(&self) -> &'static str {
        STREAM
    }

    /// The topic that tells people.
    #[must_use]
    pub fn topic_arn(&self) -> &str {
        &self.topic
    }

    /// A client for the stream.
    #[must_use]
    pub fn kinesis(&self) -> aws_sdk_kinesis::Client {
        aws_sdk_kinesis::Client::new(&self.config)
    }

    /// The table of rows.
    ///
    /// # Errors
    /// None: the name is legal.
    pub fn table(&self) -> Result<DynamoTable> {
        Ok(DynamoTable::new(self.dynamodb(), QUOTES.name)?)
    }

    /// The ledger.
    ///
    /// # Errors
    /// None: the name is legal.
    pub fn ledger(&self) -> Result<DynamoLedger> {
        Ok(DynamoLedger::new(self.dynamodb(), ALERTS.name)?)
    }

    /// How many records there are on the stream.
    ///
    /// # Errors
    /// What the emulator says.
    pub async fn count_records(&self) -> Result<u64> {
        let kinesis = self.kinesis();
        let shards = kinesis.list_shards().stream_name(STREAM).send().await?.shards;
        let mut count = 0;
        for shard in shards.unwrap_or_default() {
            let start = kinesis.get_shard_iterator().stream_name(STREAM).shard_id(shard.shard_id);
            let start = start.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await?;
            let mut iterator = start.shard_iterator;
            loop {
                let page = kinesis.get_records().set_shard_iterator(iterator).send().await?;
                if page.records.is_empty() {
                    break;
                }
                count += page.records.len() as u64;
                iterator = page.next_shard_iterator;
            }
        }
        Ok(count)
    }

    /// How many rows there are, or how many of them have that attribute.
    ///
    /// # Errors
    /// What the emulator says.
    pub async fn count_rows(&self, with: Option<&str>) -> Result<u64> {
        let dynamodb = self.dynamodb();
        let (mut count, mut start) = (0, None);
        loop {
            let scan = dynamodb.scan().table_name(QUOTES.name).select(Select::Count);
            let condition = with.map(|name| format!("attribute_exists({name})"));
            let scan = scan.set_filter_expression(condition).set_exclusive_start_key(start);
            let page = scan.consistent_read(true).send().await?;
            count += u64::try_from(page.count)?;
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    /// The part of the bucket that is named `lake` or `quarantine`.
    ///
    /// # Errors
    /// None for these names.
    pub fn archive(&self, prefix: &str) -> Result<S3Lake> {
        Ok(S3Lake::new(&self.s3(), self.location(prefix).parse()?))
    }

    /// SQL over the lake.
    ///
    /// # Errors
    /// None: the name is legal.
    pub fn athena(&self) -> Result<Athena> {
        Ok(Athena::new(&aws_sdk_athena::Client::new(&self.config), TOPIC)?)
    }

    /// Takes all messages out of the queue that listens to the topic.
    ///
    /// # Errors
    /// What the emulator says.
    pub async fn take_messages(&self) -> Result<Vec<String>> {
        let sqs = self.sqs();
        let mut bodies = Vec::new();
        loop {
            let take = sqs.receive_message().queue_url(&self.queue).max_number_of_messages(10);
            let messages = take.send().await?.messages.unwrap_or_default();
            if messages.is_empty() {
                return Ok(bodies);
            }
            for message in messages {
                let receipt = message.receipt_handle.unwrap_or_default();
                let delete = sqs.delete_message().queue_url(&self.queue).receipt_handle(receipt);
                delete.send().await?;
                bodies.push(message.body.unwrap_or_default());
            }
        }
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    fn bucket(&self) -> String {
        format!("stock-market-data-bucket-{}", self.account)
    }

    fn results(&self) -> String {
        format!("athena-query-results-{}", self.account)
    }

    fn location(&self, prefix: &str) -> String {
        format!("s3://{}/{prefix}", self.bucket())
    }
}
