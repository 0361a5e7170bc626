//! Listening to a stream: what the host says, and that the feed keeps its contract.

use std::{
    collections::BTreeSet,
    io::Read as _,
    net::{Ipv4Addr, TcpListener},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use stockflow_core::{
    Cursor, Quote, QuoteSource as _, Symbol, Timestamp,
    conformance::{
        Outcome,
        source::{SourceHarness, all, goes_on_from_every_cursor},
    },
};
use stockflow_local::{
    YahooStream,
    calendar::{MarketStatus, TradingCalendar},
};

use crate::{
    good,
    streamer::{Act, Gate, Price, Streamer},
    stub::{AT, Reply, Stub, chart},
    symbols, tls,
};

const BTC: &str = "BTC-USD";
/// High, low, open, previous close.
const DAY: [f32; 4] = [1e6, 0.01, 228.3, 228.02];
const MS: Duration = Duration::from_millis(1);

/// A host that knows no symbol: without snapshots.
fn no_charts() -> Stub {
    let unknown = json!({ "chart": { "result": null, "error": { "code": "Not Found" } } });
    Stub::start(move |_, _| Reply::Http(404, "", unknown.to_string().into_bytes()))
}

/// A host with one snapshot, of that second.
fn charts(second: i64) -> Stub {
    Stub::start(move |symbol, _| good(chart(symbol, second, 22_900)))
}

fn listen(url: &str, charts: &Stub, names: &[&str], cursors: &[Cursor]) -> YahooStream {
    YahooStream::new(&symbols(names), cursors)
        .unwrap()
        .with_url(url)
        .unwrap()
        .with_snapshot_url(&charts.session())
        .with_client(Duration::from_secs(2), None)
        .unwrap()
        .with_pauses(10 * MS, 20 * MS)
        .unwrap()
}

async fn play(stream: &mut YahooStream) -> Vec<Quote> {
    let mut quotes = Vec::new();
    while let Some(batch) = stream.next_batch().await.unwrap() {
        quotes.extend(batch.quotes);
    }
    quotes
}

fn at(second: i64, price: f32) -> Price<'static> {
    Price::new(BTC, (AT + second) * 1_000, price, 1_000 + second)
}

fn full(second: i64, price: f32) -> Price<'static> {
    Price { day: Some(DAY), ..at(second, price) }
}

fn prices(quotes: &[Quote]) -> Vec<String> {
    quotes.iter().map(|quote| quote.price.to_string()).collect()
}

/// The prices that come of one connection, and failed, incomplete, unchanged and refused counts.
async fn heard(acts: Vec<Act>) -> (Vec<String>, [u64; 4]) {
    let host = Streamer::start(move |_| acts.clone());
    let mut stream = listen(&host.session(), &no_charts(), &[BTC, "AAPL"], &[]).with_connections(1);
    let quotes = play(&mut stream).await;
    let counts = stream.counts();
    // The end of the connection is one failure; the chart host's "unknown" may come in time or not.
    let counts = [counts.failed() - 1, counts.incomplete(), counts.unchanged(), counts.refused()];
    (prices(&quotes), counts)
}

