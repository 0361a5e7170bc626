//! Polling, against a host on this machine: what it answers, and that the feed keeps its contract.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, unreachable_pub, reason = "a test")]

mod stream;
mod streamer;
mod stub;

use std::{io, net::TcpStream, sync::Arc, time::Duration};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde_json::json;
use stockflow_core::{
    Cursor, Position, Processor, Quality, Quote, QuoteSource as _, RecordBatch, Rules,
    SequenceNumber, StreamRecord, Symbol,
    conformance::{
        Outcome,
        source::{SourceHarness, all, goes_on_from_every_cursor},
    },
    memory::{MemoryArchive, MemoryTable},
    wire,
};
use stockflow_local::YahooPoll;
use stub::{AT, Reply, START, Stub, chart, rows};

fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn poll(url: &str, names: &[&str], rounds: u32, cursors: &[Cursor]) -> YahooPoll {
    YahooPoll::new(&symbols(names), cursors)
        .unwrap()
        .with_url(url)
        .with_client(Duration::from_millis(800), None)
        .with_rate(6_000)
        .unwrap()
        .with_interval(Duration::from_secs(1))
        .unwrap()
        .with_rounds(rounds)
}

async fn play(poll: &mut YahooPoll) -> Vec<Quote> {
    let mut quotes = Vec::new();
    while let Some(batch) = poll.next_batch().await.unwrap() {
        quotes.extend(batch.quotes);
    }
    quotes
}

fn good(body: Vec<u8>) -> Reply {
    Reply::Http(200, "Content-Type: application/json\r\n", body)
}

/// One poll of AAPL that is answered with `reply`: the prices that came, and refused, failed and incomplete answers.
async fn answered(reply: Reply) -> (Vec<String>, [u64; 3]) {
    let host = Stub::start(move |_, _| reply.clone());
    let mut poll = poll(&host.session(), &["AAPL"], 1, &[]);
    let quotes = play(&mut poll).await;
    let counts = poll.counts();
    let counts = [counts.refused(), counts.failed(), counts.incomplete()];
    (quotes.iter().map(|quote| quote.price.to_string()).collect(), counts)
}

