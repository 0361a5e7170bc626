//! An alerter of one's own beside a topic of SNS: people get mail from the topic, and what is critical becomes a ticket. It runs on
//! an emulator of AWS that the example starts itself, with a queue in the place of the people.
//!
//! `cargo run -p stockflow-examples --features aws --example alerter_beside_sns`

use std::{
    error::Error as StdError,
    fs,
    future::pending,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName;
use stockflow_aws::{client, sns::SnsAlerter, testing::Emulator};
use stockflow_core::{
    Alert, Alerter, BatchReport, Error, ErrorKind, ItemFailure, Result, Rules, Severity,
    wrap::Retry,
};
use stockflow_local::{Pipeline, SimulatedMarket};

/// Stands for a ticket system: a file for each critical alert, named by the alert's id.
#[derive(Debug)]
struct Tickets {
    folder: PathBuf,
}

impl Tickets {
    /// The file of an alert. Its id has characters that names of files have not everywhere.
    fn path(&self, alert: &Alert) -> PathBuf {
        let id = alert.id().to_string();
        let name: String =
            id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        self.folder.join(name + ".txt")
    }

    fn open(&self, alert: &Alert) -> io::Result<()> {
        let path = self.path(alert);
        let draft = path.with_extension("draft");
        // An alert may come again, if the mark after it was lost: then it replaces its own ticket.
        fs::write(&draft, format!("{}\n\n{}\n", alert.subject(), alert.message()))?;
        fs::rename(draft, path)
    }
}

#[async_trait]
impl Alerter for Tickets {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        let mut failures = Vec::new();
        for (index, alert) in alerts.iter().enumerate() {
            // What is of no interest here is done with: it must not come again.
            if alert.severity < Severity::Critical {
                continue;
            }
            if let Err(error) = self.open(alert) {
                // The caller tries again what may pass; the others of the batch are not held up by it.
                let error =
                    Error::new(ErrorKind::Unavailable, "tickets", "open").with_source(error);
                failures.push(ItemFailure { index, error });
            }
        }
        Ok(BatchReport::partial(failures))
    }
}

/// A topic, and a queue that gets what it gets.
struct Topic {
    arn: String,
    queues: aws_sdk_sqs::Client,
    queue: String,
}

impl Topic {
    async fn create(
        topics: &aws_sdk_sns::Client,
        queues: aws_sdk_sqs::Client,
    ) -> Result<Self, Box<dyn StdError>> {
        let answer = topics.create_topic().name("stock-trend-alerts").send().await?;
        let arn = answer.topic_arn.ok_or("the topic has no ARN")?;
        let answer = queues.create_queue().queue_name("people").send().await?;
        let queue = answer.queue_url.ok_or("the queue has no URL")?;
        let name = QueueAttributeName::QueueArn;
        let queue_arn = attribute(&queues, &queue, name).await?;
        topics.subscribe().topic_arn(&arn).protocol("sqs").endpoint(queue_arn).send().await?;
        Ok(Self { arn, queues, queue })
    }

    async fn messages(&self) -> Result<u64, Box<dyn StdError>> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        Ok(attribute(&self.queues, &self.queue, name).await?.parse()?)
    }
}

async fn attribute(
    queues: &aws_sdk_sqs::Client,
    queue: &str,
    name: QueueAttributeName,
) -> Result<String, Box<dyn StdError>> {
    let ask = queues.get_queue_attributes().queue_url(queue).attribute_names(name.clone());
    let mut attributes = ask.send().await?.attributes.unwrap_or_default();
    Ok(attributes.remove(&name).ok_or("the queue does not tell")?)
}

fn tickets_in(folder: &Path) -> io::Result<u64> {
    Ok(fs::read_dir(folder)?.count() as u64)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    // On AWS: aws_config::defaults(BehaviorVersion::latest()).http_client(client::https()).load().await
    let config = Emulator::shared()?.new_account(client::https());
    let topics = aws_sdk_sns::Client::new(&config);
    let topic = Topic::create(&topics, aws_sdk_sqs::Client::new(&config)).await?;

    let folder = tempfile::tempdir()?;
    let tickets = folder.path().join("tickets");
    fs::create_dir(&tickets)?;
    // An alert counts as told when both have it. The topic tries again by itself; the tickets are wrapped.
    let mut pipeline = Pipeline::open(folder.path().join("data"), Rules::default_set())?
        .with_alerter(Arc::new(SnsAlerter::new(&topics, &topic.arn)?))
        .with_alerter(Arc::new(Retry::new(
            Tickets { folder: tickets.clone() },
            7,
            tokio::time::sleep,
        )));
    let market = SimulatedMarket::with_seed(7, pipeline.cursors())?;
    let summary = pipeline.run(Box::new(market), pending()).await?;

    let (sent, opened) = (topic.messages().await?, tickets_in(&tickets)?);
    println!("{} alerts: {sent} messages of the topic, {opened} tickets", summary.alerts);
    if let Some(ticket) = fs::read_dir(&tickets)?.next() {
        println!("\n{}", fs::read_to_string(ticket?.path())?);
    }
    assert_eq!(sent, summary.alerts);
    assert!(opened > 0 && opened < sent);
    Ok(())
}