#[tokio::test]
async fn messages_become_quotes_with_what_a_snapshot_knows_of_the_day() {
    let gate = Gate::default();
    let acts = vec![
        Act::Gate(gate.clone()),
        at(1, 229.87).say(),
        Act::Say(at(2, 229.88).plain()),
        Price { volume: 0, ..at(3, 1.5e6) }.say(),
    ];
    let host = Streamer::start(move |_| acts.clone());
    let charts = charts(0);
    let mut stream = listen(&host.session(), &charts, &[BTC], &[]).with_connections(1);
    let first = stream.next_batch().await.unwrap().unwrap().quotes;
    assert_eq!(prices(&first), ["229"], "the snapshot's quote");
    gate.open();
    let quotes = play(&mut stream).await;
    let expected = |second: i64, price: &str, high: &str, volume: i64| Quote {
        timestamp: Timestamp::from_micros((AT + second) * 1_000_000).unwrap(),
        price: price.parse().unwrap(),
        high: high.parse().unwrap(),
        volume: volume.try_into().unwrap(),
        ..first[0]
    };
    let expected = [
        expected(1, "229.87", "1000000", 1_001),
        expected(2, "229.88", "1000000", 1_002),
        expected(3, "1500000", "1500000", 1_002),
    ];
    assert_eq!(quotes, expected);
    assert_eq!(host.subscriptions(), [r#"{"subscribe":["BTC-USD"]}"#]);
}

#[tokio::test]
async fn without_a_day_there_is_no_quote_and_with_a_part_of_one_neither() {
    let partly = Price { day: Some([1e6, 0.01, 228.3, 0.0]), ..at(2, 229.0) };
    let (quotes, [failed, incomplete, ..]) =
        heard(vec![at(1, 229.0).say(), partly.say(), full(3, 230.0).say()]).await;
    assert_eq!(quotes, ["230"]);
    assert!(failed == 0 && incomplete >= 2, "{failed} {incomplete}");
}

#[tokio::test]
async fn a_message_that_cannot_be_read_costs_itself() {
    let good = full(1, 229.5).text();
    let cut = good[..good.len() / 2].to_owned();
    let part = full(2, 230.0).protobuf();
    let base64 = |bytes: &[u8]| base64_simd::STANDARD.encode_to_string(bytes);
    let acts = vec![
        Act::Say("Too Many Requests".to_owned()),
        Act::Binary(part.clone()),
        Act::Binary(vec![0xff; 100]),
        Act::Say(cut),
        Act::Say(base64(&part[..part.len() - 3])),
        Act::Say(r#"{"type":"pricing","message":"A"}"#.to_owned()),
        Act::Say(good),
        Act::Say(r#"{"type":"heartbeat"}"#.to_owned()),
        // Of another symbol.
        Price { symbol: "EURUSD=X", ..full(1, 1.17) }.say(),
        full(3, 231.0).say(),
    ];
    let (quotes, counts) = heard(acts).await;
    assert_eq!((prices_of(&quotes), counts[0]), (vec!["229.5", "231"], 6));
}

fn prices_of(quotes: &[String]) -> Vec<&str> {
    quotes.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn a_message_beyond_all_measure_costs_the_connection_and_no_memory() {
    let acts = |nth| match nth {
        0 => vec![full(1, 229.0).say(), Act::Say("A".repeat(1 << 20)), full(2, 230.0).say()],
        _ => vec![full(3, 231.0).say()],
    };
    let host = Streamer::start(acts);
    let mut stream = listen(&host.session(), &no_charts(), &[BTC], &[]).with_connections(2);
    assert_eq!(prices(&play(&mut stream).await), ["229", "231"]);
}

#[tokio::test]
async fn only_the_regular_session_and_only_news_make_quotes() {
    let hours = |second, hours| Price { hours, ..full(second, 500.0) }.say();
    let acts = vec![
        hours(1, 0),
        full(5, 229.0).say(),
        full(5, 229.0).say(),
        // Older than the last, and of the same time with less volume.
        full(4, 228.0).say(),
        Price { volume: 5, ..full(5, 227.0) }.say(),
        hours(7, 2),
        hours(8, 3),
        Price { millis: 0, ..full(0, 226.0) }.say(),
        Price { price: f32::NAN, ..full(9, 0.0) }.say(),
        full(10, 230.0).say(),
    ];
    let (quotes, [failed, incomplete, unchanged, _]) = heard(acts).await;
    assert_eq!(prices_of(&quotes), ["229", "230"]);
    assert_eq!((failed, unchanged), (0, 3));
    assert!(incomplete >= 2, "{incomplete}");
}

#[tokio::test]
async fn prices_100_times_too_high_are_flagged_and_kept() {
    let host = Streamer::start(|_| {
        let price = |second| if second == 4 { 22_900.0 } else { 229.0 };
        (0..6).map(|second| full(second, price(second)).say()).collect()
    });
    let mut stream = listen(&host.session(), &no_charts(), &[BTC], &[]).with_connections(1);
    let quotes = play(&mut stream).await;
    assert_eq!((quotes.len(), stream.counts().unit_errors()), (6, 1));
}

#[tokio::test]
async fn a_connection_that_ends_is_made_again_and_subscribes_again() {
    for end in [None, Some(Act::HangUp)] {
        let host = Streamer::start(move |nth| {
            // Each time, what was said before is said again.
            let said = (0..=nth as i64).map(|second| full(second, 229.0 + second as f32).say());
            said.chain(end.clone()).collect()
        });
        let mut stream = listen(&host.session(), &no_charts(), &[BTC], &[]).with_connections(4);
        assert_eq!(prices(&play(&mut stream).await), ["229", "230", "231", "232"]);
        let subscriptions = host.subscriptions();
        assert_eq!(subscriptions.len(), 4);
        assert_eq!(subscriptions.iter().collect::<BTreeSet<_>>().len(), 1);
    }
}

#[tokio::test]
async fn a_host_that_closes_at_once_is_left_alone_for_longer_and_longer() {
    let host = Streamer::start(|_| vec![Act::HangUp]);
    let stream = listen(&host.session(), &no_charts(), &[BTC], &[]);
    let mut stream = stream.with_pauses(20 * MS, 160 * MS).unwrap().with_connections(7);
    let start = Instant::now();
    assert_eq!(play(&mut stream).await, []);
    // At least half of 20 + 40 + 80 + 160 + 160 + 160.
    assert!(start.elapsed() >= 310 * MS, "{:?}", start.elapsed());
    assert_eq!((host.connections(), stream.counts().failed()), (7, 7));
}

#[tokio::test]
async fn a_host_that_refuses_is_counted_as_such() {
    let host = Streamer::start(|_| vec![Act::Refuse(429)]);
    let mut stream = listen(&host.session(), &no_charts(), &[BTC], &[]).with_connections(1);
    assert_eq!(play(&mut stream).await, []);
    assert_eq!((stream.counts().refused(), stream.counts().failed()), (1, 0));
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    // Accepted, read, and never answered.
    thread::spawn(move || {
        let streams: Vec<_> = listener.incoming().flatten().collect();
        streams.into_iter().map(|mut stream| stream.read(&mut [0; 1_024])).count()
    });
    let stream = listen(&url, &no_charts(), &[BTC], &[]).with_connections(2);
    let mut stream = stream.with_client(100 * MS, None).unwrap();
    assert_eq!(play(&mut stream).await, []);
    assert_eq!(stream.counts().failed(), 2);
}

#[tokio::test]
async fn a_connection_without_a_sign_of_life_is_made_anew() {
    let host = Streamer::start(|nth| match nth {
        0 => vec![full(1, 229.0).say(), Act::Deaf],
        _ => vec![full(2, 230.0).say()],
    });
    let stream = listen(&host.session(), &no_charts(), &[BTC], &[]).with_connections(2);
    let mut stream = stream.with_heartbeat(50 * MS).unwrap();
    assert_eq!(prices(&play(&mut stream).await), ["229", "230"]);
}

#[tokio::test]
async fn heartbeats_keep_a_quiet_connection_of_a_closed_market() {
    /// A market that is closed for years.
    #[derive(Debug)]
    struct Closed;
    impl TradingCalendar for Closed {
        fn status(&self, _: &Symbol, _: Timestamp) -> MarketStatus {
            MarketStatus::ClosedUntil("2040-01-01T00:00:00Z".parse().unwrap())
        }
    }
    let gate = Gate::default();
    let opened = gate.clone();
    // Pongs are answers to pings that are read while it holds.
    let host = Streamer::start(move |_| vec![Act::Gate(gate.clone()), full(1, 229.0).say()]);
    let stream = listen(&host.session(), &no_charts(), &[BTC], &[]).with_connections(1);
    let mut stream = stream.with_idle(20 * MS).unwrap().with_calendar(Arc::new(Closed));
    let quiet = tokio::time::timeout(300 * MS, stream.next_batch()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    opened.open();
    assert_eq!(prices(&play(&mut stream).await), ["229"]);
    assert_eq!(host.connections(), 1);
}

#[tokio::test]
async fn a_connection_without_prices_while_a_market_is_open_is_made_anew() {
    let host = Streamer::start(|nth| match nth {
        0 => vec![Act::Hold],
        _ => vec![full(2, 230.0).say()],
    });
    let stream = listen(&host.session(), &no_charts(), &[BTC], &[]).with_connections(2);
    let mut stream = stream.with_idle(200 * MS).unwrap().with_heartbeat(20 * MS).unwrap();
    assert_eq!(prices(&play(&mut stream).await), ["230"]);
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_is_a_failure_and_nothing_is_said_to_it() {
    let host = Streamer::listen(|_| vec![full(1, 229.0).say()], tls());
    let plain = Streamer::start(|_| vec![full(1, 229.0).say()]);
    for host in [host, plain] {
        let url = format!("wss://{}/", host.address);
        let mut stream = listen(&url, &no_charts(), &[BTC], &[]).with_connections(1);
        assert_eq!(play(&mut stream).await, []);
        assert_eq!(stream.counts().failed(), 1);
        assert_eq!(host.subscriptions(), [""; 0]);
    }
}

#[test]
fn options_out_of_bounds_are_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let stream = || YahooStream::new(&symbols(&[BTC]), &[]).unwrap();
    for url in ["", "nonsense", "http://host/", "ws://", "wss:///x", "ws//x"] {
        let error = stream().with_url(url).unwrap_err();
        assert!(error.to_string().contains("wss://HOST/PATH"), "{error}");
    }
    assert_eq!(YahooStream::new(&[], &[]).unwrap_err().key, "symbols");
    assert_eq!(stream().with_heartbeat(Duration::ZERO).unwrap_err().key, "heartbeat_ms");
    assert_eq!(stream().with_idle(Duration::ZERO).unwrap_err().key, "idle_ms");
    assert_eq!(stream().with_pauses(20 * MS, 10 * MS).unwrap_err().key, "first_pause_ms");
    assert_eq!(stream().with_client(MS, Some("a\nb")).unwrap_err().key, "user_agent");
}

/// A symbol whose stream ends in the middle, and says everything again.
struct Streams(Streamer, Stub);

impl Streams {
    fn new() -> Self {
        let scripted =
            [(0, 100), (5, 105), (5, 105), (3, 103), (9, 109), (9, 110), (12, 90), (12, 90)];
        let message = |(second, price): (i64, i64)| {
            Price { volume: 1_000 + price, ..full(second, price as f32) }.say()
        };
        let messages = scripted.map(message);
        let host = Streamer::start(move |nth| match nth {
            0 => messages[..4].to_vec(),
            _ => messages.to_vec(),
        });
        Self(host, no_charts())
    }
}

impl SourceHarness for Streams {
    type Source = YahooStream;

    async fn open(&self, cursors: &[Cursor]) -> YahooStream {
        listen(&self.0.session(), &self.1, &[BTC], cursors).with_connections(3)
    }

    fn expected(&self) -> Vec<Quote> {
        let of = |(second, number, price): (i64, i64, i64)| Quote {
            symbol: BTC.parse().unwrap(),
            timestamp: Timestamp::from_micros((AT + second) * 1_000_000 + number).unwrap(),
            open: "228.3".parse().unwrap(),
            high: "1000000".parse().unwrap(),
            low: "0.01".parse().unwrap(),
            price: price.to_string().parse().unwrap(),
            previous_close: "228.02".parse().unwrap(),
            volume: (1_000 + price).try_into().unwrap(),
        };
        // Of one time, what has traded less is older.
        [(0, 0, 100), (5, 0, 105), (9, 0, 109), (9, 1, 110), (12, 0, 90)].map(of).to_vec()
    }
}

#[tokio::test]
async fn listening_keeps_the_contract() -> Outcome {
    let streams = Streams::new();
    all(&streams).await?;
    goes_on_from_every_cursor(&streams).await
}
