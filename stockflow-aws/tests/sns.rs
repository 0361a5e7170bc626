//! Alerts through a topic: the suite on the emulator with a queue behind it, then faults.
#![cfg(all(feature = "sns", feature = "testing"))]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use aws_sdk_sns::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_types::SdkConfig;
use stockflow_aws::{
    Patience, client,
    sns::SnsAlerter,
    testing::{Emulator, Fault, Faults, FaultyClient},
};
use stockflow_core::{
    Alert, Alerter as _, Direction, ErrorKind, Result, Severity,
    conformance::{self, Probe, samples},
};

/// A topic with a queue behind it.
#[derive(Clone)]
struct Topic {
    config: SdkConfig,
    arn: String,
    queue: Queue,
}

/// Reads what arrives.
#[derive(Clone)]
struct Queue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl Topic {
    async fn new(fifo: bool) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let config = Emulator::shared().unwrap().new_account(client::https());
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("stock-trend-alerts-{number}{}", if fifo { ".fifo" } else { "" });
        let topic = Client::new(&config).create_topic().name(&name);
        let topic = if fifo { topic.attributes("FifoTopic", "true") } else { topic };
        let arn = topic.send().await.unwrap().topic_arn.unwrap();
        let queue = Queue::new(&config, &name, fifo).await;
        let topic = Self { config, arn, queue };
        topic.subscribe(&topic.queue, None).await;
        topic
    }

    async fn subscribe(&self, queue: &Queue, filter: Option<&str>) {
        let subscribe = Client::new(&self.config).subscribe().topic_arn(&self.arn).protocol("sqs");
        let subscribe = match filter {
            Some(filter) => subscribe.attributes("FilterPolicy", filter),
            None => subscribe,
        };
        subscribe.endpoint(queue.arn().await).send().await.unwrap();
    }

    fn alerter(&self) -> SnsAlerter {
        SnsAlerter::new(&Client::new(&self.config), &self.arn).unwrap()
    }

    /// The same topic, through a client that fails.
    fn failing(&self, faults: Faults) -> (SnsAlerter, FaultyClient) {
        let http = faults.around(client::https());
        let config = self.config.to_builder().http_client(http.clone()).build();
        (SnsAlerter::new(&Client::new(&config), &self.arn).unwrap(), http)
    }
}

impl Queue {
    async fn new(config: &SdkConfig, name: &str, fifo: bool) -> Self {
        let client = aws_sdk_sqs::Client::new(config);
        let queue = client.create_queue().queue_name(name);
        let queue =
            if fifo { queue.attributes(QueueAttributeName::FifoQueue, "true") } else { queue };
        let url = queue.send().await.unwrap().queue_url.unwrap();
        Self { client, url }
    }

    async fn arn(&self) -> String {
        let attributes = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = attributes.attribute_names(QueueAttributeName::QueueArn).send().await.unwrap();
        answer.attributes.unwrap()[&QueueAttributeName::QueueArn].clone()
    }

    /// What SNS has put there, in order: each message's envelope.
    async fn envelopes(&self) -> Vec<serde_json::Value> {
        let mut envelopes = Vec::new();
        loop {
            let receive = self.client.receive_message().queue_url(&self.url);
            let answer = receive.max_number_of_messages(10).send().await.unwrap();
            if answer.messages().is_empty() {
                return envelopes;
            }
            for message in answer.messages() {
                envelopes.push(serde_json::from_str(message.body().unwrap()).unwrap());
                let delete = self.client.delete_message().queue_url(&self.url);
                delete.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
            }
        }
    }

    async fn alerts(&self) -> Vec<Alert> {
        let text = |envelope: &serde_json::Value| envelope["Message"].as_str().unwrap().to_owned();
        let envelopes = self.envelopes().await;
        envelopes.iter().map(|e| Alert::from_json(text(e).as_bytes()).unwrap()).collect()
    }
}

fn ids<'a>(alerts: impl IntoIterator<Item = &'a Alert>) -> Vec<String> {
    alerts.into_iter().map(|alert| alert.id().to_string()).collect()
}

async fn passes_the_suite(fifo: bool) {
    let harness = || async move {
        let topic = Topic::new(fifo).await;
        let queue = topic.queue.clone();
        Probe::new(topic.alerter(), move || {
            let queue = queue.clone();
            async move { Result::Ok(ids(&queue.alerts().await)) }
        })
    };
    conformance::alerter::all(&harness).await.unwrap();
}

#[tokio::test]
async fn a_standard_topic_passes_the_suite() {
    passes_the_suite(false).await;
}

#[tokio::test]
async fn a_fifo_topic_passes_the_suite() {
    passes_the_suite(true).await;
}

#[tokio::test]
async fn a_queue_gets_the_json_the_subject_and_the_attributes() {
    let topic = Topic::new(false).await;
    let alert = samples::alert(samples::symbol("^GSPC"), "gap", Direction::Down, 5);
    topic.alerter().notify(std::slice::from_ref(&alert)).await.unwrap().into_result().unwrap();
    let envelope = &topic.queue.envelopes().await[0];
    assert_eq!(envelope["Message"], alert.to_json());
    assert_eq!(envelope["Subject"], alert.subject());
    let expected = [
        ("symbol", "^GSPC"),
        ("kind", "anomaly"),
        ("rule", "gap"),
        ("direction", "down"),
        ("severity", "warning"),
    ];
    for (name, value) in expected {
        assert_eq!(envelope["MessageAttributes"][name]["Value"], value);
    }
}