#[tokio::test]
async fn what_the_host_answers_is_a_quote_or_none() {
    let fine = (vec!["229.87".to_owned()], [0, 0, 0]);
    let (refused, failed, incomplete) =
        ((vec![], [1, 0, 0]), (vec![], [0, 1, 0]), (vec![], [0, 0, 1]));
    let html = b"<!doctype html><title>Yahoo</title>".to_vec();
    let with_rows = |times, opens| good(rows("AAPL", 0, 22_987, times, opens));
    for (what, reply, expected) in [
        ("good", good(chart("AAPL", 0, 22_987)), &fine),
        ("nothing", Reply::Http(200, "", vec![]), &failed),
        ("429", Reply::Http(429, "", b"Too Many Requests".to_vec()), &refused),
        ("429 with a header", Reply::Http(429, "Retry-After: 1\r\n", vec![]), &refused),
        (
            "a refusal in place of anything",
            Reply::Http(200, "", b"Too Many Requests".to_vec()),
            &refused,
        ),
        ("a page", Reply::Http(200, "Content-Type: text/html\r\n", html), &failed),
        ("a redirect", Reply::Http(302, "Location: http://127.0.0.1:9/\r\n", vec![]), &failed),
        ("no result", good(br#"{"chart":{"result":null,"error":null}}"#.to_vec()), &incomplete),
        ("last row null", with_rows(json!([START, AT]), json!([228.3, null])), &fine),
        ("last row twice", with_rows(json!([START, START]), json!([228.3, 228.3])), &fine),
        (
            "rows before and after the session",
            with_rows(json!([START - 60, START, START + 24_000]), json!([1, 228.3, 3])),
            &fine,
        ),
        ("only rows before the session", with_rows(json!([START - 60]), json!([1])), &incomplete),
        ("slow", Reply::Slow(Duration::from_secs(2)), &failed),
        ("hanging up", Reply::HangUp, &failed),
    ] {
        assert_eq!(&answered(reply).await, expected, "{what}");
    }
}

#[tokio::test]
async fn nan_in_the_last_row_is_no_number_and_no_end() {
    let body = rows("AAPL", 0, 22_987, json!([START, AT]), json!([228.3, null]));
    let nan = String::from_utf8(body).unwrap().replace("null]}]}", "NaN]}]}");
    assert!(nan.contains("NaN"));
    assert_eq!(answered(good(nan.into_bytes())).await.0, ["229.87"]);
}

/// A layer of TLS with a certificate that nobody signed.
fn tls() -> impl Fn(TcpStream) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_is_a_failure() {
    let host = Stub::listen(|symbol, _| good(chart(symbol, 0, 22_987)), tls());
    let plain = Stub::start(|symbol, _| good(chart(symbol, 0, 22_987)));
    for address in [host.address, plain.address] {
        let mut poll = poll(&format!("https://{address}"), &["AAPL"], 1, &[]);
        assert_eq!(play(&mut poll).await, []);
        assert_eq!(poll.counts().failed(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_price_100_times_too_high_is_flagged_and_kept() {
    let host = Stub::start(|symbol, nth| {
        let cents = if nth == 4 { 2_298_700 } else { 22_987 + nth as i64 };
        good(chart(symbol, 10 * nth as i64, cents))
    });
    let mut poll = poll(&host.session(), &["VOD.L"], 6, &[]);
    let quotes = play(&mut poll).await;
    assert_eq!((quotes.len(), poll.counts().unit_errors()), (6, 1));
    let record = |(number, quote): (usize, &Quote)| {
        let mut data = Vec::new();
        wire::encode(quote, &mut data);
        let position = Position::new(SequenceNumber::from(number as u64));
        StreamRecord { position, arrival: quote.timestamp, data: data.into() }
    };
    let records = quotes.iter().enumerate().map(record).collect();
    let (table, archive) = (Arc::new(MemoryTable::new()), Arc::new(MemoryArchive::new()));
    let mut stage = Processor::new(&Rules::default_set(), table.clone(), archive.clone(), archive);
    stage
        .process(&RecordBatch { shard: "s".into(), records })
        .await
        .unwrap()
        .report
        .into_result()
        .unwrap();
    let flagged: Vec<String> = table
        .snapshot()
        .iter()
        .filter(|stored| stored.row.quality().contains(Quality::UNIT_ERROR))
        .map(|stored| stored.row.quote.price.to_string())
        .collect();
    assert_eq!(flagged, ["22987"]);
}

/// A symbol, polled eight times: some answers are the same again, some older, and two share a time.
struct Polls(Stub);

const NAMES: [&str; 1] = ["BTC-USD"];
const ROUNDS: u32 = 8;

/// Second and price of the nth answer.
fn scripted(nth: u64) -> (i64, i64) {
    [(0, 100), (5, 105), (5, 105), (3, 103), (9, 109), (9, 110), (12, 90), (12, 90)]
        [nth as usize % 8]
}

impl Polls {
    fn new() -> Self {
        Self(Stub::start(|symbol, nth| {
            let (second, cents) = scripted(nth);
            good(chart(symbol, second, cents))
        }))
    }
}

impl SourceHarness for Polls {
    type Source = YahooPoll;

    async fn open(&self, cursors: &[Cursor]) -> YahooPoll {
        poll(&self.0.session(), &NAMES, ROUNDS, cursors)
    }

    fn expected(&self) -> Vec<Quote> {
        let of = |(second, number, cents): (i64, i64, i64)| {
            let price = format!("{}.{:02}", cents / 100, cents % 100).parse().unwrap();
            let micros = (AT + second) * 1_000_000 + number;
            Quote {
                symbol: NAMES[0].parse().unwrap(),
                timestamp: stockflow_core::Timestamp::from_micros(micros).unwrap(),
                open: "228.3".parse().unwrap(),
                high: "1000000".parse().unwrap(),
                low: "0.01".parse().unwrap(),
                price,
                previous_close: "228.02".parse().unwrap(),
                volume: (1_000 + cents).try_into().unwrap(),
            }
        };
        [(0, 0, 100), (5, 0, 105), (9, 0, 109), (9, 1, 110), (12, 0, 90)].map(of).to_vec()
    }
}

#[tokio::test(start_paused = true)]
async fn polling_keeps_the_contract() -> Outcome {
    let polls = Polls::new();
    all(&polls).await?;
    goes_on_from_every_cursor(&polls).await
}
