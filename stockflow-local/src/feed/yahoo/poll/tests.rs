//! On a virtual clock, with answers out of a table.

use std::{
    collections::HashMap,
    sync::{Mutex, atomic::AtomicU64},
};

use serde_json::json;
use stockflow_core::Quote;

use super::*;

const MONDAY: &str = "2026-11-23T15:00:00Z";

/// Answers from a function of the symbol and of the virtual time since the start, and notes when it was asked.
struct Host<F>(F, Instant, Arc<Mutex<Vec<(String, Duration)>>>);

impl<F> fmt::Debug for Host<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

#[async_trait]
impl<F: Fn(&str, Duration) -> Answer + Send + Sync> Fetch for Host<F> {
    async fn get(&self, url: String) -> Result<Answer, String> {
        let symbol = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        let at = self.1.elapsed();
        self.2.lock().unwrap().push((symbol.clone(), at));
        tokio::time::sleep(Duration::from_millis(200)).await;
        Ok((self.0)(&symbol, at))
    }
}

type Log = Arc<Mutex<Vec<(String, Duration)>>>;

fn start() -> Timestamp {
    MONDAY.parse().unwrap()
}

fn poll(
    symbols: &[&str],
    host: impl Fn(&str, Duration) -> Answer + Send + Sync + 'static,
) -> (YahooPoll, Log) {
    let symbols: Vec<Symbol> = symbols.iter().map(|text| text.parse().unwrap()).collect();
    let begin = Instant::now();
    let log = Log::default();
    let mut poll = YahooPoll::new(&symbols, &[]).unwrap();
    poll.fetch = Arc::new(Host(host, begin, Arc::clone(&log)));
    let poll = poll.with_clock(move || start().saturating_add(begin.elapsed()));
    (poll, log)
}

fn json_answer(status: u16, body: &serde_json::Value) -> Answer {
    Answer { status, retry_after: None, body: body.to_string().into_bytes() }
}

/// A quote whose price and volume say when it was asked for.
fn chart(symbol: &str, at: Duration) -> Answer {
    let now = start().as_micros() / 1_000_000 + at.as_secs() as i64;
    let volume = 1_000 + at.as_secs();
    json_answer(
        200,
        &json!({ "chart": { "error": null, "result": [{
        "meta": {
            "symbol": symbol, "regularMarketTime": now, "gmtoffset": 0, "regularMarketPrice": 100,
            "regularMarketDayHigh": 101, "regularMarketDayLow": 99, "regularMarketVolume": volume,
            "chartPreviousClose": 100,
        },
        "timestamp": [now],
        "indicators": { "quote": [{ "open": [100] }] },
    }] } }),
    )
}

