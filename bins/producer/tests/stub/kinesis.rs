//! A stream behind HTTP, as little of Kinesis as a producer needs, which refuses and delays by seed.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

/// What was put, in the order of the stream.
#[derive(Clone)]
pub struct Kinesis {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    records: Vec<Vec<u8>>,
    random: u64,
    latency: Duration,
    refusals: u64,
    requests: u64,
}

impl Kinesis {
    /// Listens; each answer takes `latency`, and of 100 entries so many are refused.
    pub fn start(latency: Duration, refusals: u64) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { latency, refusals, ..State::default() };
        let kinesis = Self { address, state: Arc::new(Mutex::new(state)) };
        let own = kinesis.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                // A producer that is killed ends its connection in the middle of anything.
                thread::spawn(move || own.serve(stream));
            }
        });
        kinesis
    }

    /// The data of all records.
    pub fn records(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().records.clone()
    }

    #[allow(dead_code, reason = "not every test asks")]
    /// How many requests came.
    pub fn requests(&self) -> u64 {
        self.state.lock().unwrap().requests
    }

    /// The program, told to use this stream.
    pub fn producer(&self, folder: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stockflow-producer"));
        command
            .env_clear()
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "key")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("STOCKFLOW_STREAM", "quotes")
            .env("STOCKFLOW_SPOOL", folder);
        command
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        loop {
            let mut length = 0;
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            loop {
                line.clear();
                reader.read_line(&mut line)?;
                let header = line.trim().to_ascii_lowercase();
                if header.is_empty() {
                    break;
                }
                if let Some(value) = header.strip_prefix("content-length:") {
                    length = value.trim().parse().map_err(io::Error::other)?;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            let latency = {
                let mut state = self.state.lock().unwrap();
                state.requests += 1;
                state.latency
            };
            thread::sleep(latency);
            let answer = self.put(&serde_json::from_slice(&body)?).to_string();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\r\n{answer}",
                answer.len()
            )?;
        }
    }

    fn put(&self, request: &Value) -> Value {
        let mut state = self.state.lock().unwrap();
        let mut answers = Vec::new();
        let mut failed = 0;
        for entry in request["Records"].as_array().into_iter().flatten() {
            state.random = state.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if (state.random >> 33) % 100 < state.refusals {
                failed += 1;
                answers.push(json!({
                    "ErrorCode": "ProvisionedThroughputExceededException",
                    "ErrorMessage": "slow down",
                }));
                continue;
            }
            let data = entry["Data"].as_str().unwrap();
            state.records.push(base64_simd::STANDARD.decode_to_vec(data).unwrap());
            let number = format!("49{:054}", state.records.len());
            answers.push(json!({ "SequenceNumber": number, "ShardId": "shardId-000000000000" }));
        }
        json!({ "FailedRecordCount": failed, "Records": answers })
    }
}
