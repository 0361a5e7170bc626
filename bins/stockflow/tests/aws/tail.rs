//! `stockflow tail`: quotes as they come, until somebody has seen enough.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
};

use aws_sdk_kinesis::Client;
use stockflow_aws::kinesis::KinesisSink;
use stockflow_core::{SinkExt as _, conformance::samples};

use crate::{
    relay,
    world::{Account, line},
};

/// The program while it runs.
struct Tail {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Tail {
    fn start(account: &Account, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = account.command(&[&["tail", "--format", "json"], args].concat());
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn next(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// How it ended, what it printed since, and what it said.
    fn end(mut self) -> (ExitStatus, String, String) {
        let (mut rest, mut said) = (String::new(), String::new());
        self.lines.read_to_string(&mut rest).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap(), rest, said)
    }
}

fn quotes(numbers: std::ops::Range<u64>) -> Vec<String> {
    let quote = |n| line("AAPL", &format!("2026-11-23T14:{:02}:{:02}Z", n / 60, n % 60), 101.0, n);
    numbers.map(quote).collect()
}

async fn put(kinesis: &Client, lines: &[String]) {
    for line in lines {
        let put = kinesis.put_record().stream_name("stock-market-stream").partition_key("AAPL");
        put.data(line.trim().as_bytes().to_vec().into()).send().await.unwrap();
    }
}

/// Answers of the stream to requests for records, in the words of AWS, before the emulator is asked again.
type Refusals = Arc<Mutex<VecDeque<Vec<u8>>>>;

/// The emulator behind refusals; the receiver is told of each request for records that was answered.
fn relayed(refusals: &Refusals) -> (String, std::sync::mpsc::Receiver<()>) {
    let (answered, asked) = std::sync::mpsc::channel();
    let refusals = Arc::clone(refusals);
    let url = relay::start(move |request, mut stream| {
        let for_records = request.head().contains("kinesis_20131202.getrecords");
        let refusal = refusals.lock().unwrap().pop_front().filter(|_| for_records);
        let answer = refusal.unwrap_or_else(|| request.forward());
        let _ = stream.write_all(&answer);
        if for_records {
            let _ = answered.send(());
        }
    });
    (url, asked)
}

fn refusal(status: &str, code: &str) -> Vec<u8> {
    let head = format!("{status}\nContent-Type: application/x-amz-json-1.1");
    relay::answer(&head, &format!(r#"{{"__type":"{code}","message":"said so"}}"#))
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_are_shown_as_they_come_whatever_is_refused_meanwhile_until_it_is_stopped() {
    for signal in ["-INT", "-TERM"] {
        let account = Account::new().await;
        let kinesis = account.create_stream().await;
        put(&kinesis, &quotes(0..2)).await;
        let refusals = Refusals::default();
        let (url, asked) = relayed(&refusals);
        let mut tail = Tail::start(&account, &[], &[("AWS_ENDPOINT_URL", &url)]);
        // From now on, and not what was there before.
        asked.recv().unwrap();
        put(&kinesis, &quotes(2..4)).await;
        assert_eq!([tail.next(), tail.next()].concat(), quotes(2..4).concat());

        *refusals.lock().unwrap() = VecDeque::from([
            refusal("400 Bad Request", "ProvisionedThroughputExceededException"),
            refusal("400 Bad Request", "ExpiredIteratorException"),
            refusal("500 Internal Server Error", "InternalFailure"),
            refusal("400 Bad Request", "ProvisionedThroughputExceededException"),
        ]);
        put(&kinesis, &quotes(4..7)).await;
        assert_eq!([tail.next(), tail.next(), tail.next()].concat(), quotes(4..7).concat());
        assert!(refusals.lock().unwrap().is_empty(), "they came first");

        tail.signal(signal);
        let (status, rest, said) = tail.end();
        assert_eq!((status.code(), rest.as_str(), said.as_str()), (Some(0), "", ""), "{signal}");
    }
}

/// More quotes than a pipe holds, in few records.
async fn many(kinesis: &Client) -> usize {
    let sink = KinesisSink::new(kinesis, "stock-market-stream").unwrap().with_compression();
    let quotes = samples::quotes(4_000);
    sink.write_all(&quotes).await.unwrap();
    quotes.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_in_the_middle_of_a_line_it_ends_with_a_whole_one() {
    for signal in ["-INT", "-TERM"] {
        let account = Account::new().await;
        let all = many(&account.create_stream().await).await;
        let mut tail = Tail::start(&account, &["--since", "2026-01-01"], &[]);
        let first = tail.next();
        // It waits for room in the pipe by now, and is asked while it does.
        tail.signal(signal);
        let (status, rest, said) = tail.end();
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{signal}");
        let printed = first + &rest;
        assert!(printed.ends_with("}\n") && printed.lines().count() <= all, "{signal}");
        for line in printed.lines() {
            stockflow_core::wire::decode(line.as_bytes()).expect(line);
        }
    }
}

/// What `tail … | head -1` prints, and how both end; standard error goes the same way, if asked.
fn first_line(account: &Account, args: &str) -> String {
    let script = format!("set -o pipefail; timeout 60 \"$0\" tail {args} | head -1");
    let mut command = Command::new("bash");
    let program = env!("CARGO_BIN_EXE_stockflow");
    let given = account.command(&[]);
    let variables = given.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let output = command.args(["-c", &script, program]).envs(variables).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe_that_is_closed_ends_it_quietly() {
    let account = Account::new().await;
    let kinesis = account.create_stream().await;
    put(&kinesis, &quotes(0..1)).await;
    // Nothing more comes, so no write tells that nobody reads any more.
    let since = "--since 2026-01-01 --format json";
    assert_eq!(first_line(&account, since), quotes(0..1).concat());
    put(&kinesis, &["no quote".to_owned(), "none either".to_owned()]).await;
    let both = first_line(&account, "--since 2026-01-01 --format json --symbol IBM 2>&1");
    assert!(both.starts_with("unreadable: shardId-000000000000/"), "{both}");
    many(&kinesis).await;
    let quiet = "--since 2026-01-01 --format json 2>/dev/null";
    assert_eq!(first_line(&account, quiet), quotes(0..1).concat());
    assert!(first_line(&account, "--since 2026-01-01 2>/dev/null").starts_with("timestamp"));
}
