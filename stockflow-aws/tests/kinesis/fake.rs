//! Kinesis in memory, behind the SDK's HTTP client: what no emulator does. Shards that split and merge while they are written and
//! read, limits of shards, iterators that expire, answers in pages.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_sdk_kinesis::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::{base64, body::SdkBody};
use serde_json::{Value, json};
use stockflow_aws::records::hash_of;
use tokio::time::{Instant, sleep};

const ARRIVAL: f64 = 1_795_444_800.25;

#[derive(Clone)]
pub(crate) struct Fake(Arc<Mutex<State>>);

pub(crate) struct State {
    pub(crate) shards: Vec<Shard>,
    /// Records that a shard takes in a second.
    pub(crate) capacity: Option<f64>,
    /// When so many records were put, a shard is split or two are merged.
    pub(crate) reshard_at: Vec<usize>,
    /// Each iterator with a number that this divides has expired.
    pub(crate) expire: Option<usize>,
    /// Shards in a page of `ListShards`.
    pub(crate) page: usize,
    /// Each answer takes up to so many milliseconds.
    pub(crate) latency: u64,
    pub(crate) requests: Vec<String>,
    pub(crate) put: usize,
    random: u64,
    iterators: Vec<(usize, usize)>,
}

pub(crate) struct Shard {
    pub(crate) first: u128,
    pub(crate) last: u128,
    pub(crate) parents: Vec<usize>,
    pub(crate) closed: bool,
    /// Sequence number, partition key, data.
    pub(crate) records: Vec<(u64, String, Vec<u8>)>,
    tokens: f64,
    filled: Instant,
}

impl Shard {
    fn new(first: u128, last: u128, parents: Vec<usize>) -> Self {
        let records = Vec::new();
        Self { first, last, parents, closed: false, records, tokens: 0.0, filled: Instant::now() }
    }
}

pub(crate) fn name(shard: usize) -> String {
    format!("shardId-{shard:012}")
}

fn sequence(number: u64) -> String {
    format!("49{number:054}")
}

