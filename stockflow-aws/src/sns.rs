//! Alerts to people, by a topic of SNS.

mod message;
mod queue;

use async_trait::async_trait;
use aws_sdk_sns::{Client, operation::publish_batch::PublishBatchOutput};
use aws_smithy_types::retry::RetryConfig;
use stockflow_core::{
    Alert, Alerter, BatchReport, Error, ErrorKind, InvalidConfig, ItemFailure, Result,
};
use tokio::time::timeout;

use self::{message::Message, queue::Queue};
use crate::{
    Patience,
    error::{Call, kind_of_code},
};

const BACKEND: &str = "sns";
const CALL: &str = "PublishBatch";

/// An [`Alerter`] that publishes each alert to a topic, where e-mail, SMS, queues, functions and URLs subscribe.
///
/// **What subscribers get**, by one message: e-mail the subject and the [message](Alert::message), SMS the [short text](Alert::short),
/// all others the [JSON](Alert::to_json) of the alert, in ASCII. The attributes `symbol`, `kind`, `rule`, `direction` and
/// `severity` are there for filter policies, as `{"severity": ["critical"]}`.
///
/// **Delivery.** At least once. An alert is sent again if its answer was lost; a FIFO topic (a name that ends in `.fifo`) drops
/// it then, within 5 minutes, by the hash of its id. The alerts of a symbol are sent one after the other, each when the one
/// before it was taken, so they enter the topic in order; from there on a FIFO topic keeps that order, and a standard topic
/// mostly does. FIFO topics deliver to queues only, not to e-mail or SMS.
///
/// **Limits.** Ten alerts and 256 KiB in a request. A single alert above that is [`Rejected`](ErrorKind::Rejected). SNS takes
/// 30,000 messages a second in us-east-1 and fewer elsewhere. E-mail subscriptions have to be confirmed by their owner, and get
/// 10 mails a second at most.
///
/// ```no_run
/// use stockflow_aws::sns::SnsAlerter;
/// use stockflow_core::{Alert, Alerter as _};
///
/// # async fn f(client: &aws_sdk_sns::Client, alerts: &[Alert]) -> Result<(), Box<dyn std::error::Error>> {
/// let topic = SnsAlerter::new(client, "arn:aws:sns:us-east-1:123456789012:stock-trend-alerts")?;
/// for failure in topic.notify(alerts).await?.failures() {
///     eprintln!("{}: {}", alerts[failure.index].subject(), failure.error.chain());
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct SnsAlerter {
    client: Client,
    topic: String,
    resource: String,
    patience: Patience,
}

impl SnsAlerter {
    /// Publishes to the topic of that ARN, which must be there.
    ///
    /// The client's own retries are turned off: [`Patience`] takes their place.
    ///
    /// # Errors
    /// [`InvalidConfig`] for what is not the ARN of a topic.
    pub fn new(client: &Client, topic: &str) -> Result<Self, InvalidConfig> {
        let parts: Vec<&str> = topic.split(':').collect();
        let is_topic = matches!(parts[..], ["arn", _, "sns", region, account, name]
            if !region.is_empty() && !account.is_empty() && !name.is_empty());
        if !is_topic || !topic.bytes().all(|b| b.is_ascii_graphic()) {
            let allowed = "the ARN of a topic, as arn:aws:sns:REGION:ACCOUNT:NAME";
            return Err(InvalidConfig::new("topic", topic, allowed));
        }
        let config = client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Ok(Self {
            client: Client::from_conf(config),
            topic: topic.to_owned(),
            resource: format!("topic `{topic}`"),
            patience: Patience::default(),
        })
    }

