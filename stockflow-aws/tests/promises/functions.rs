//! Both functions as Lambda runs them, in containers of the simulator: an event's body in, an answer's JSON out.

use std::{fmt::Write as _, future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};

use base64_simd::STANDARD;
use stockflow_aws::lambda::{Invocation as Lambda, ProcessorFunction, TrendFunction};
use stockflow_core::{Judgement, Processor, Rules, StoredRow, TrendWatch};
use stockflow_local::event_source::{Handler, Invocation, Record, Reply};

use crate::{
    backends::{Backend, Folder},
    stream::Packet,
};

pub const TIMEOUT: Duration = Duration::from_secs(10);

/// Longer than a function may run.
const LEASE: Duration = Duration::from_secs(12);

#[derive(Debug)]
pub struct Function<F> {
    function: F,
    backend: Backend,
    /// So much more time than there is, it believes to have.
    optimism: Duration,
}

impl Function<ProcessorFunction> {
    pub fn stage_one(rules: &Rules, backend: Backend, optimism: Duration) -> Self {
        let folder = |is_lake| Arc::new(Folder { of: backend.clone(), is_lake });
        let table = Arc::new(backend.clone());
        let stage = Processor::new(rules, table, folder(true), folder(false));
        Self { function: ProcessorFunction::new(stage), backend, optimism }
    }
}

impl Function<TrendFunction> {
    pub fn stage_two(rules: &Rules, backend: Backend, optimism: Duration) -> Self {
        let all = || Arc::new(backend.clone());
        let stage = TrendWatch::new(rules, all(), all(), all()).with_lease(LEASE);
        Self { function: TrendFunction::new(stage), backend, optimism }
    }
}

impl<F> Function<F> {
    fn lambda<T>(&self, invocation: &Invocation<T>) -> Lambda {
        let now = invocation.clock.now();
        let left = invocation.deadline.since(now) + self.optimism;
        let deadline = tokio::time::Instant::now() + left;
        Lambda { request_id: String::new(), now, deadline }
    }
}

impl Handler<Packet> for Function<ProcessorFunction> {
    async fn handle(&mut self, invocation: Invocation<Packet>) -> Reply {
        let lambda = self.lambda(&invocation);
        let event = kinesis_event(&invocation.records);
        let answer = async {
            match self.function.handle(event.as_bytes(), &lambda).await {
                Ok(outcome) => Reply::Response(outcome.response.to_json()),
                Err(_) => Reply::Error,
            }
        };
        alive(&self.backend, &invocation, answer).await
    }
}

impl Handler<StoredRow> for Function<TrendFunction> {
    async fn handle(&mut self, invocation: Invocation<StoredRow>) -> Reply {
        let lambda = self.lambda(&invocation);
        let event = dynamodb_event(&invocation.records);
        let answer = async {
            match self.function.handle(event.as_bytes(), &lambda).await {
                Ok(outcome) => Reply::Response(outcome.response.to_json()),
                Err(_) => Reply::Error,
            }
        };
        alive(&self.backend, &invocation, answer).await
    }
}

/// Lets a function run for as long as its container lives.
async fn alive<T: Sync>(
    Backend { container, .. }: &Backend,
    invocation: &Invocation<T>,
    answer: impl Future<Output = Reply> + Send,
) -> Reply {
    // The functions stop in time by tokio's clock, which shows what the simulator's shows: that has to stop there too, and a
    // little later, since timers of tokio have a resolution of a millisecond. Two seconds before the end they take in no more,
    // half a second before it they answer.
    let left = invocation.deadline.since(invocation.clock.now());
    let mut alarm = pin!(async {
        for rest in [1_998, 498] {
            let at = left.saturating_sub(Duration::from_millis(rest));
            let passed = left.saturating_sub(invocation.deadline.since(invocation.clock.now()));
            invocation.clock.sleep(at.saturating_sub(passed)).await;
        }
    });
    let mut rang = false;
    // The simulator runs many of them within one task.
    let mut answer = pin!(tokio::task::unconstrained(answer));
    poll_fn(|context| {
        rang = rang || alarm.as_mut().poll(context).is_ready();
        match answer.as_mut().poll(context) {
            Poll::Pending if container.is_dead() => Poll::Ready(Reply::Crash),
            poll => poll,
        }
    })
    .await
}

fn kinesis_event(records: &[Record<Packet>]) -> String {
    let mut event = String::from(r#"{"Records":["#);
    for (index, record) in records.iter().enumerate() {
        let Record { shard, sequence, key, arrival, data } = record;
        let (data, micros) = (STANDARD.encode_to_string(&data.data), arrival.as_micros());
        let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(
            event,
            r#"{comma}{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":"{key}","sequenceNumber":"{sequence}","data":"{data}",
            "approximateArrivalTimestamp":{seconds}.{micros:06}}},"eventSource":"aws:kinesis","eventID":"{shard}:{sequence}"}}"#
        );
    }
    event.push_str("]}");
    event
}

fn dynamodb_event(records: &[Record<StoredRow>]) -> String {
    let mut event = String::from(r#"{"Records":["#);
    for (index, record) in records.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let (sequence, image) = (&record.sequence, image(&record.data));
        let _ = write!(
            event,
            r#"{comma}{{"eventName":"INSERT","dynamodb":{{"SequenceNumber":"{sequence}","NewImage":{image}}}}}"#
        );
    }
    event.push_str("]}");
    event
}

/// A row as the table's stream brings it.
pub fn image(StoredRow { row, checkpoint, arrival }: &StoredRow) -> String {
    let quote = &row.quote;
    let mut out = format!(
        r#"{{"symbol":{{"S":"{}"}},"timestamp":{{"S":"{}"}},"volume":{{"N":"{}"}}"#,
        quote.symbol,
        quote.timestamp,
        quote.volume.get()
    );
    for (name, price) in [
        ("open", quote.open),
        ("high", quote.high),
        ("low", quote.low),
        ("price", quote.price),
        ("previous_close", quote.previous_close),
    ] {
        let _ = write!(out, r#","{name}":{{"N":"{price}"}}"#);
    }
    match &row.judgement {
        Judgement::Late => out.push_str(r#","late":{"BOOL":true}"#),
        Judgement::Accepted { quality, warming_up, anomalies } => {
            let flags: Vec<String> =
                quality.names().map(|name| format!(r#"{{"S":"{name}"}}"#)).collect();
            let _ = write!(
                out,
                r#","warming_up":{{"N":"{warming_up}"}},"quality":{{"L":[{}]}},"anomalies":{{"L":["#,
                flags.join(",")
            );
            for (index, anomaly) in anomalies.iter().enumerate() {
                let evidence = anomaly.evidence;
                let comma = if index > 0 { "," } else { "" };
                let _ = write!(
                    out,
                    r#"{comma}{{"M":{{"rule":{{"S":"{}"}},"direction":{{"S":"{}"}},"score":{{"N":"{}"}},"value":{{"N":"{}"}},"threshold":{{"N":"{}"}}}}}}"#,
                    anomaly.rule,
                    evidence.direction.as_str(),
                    evidence.score,
                    evidence.value,
                    evidence.threshold
                );
            }
            out.push_str("]}");
        }
    }
    if let Some(checkpoint) = checkpoint {
        let previous = checkpoint.previous.map_or("first".to_owned(), |time| time.to_string());
        let _ = write!(out, r#","checkpoint":{{"S":"{previous}"}}"#);
    }
    if let Some(arrival) = arrival {
        let _ = write!(out, r#","arrival":{{"S":"{arrival}"}}"#);
    }
    out.push('}');
    out
}