type Answer = Result<Value, (&'static str, String)>;

impl Fake {
    pub(crate) fn new(shards: u128, seed: u64) -> Self {
        let width = u128::MAX / shards;
        let range =
            |n: u128| (n * width, if n + 1 == shards { u128::MAX } else { (n + 1) * width - 1 });
        let shards = (0..shards).map(range).map(|(a, b)| Shard::new(a, b, vec![])).collect();
        Self(Arc::new(Mutex::new(State {
            shards,
            capacity: None,
            reshard_at: vec![],
            expire: None,
            page: 3,
            latency: 0,
            requests: vec![],
            put: 0,
            random: seed,
            iterators: vec![],
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.state().requests.iter().filter(|name| *name == operation).count()
    }
}

pub(crate) fn client(http: impl HttpClient + 'static) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url("http://kinesis.invalid")
        .credentials_provider(Credentials::new("key", "secret", None, None, "fake"))
        .http_client(http)
        .build();
    Client::from_conf(config)
}

impl State {
    pub(crate) fn random(&mut self, below: usize) -> usize {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) as usize % below
    }

    fn answer(&mut self, operation: &str, body: &Value) -> Answer {
        self.requests.push(operation.to_owned());
        match operation {
            "PutRecords" => self.put_records(body),
            "ListShards" => self.list_shards(body),
            "GetShardIterator" => self.iterator(body),
            "GetRecords" => self.get_records(body),
            _ => Err(("InvalidArgumentException", format!("{operation} is not known here"))),
        }
    }

    fn place(&self, hash: u128) -> usize {
        let open = |shard: &Shard| !shard.closed && shard.first <= hash && hash <= shard.last;
        self.shards.iter().position(open).unwrap()
    }

    pub(crate) fn append(&mut self, key: &str, data: Vec<u8>) -> usize {
        let shard = self.place(hash_of(key.as_bytes()));
        self.put += 1;
        let number = self.put as u64;
        self.shards[shard].records.push((number, key.to_owned(), data));
        shard
    }

    fn put_records(&mut self, body: &Value) -> Answer {
        let entries = body["Records"].as_array().unwrap();
        let bytes: usize =
            entries.iter().map(|entry| entry["Data"].as_str().unwrap().len() * 3 / 4).sum();
        if entries.len() > 500 || bytes > 10 << 20 {
            return Err((
                "ValidationException",
                format!("{} entries of {bytes} bytes", entries.len()),
            ));
        }
        let mut failed = 0;
        let mut answers = Vec::new();
        for entry in entries {
            if self.reshard_at.first().is_some_and(|at| self.put >= *at) {
                self.reshard_at.remove(0);
                self.reshard();
            }
            let key = entry["PartitionKey"].as_str().unwrap();
            let shard = self.place(hash_of(key.as_bytes()));
            if !self.admit(shard) {
                failed += 1;
                answers.push(json!({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}));
                continue;
            }
            let data = base64::decode(entry["Data"].as_str().unwrap()).unwrap();
            self.append(key, data);
            answers
                .push(json!({"SequenceNumber": sequence(self.put as u64), "ShardId": name(shard)}));
        }
        Ok(json!({"FailedRecordCount": failed, "Records": answers}))
    }

    fn admit(&mut self, shard: usize) -> bool {
        let Some(capacity) = self.capacity else { return true };
        let shard = &mut self.shards[shard];
        let now = Instant::now();
        let elapsed = now.duration_since(shard.filled).as_secs_f64();
        (shard.tokens, shard.filled) = ((shard.tokens + elapsed * capacity).min(capacity), now);
        let admitted = shard.tokens >= 1.0;
        if admitted {
            shard.tokens -= 1.0;
        }
        admitted
    }

    /// Splits a shard, or merges two neighbours.
    pub(crate) fn reshard(&mut self) {
        let mut open: Vec<usize> =
            (0..self.shards.len()).filter(|&n| !self.shards[n].closed).collect();
        open.sort_by_key(|&n| self.shards[n].first);
        let at = self.random(open.len());
        if self.random(3) == 0 && at + 1 < open.len() {
            self.merge(open[at], open[at + 1]);
        } else {
            self.split(open[at]);
        }
    }

    pub(crate) fn split(&mut self, shard: usize) {
        let Shard { first, last, .. } = self.shards[shard];
        let middle = first + (last - first) / 2;
        self.shards[shard].closed = true;
        self.shards.push(Shard::new(first, middle, vec![shard]));
        self.shards.push(Shard::new(middle + 1, last, vec![shard]));
    }

    pub(crate) fn merge(&mut self, a: usize, b: usize) {
        let (first, last) = (self.shards[a].first, self.shards[b].last);
        self.shards[a].closed = true;
        self.shards[b].closed = true;
        self.shards.push(Shard::new(first, last, vec![a, b]));
    }

    fn list_shards(&mut self, body: &Value) -> Answer {
        if body.get("NextToken").is_some() == body.get("StreamName").is_some() {
            return Err(("InvalidArgumentException", "either a stream or a token".into()));
        }
        let start: usize = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let end = (start + self.page).min(self.shards.len());
        let shards: Vec<Value> = (start..end).map(|n| self.tell(n)).collect();
        let mut answer = json!({"Shards": shards});
        if end < self.shards.len() {
            answer["NextToken"] = json!(end.to_string());
        }
        Ok(answer)
    }

    fn tell(&self, number: usize) -> Value {
        let shard = &self.shards[number];
        let mut told = json!({
            "ShardId": name(number),
            "HashKeyRange": {"StartingHashKey": shard.first.to_string(), "EndingHashKey": shard.last.to_string()},
            "SequenceNumberRange": {"StartingSequenceNumber": sequence(0)},
        });
        for (key, parent) in ["ParentShardId", "AdjacentParentShardId"].iter().zip(&shard.parents) {
            told[key] = json!(name(*parent));
        }
        if shard.closed {
            told["SequenceNumberRange"]["EndingSequenceNumber"] = json!(sequence(u64::MAX));
        }
        told
    }

    fn iterator(&mut self, body: &Value) -> Answer {
        let id = body["ShardId"].as_str().unwrap();
        let Some(number) = (0..self.shards.len()).find(|&n| name(n) == id) else {
            return Err(("ResourceNotFoundException", format!("no shard {id}")));
        };
        let records = &self.shards[number].records;
        let at = match body["ShardIteratorType"].as_str().unwrap() {
            "TRIM_HORIZON" => 0,
            "LATEST" => records.len(),
            "AT_TIMESTAMP" => {
                if body["Timestamp"].as_f64().unwrap() <= ARRIVAL {
                    0
                } else {
                    records.len()
                }
            }
            _ => {
                let after = body["StartingSequenceNumber"].as_str().unwrap();
                records.iter().position(|(n, ..)| *sequence(*n) > *after).unwrap_or(records.len())
            }
        };
        Ok(json!({"ShardIterator": self.hand_out(number, at)}))
    }

    fn hand_out(&mut self, shard: usize, at: usize) -> String {
        self.iterators.push((shard, at));
        (self.iterators.len() - 1).to_string()
    }

    fn get_records(&mut self, body: &Value) -> Answer {
        let iterator: usize = body["ShardIterator"].as_str().unwrap().parse().unwrap();
        if self.expire.is_some_and(|each| iterator % each == each - 1) {
            return Err(("ExpiredIteratorException", "Iterator expired".into()));
        }
        let (number, at) = self.iterators[iterator];
        let limit = body["Limit"].as_u64().map_or(10_000, |limit| limit as usize);
        let shard = &self.shards[number];
        let end = (at + limit).min(shard.records.len());
        let records: Vec<Value> = shard.records[at..end]
            .iter()
            .map(|(n, key, data)| {
                json!({
                    "SequenceNumber": sequence(*n),
                    "ApproximateArrivalTimestamp": ARRIVAL,
                    "Data": base64::encode(data),
                    "PartitionKey": key,
                })
            })
            .collect();
        let behind = if end < shard.records.len() { 60_000 } else { 0 };
        let over = shard.closed && end == shard.records.len();
        let mut answer = json!({"Records": records, "MillisBehindLatest": behind});
        if !over {
            answer["NextShardIterator"] = json!(self.hand_out(number, end));
        }
        Ok(answer)
    }
}

impl HttpClient for Fake {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let fake = self.clone();
        HttpConnectorFuture::new(async move {
            let latency = {
                let mut state = fake.state();
                let most = state.latency as usize;
                if most == 0 { 0 } else { state.random(most) }
            };
            sleep(Duration::from_millis(latency as u64)).await;
            let operation =
                request.headers().get("x-amz-target").unwrap().rsplit('.').next().unwrap();
            let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            let (status, body) = match fake.state().answer(operation, &body) {
                Ok(answer) => (200, answer),
                Err((code, message)) => (400, json!({"__type": code, "message": message})),
            };
            let body = SdkBody::from(body.to_string());
            let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), body);
            response.headers_mut().insert("content-type", "application/x-amz-json-1.1");
            response.headers_mut().insert("x-amzn-requestid", "fake");
            Ok(response)
        })
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}