#[tokio::test]
async fn a_filter_policy_picks_by_attribute() {
    let topic = Topic::new(false).await;
    let picky = Queue::new(&topic.config, "picky", false).await;
    topic.subscribe(&picky, Some(r#"{"severity":["critical"],"symbol":["A","AA"]}"#)).await;
    let mut alerts = samples::alerts(12);
    for alert in alerts.iter_mut().skip(6) {
        alert.severity = Severity::Critical;
    }
    topic.alerter().notify(&alerts).await.unwrap().into_result().unwrap();
    let wanted = |alert: &&Alert| {
        alert.severity == Severity::Critical && ["A", "AA"].contains(&alert.symbol.as_str())
    };
    let mut expected = ids(alerts.iter().filter(wanted));
    let mut found = ids(&picky.alerts().await);
    expected.sort();
    found.sort();
    assert!(!expected.is_empty() && found == expected, "{found:?}");
    assert_eq!(topic.queue.alerts().await.len(), 12);
}

#[tokio::test]
async fn a_fifo_topic_drops_an_alert_that_comes_again() {
    let topic = Topic::new(true).await;
    let alerts = samples::alerts(7);
    for _ in 0..2 {
        topic.alerter().notify(&alerts).await.unwrap().into_result().unwrap();
    }
    assert_eq!(topic.queue.alerts().await.len(), 7);
}

/// 50 % partial failures, 50 % throttles and 10 % server errors, as far as they fit into one request's dice.
#[tokio::test]
async fn whatever_fails_for_now_every_alert_is_told_in_the_order_of_its_symbol() {
    for seed in [1, 2, 3] {
        let topic = Topic::new(true).await;
        let faults = Faults::by_seed(seed)
            .with(Fault::Partial, 0.5)
            .with(Fault::Throttle, 0.5)
            .with(Fault::ServerError, 0.1)
            .with(Fault::ExpiredCredentials, 0.05)
            .with(Fault::Reset, 0.05);
        let (alerter, http) = topic.failing(faults);
        let waits =
            Patience::default().with_waits(Duration::from_millis(1), Duration::from_millis(5));
        let alerter = alerter.with_patience(waits);
        let alerts: Vec<Alert> = (0..120)
            .map(|n| {
                let symbol = samples::symbol(samples::SYMBOLS[n as usize % 12]);
                samples::alert(symbol, "rule", Direction::Up, n)
            })
            .collect();
        for batch in alerts.chunks(31) {
            alerter.notify(batch).await.unwrap().into_result().unwrap();
        }
        assert!(http.count(Fault::Partial) > 20 && http.count(Fault::Throttle) > 20);
        let told = topic.queue.alerts().await;
        // A FIFO topic drops what was sent again because the answer was lost.
        assert_eq!(told.len(), alerts.len(), "seed {seed}");
        let mut last = HashMap::new();
        for alert in &told {
            let before = last.insert(alert.symbol, alert.cause);
            assert!(
                before.is_none_or(|before| before < alert.cause),
                "seed {seed}: {}",
                alert.id()
            );
        }
    }
}

#[tokio::test]
async fn what_was_not_told_by_the_deadline_is_in_the_report() {
    let topic = Topic::new(false).await;
    let (alerter, _) = topic.failing(Faults::by_seed(3).with(Fault::Partial, 0.5));
    // No time to try again: the second attempt would wait beyond the deadline.
    let hurry = Patience::default().with_deadline(Duration::from_millis(400));
    let alerter =
        alerter.with_patience(hurry.with_waits(Duration::from_secs(60), Duration::from_secs(60)));
    let alerts: Vec<Alert> = (0..10)
        .map(|n| {
            samples::alert(samples::symbol(samples::SYMBOLS[n as usize]), "rule", Direction::Up, n)
        })
        .collect();
    let report = alerter.notify(&alerts).await.unwrap();
    let told = topic.queue.alerts().await;
    assert!(!told.is_empty() && !report.is_complete());
    let refused: Vec<&Alert> = report.failures().iter().map(|f| &alerts[f.index]).collect();
    assert_eq!(told.len() + refused.len(), alerts.len());
    assert!(report.failures().iter().all(|failure| failure.error.is_retryable()));
    assert!(ids(refused).iter().all(|id| !ids(&told).contains(id)));
}

#[tokio::test]
async fn one_alert_that_is_too_long_hurts_only_itself() {
    let topic = Topic::new(false).await;
    let mut alerts = samples::alerts(5);
    alerts[2].rule = "x".repeat(300_000).into();
    let report = topic.alerter().notify(&alerts).await.unwrap();
    assert_eq!(report.failures().iter().map(|f| f.index).collect::<Vec<_>>(), [2]);
    assert_eq!(report.failures()[0].error.kind(), ErrorKind::Rejected);
    assert_eq!(topic.queue.alerts().await.len(), 4);
}

#[tokio::test]
async fn a_topic_that_is_not_there_is_told_with_what_to_do() {
    let config = Emulator::shared().unwrap().new_account(client::https());
    let arn = "arn:aws:sns:us-east-1:123456789012:nowhere";
    let alerter = SnsAlerter::new(&Client::new(&config), arn).unwrap();
    let error = alerter.notify(&samples::alerts(3)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{}", error.chain());
    assert!(error.chain().contains("nowhere") && error.chain().contains("AWS_REGION"));
}

#[tokio::test]
async fn a_call_that_hangs_is_back_by_its_deadline() {
    let topic = Topic::new(false).await;
    let (alerter, _) = topic.failing(Faults::by_seed(1).with(Fault::Hang, 1.0));
    let alerter =
        alerter.with_patience(Patience::default().with_deadline(Duration::from_millis(500)));
    let begin = Instant::now();
    let error = alerter.notify(&samples::alerts(3)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(begin.elapsed() < Duration::from_secs(5), "back long after the deadline");
}