    /// With other limits of time for a call.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    fn is_fifo(&self) -> bool {
        self.topic.ends_with(".fifo")
    }

    const fn call(&self) -> Call<'_> {
        Call { backend: BACKEND, operation: CALL, resource: self.resource.as_str() }
    }

    /// One request; `Err` if none of `batch` may be taken as sent.
    async fn publish(&self, batch: &[&Message]) -> Result<PublishBatchOutput> {
        let entries = batch.iter().enumerate().map(|(id, message)| message.entry(id));
        let entries = entries.collect::<Result<_, _>>();
        let entries =
            entries.map_err(|e| self.call().error(ErrorKind::Unexpected).with_source(e))?;
        let request = self.client.publish_batch().topic_arn(&self.topic);
        let request = request.set_publish_batch_request_entries(Some(entries));
        let limit = self.patience.deadline() / 3;
        match timeout(limit, request.send()).await {
            Ok(answer) => answer.map_err(|error| self.call().failed(error)),
            Err(_) => Err(self
                .call()
                .error(ErrorKind::Unavailable)
                .with_source(format!("no answer within {limit:?}"))),
        }
    }

    /// What became of each message of a request.
    fn outcomes(&self, answer: &PublishBatchOutput, sent: usize) -> Vec<Result<()>> {
        let lost =
            || self.call().error(ErrorKind::Unavailable).with_source("left out of the answer");
        let mut outcomes: Vec<Result<()>> = (0..sent).map(|_| Err(lost())).collect();
        let at = |id: Option<&str>| id.and_then(|id| id.parse::<usize>().ok());
        for entry in answer.successful() {
            if let Some(outcome) = at(entry.id()).and_then(|at| outcomes.get_mut(at)) {
                *outcome = Ok(());
            }
        }
        for entry in answer.failed() {
            let fault =
                if entry.sender_fault() { ErrorKind::Rejected } else { ErrorKind::Unavailable };
            let kind = kind_of_code(entry.code()).unwrap_or(fault);
            let text = format!("{}: {}", entry.code(), entry.message().unwrap_or("no message"));
            if let Some(outcome) = at(Some(entry.id())).and_then(|at| outcomes.get_mut(at)) {
                *outcome = Err(self.call().error(kind).with_source(text));
            }
        }
        outcomes
    }
}

#[async_trait]
impl Alerter for SnsAlerter {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        let messages: Vec<Message> =
            alerts.iter().map(|alert| Message::new(alert, self.is_fifo())).collect();
        let mut queue = Queue::new(alerts);
        let mut failures = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            if let Err(why) = message.check() {
                queue.remove(index);
                let error = self.call().error(ErrorKind::Rejected).with_source(why);
                failures.push(ItemFailure { index, error });
            }
        }
        let mut attempts = self.patience.begin();
        loop {
            let turn = queue.next_turn(&messages);
            if turn.is_empty() {
                return Ok(BatchReport::partial(failures));
            }
            let batch: Vec<&Message> = turn.iter().map(|&index| &messages[index]).collect();
            let answer = attempts.within(self.publish(&batch)).await.unwrap_or_else(|passed| {
                Err(self.call().error(ErrorKind::Unavailable).with_source(passed))
            });
            let mut refusal = None;
            match answer {
                Ok(answer) => {
                    for (index, outcome) in
                        turn.into_iter().zip(self.outcomes(&answer, batch.len()))
                    {
                        match outcome {
                            Ok(()) => queue.remove(index),
                            Err(error) if error.is_retryable() => refusal = Some(error),
                            Err(error) => {
                                queue.remove(index);
                                failures.push(ItemFailure { index, error });
                            }
                        }
                    }
                }
                // The whole request was refused, and so would every other one be.
                Err(error) if !error.is_retryable() => {
                    return self.give_up(alerts, queue, failures, error);
                }
                Err(error) => refusal = Some(error),
            }
            if let Some(error) = refusal
                && attempts.pause().await.is_err()
            {
                return self.give_up(alerts, queue, failures, error);
            }
        }
    }
}

impl SnsAlerter {
    /// Reports what is left in `queue` as failed for the reason of `error`.
    fn give_up(
        &self,
        alerts: &[Alert],
        queue: Queue,
        mut failures: Vec<ItemFailure>,
        error: Error,
    ) -> Result<BatchReport> {
        let left = queue.left();
        if left.len() == alerts.len() {
            return Err(error);
        }
        let (kind, text) = (error.kind(), error.chain());
        failures.extend(left.into_iter().map(|index| {
            let error = self.call().error(kind).with_source(text.clone());
            ItemFailure { index, error }
        }));
        Ok(BatchReport::partial(failures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_topic_is_refused() {
        let config = aws_sdk_sns::Config::builder()
            .behavior_version(aws_sdk_sns::config::BehaviorVersion::latest());
        let client = Client::from_conf(config.build());
        for topic in [
            "",
            "stock-trend-alerts",
            "arn:aws:sqs:us-east-1:123456789012:q",
            "arn:aws:sns:us-east-1:123456789012:",
            "arn:aws:sns:us-east-1:123456789012:a b",
            "arn:aws:sns:us-east-1:123456789012:a:subscription",
        ] {
            assert!(SnsAlerter::new(&client, topic).is_err(), "{topic}");
        }
        for name in ["stock-trend-alerts", "stock-trend-alerts.fifo"] {
            let topic = format!("arn:aws-cn:sns:cn-north-1:123456789012:{name}");
            let alerter = SnsAlerter::new(&client, &topic).unwrap();
            assert_eq!(alerter.is_fifo(), name.ends_with("fifo"));
        }
    }
}