/// What comes within so much time.
async fn within(poll: &mut YahooPoll, time: Duration) -> Vec<Quote> {
    let end = Instant::now() + time;
    let mut quotes = Vec::new();
    while let Ok(batch) = tokio::time::timeout_at(end, poll.next_batch()).await {
        match batch.unwrap() {
            Some(batch) => quotes.extend(batch.quotes),
            None => break,
        }
    }
    quotes
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

#[tokio::test(start_paused = true)]
async fn each_symbol_is_asked_every_interval() {
    let (mut poll, log) = poll(&["BTC-USD", "ETH-USD"], chart);
    let quotes = within(&mut poll, seconds(300)).await;
    assert_eq!(log.lock().unwrap().len(), 20);
    assert_eq!(quotes.len(), 20);
}

#[tokio::test(start_paused = true)]
async fn many_symbols_keep_to_the_rate_and_to_so_many_at_once() {
    let names: Vec<String> = (0..500).map(|number| format!("S{number}-USD")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (poll, log) = poll(&names, chart);
    let mut poll = poll.with_rate(300).unwrap().with_concurrency(3).unwrap();
    let quotes = within(&mut poll, seconds(600)).await;
    let asked: Vec<Duration> = log.lock().unwrap().iter().map(|(_, at)| *at).collect();
    assert!((2_900..=3_060).contains(&asked.len()), "{}", asked.len());
    for (number, from) in asked.iter().enumerate() {
        let minute = asked[number..].iter().take_while(|at| **at < *from + seconds(60)).count();
        assert!(minute <= 350, "{minute} in a minute");
        // An answer takes 200 ms.
        let at_once =
            asked[number..].iter().take_while(|at| **at < *from + Duration::from_millis(199));
        assert!(at_once.count() <= 3);
    }
    let mut of_each: HashMap<Symbol, u32> = HashMap::new();
    quotes.iter().for_each(|quote| *of_each.entry(quote.symbol).or_default() += 1);
    assert!(of_each.len() == 500 && of_each.values().all(|count| (5..=7).contains(count)));
}

#[tokio::test(start_paused = true)]
async fn closed_markets_are_not_polled() {
    let (mut poll, log) = poll(&["AAPL", "BTC-USD"], chart);
    // From Monday 10:00 to Tuesday 10:00 in New York.
    within(&mut poll, seconds(86_400)).await;
    let log = log.lock().unwrap();
    let of = |symbol: &str| -> Vec<Duration> {
        log.iter().filter(|(asked, _)| asked == symbol).map(|(_, at)| *at).collect()
    };
    assert!((2_870..=2_880).contains(&of("BTC-USD").len()));
    // 15:00 to 21:30, and from 14:30 on.
    let (close, open) = (seconds(6 * 3_600 + 1_800), seconds(84_600));
    assert!(of("AAPL").into_iter().all(|at| at <= close || at >= open));
    assert!((835..=845).contains(&of("AAPL").len()), "{}", of("AAPL").len());
}

#[tokio::test(start_paused = true)]
async fn days_of_429_are_borne_and_end_by_themselves() {
    let days = seconds(2 * 86_400);
    let (mut poll, log) = poll(&["BTC-USD", "ETH-USD", "EURUSD=X"], move |symbol, at| {
        let body = b"Too Many Requests\r\n".to_vec();
        if at < days { Answer { status: 429, retry_after: None, body } } else { chart(symbol, at) }
    });
    assert_eq!(within(&mut poll, days).await, []);
    let requests = log.lock().unwrap().len();
    assert!((48..70).contains(&requests), "{requests} requests in two days");
    assert_eq!(poll.counts().refused(), requests as u64);
    let quotes = within(&mut poll, seconds(3_700)).await;
    assert!(quotes.len() > 3, "{}", quotes.len());
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_kept() {
    let (mut poll, log) = poll(&["BTC-USD", "ETH-USD"], |symbol, at| {
        let refusal = Answer { status: 429, retry_after: Some(seconds(120)), body: Vec::new() };
        if at < seconds(60) { refusal } else { chart(symbol, at) }
    });
    within(&mut poll, seconds(200)).await;
    let log = log.lock().unwrap();
    // Both were under way; then one goes first.
    assert!(log[1].1 < seconds(1) && log[2].1 >= seconds(120), "{log:?}");
    assert!(log[3].1 >= log[2].1 + Duration::from_millis(200), "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn what_waits_asks_nobody() {
    let (mut poll, log) = poll(&["BTC-USD"], chart);
    assert!(poll.next_batch().await.unwrap().is_some());
    tokio::time::sleep(seconds(3_600)).await;
    assert_eq!(log.lock().unwrap().len(), 1);
    assert!(poll.next_batch().await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_symbol_that_fails_does_not_hold_up_the_others() {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let (mut poll, log) = poll(&["BAD-USD", "GONE-USD", "BTC-USD"], |symbol, at| match symbol {
        "BAD-USD" => {
            SEEN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Answer { status: 500, retry_after: None, body: b"<html>".to_vec() }
        }
        "GONE-USD" => json_answer(
            404,
            &json!({ "chart": { "result": null, "error": { "code": "Not Found", "description": "No data found" } } }),
        ),
        _ => chart(symbol, at),
    });
    let quotes = within(&mut poll, seconds(1_800)).await;
    assert_eq!(quotes.len(), 60);
    let log = log.lock().unwrap();
    assert_eq!(log.iter().filter(|(symbol, _)| symbol == "GONE-USD").count(), 1);
    assert!(log.iter().filter(|(symbol, _)| symbol == "BAD-USD").count() < 9);
}

#[tokio::test(start_paused = true)]
async fn a_market_that_no_calendar_knows_is_asked_seldom_when_its_session_is_over() {
    let (mut poll, log) = poll(&["VOD.L"], |symbol, at| {
        let mut answer: serde_json::Value =
            serde_json::from_slice(&chart(symbol, Duration::ZERO.max(at.min(seconds(5_400)))).body)
                .unwrap();
        // 08:00 to 16:30 of Monday; the virtual clock starts at 15:00.
        let end = start().as_micros() / 1_000_000 + 5_400;
        answer["chart"]["result"][0]["meta"]["currentTradingPeriod"] =
            json!({ "regular": { "start": end - 30_600, "end": end } });
        json_answer(200, &answer)
    });
    within(&mut poll, seconds(12 * 3_600)).await;
    let log = log.lock().unwrap();
    let after = log.iter().filter(|(_, at)| *at > seconds(7_300)).count();
    assert!((15..=21).contains(&after), "{after}");
    assert!(log.len() - after > 230, "{}", log.len());
}

#[tokio::test(start_paused = true)]
async fn what_is_urgent_is_asked_soon_and_never_more_than_once_a_minute() {
    let (poll, log) = poll(&["BTC-USD", "ETH-USD"], chart);
    let mut poll = poll.with_interval(seconds(900)).unwrap();
    for second in 0..150 {
        within(&mut poll, seconds(1)).await;
        if second > 10 {
            poll.hurry(&"BTC-USD".parse().unwrap());
        }
    }
    let log = log.lock().unwrap();
    let of = |symbol: &str| log.iter().filter(|(asked, _)| asked == symbol).count();
    assert_eq!((of("BTC-USD"), of("ETH-USD")), (3, 1));
}

#[test]
fn symbols_are_encoded_in_paths() {
    for (symbol, path) in [("BRK-B", "BRK-B"), ("^GSPC", "%5EGSPC"), ("EURUSD=X", "EURUSD%3DX")] {
        assert_eq!(encoded(&symbol.parse().unwrap()), path);
    }
}

#[test]
fn options_out_of_bounds_are_refused() {
    let symbols = ["A", "B", "A"].map(|text| text.parse().unwrap());
    assert_eq!(YahooPoll::new(&[], &[]).unwrap_err().key, "symbols");
    assert_eq!(YahooPoll::new(&symbols, &[]).unwrap_err().key, "symbols");
    let poll = || YahooPoll::new(&symbols[..2], &[]).unwrap();
    assert_eq!(poll().with_interval(Duration::ZERO).unwrap_err().key, "interval");
    assert_eq!(poll().with_rate(0).unwrap_err().key, "requests_a_minute");
    assert_eq!(poll().with_concurrency(0).unwrap_err().key, "concurrency");
}
