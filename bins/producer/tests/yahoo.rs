//! The real program polls a host on this machine.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, unreachable_pub, reason = "a test")]

#[path = "stub/kinesis.rs"]
mod kinesis;
#[path = "../../../stockflow-local/tests/yahoo/streamer.rs"]
mod streamer;
#[path = "../../../stockflow-local/tests/yahoo/stub.rs"]
mod stub;

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use kinesis::Kinesis;
use streamer::{Act, Price, Streamer};
use stub::{AT, Reply, Stub, chart};

/// Each symbol has news three times, and then not any more; one is refused now and then.
fn host() -> Stub {
    Stub::start(|symbol, nth| {
        let nth = nth as i64;
        match symbol {
            "BAD-USD" => Reply::Http(200, "", b"<html>".to_vec()),
            "ETH-USD" if nth == 1 => Reply::Http(500, "", vec![]),
            _ => Reply::Http(200, "", chart(symbol, nth.min(4) * 7, 10_000 + nth.min(4))),
        }
    })
}

fn start(kinesis: &Kinesis, host: &Stub, data: &std::path::Path, more: &[&str]) -> Child {
    kinesis
        .producer(data)
        .env("STOCKFLOW_FEED", "yahoo")
        .env("STOCKFLOW_SYMBOLS", "BTC-USD,ETH-USD,BAD-USD")
        .env("STOCKFLOW_INTERVAL", "1")
        .env("STOCKFLOW_YAHOO_URL", format!("http://{}/0", host.address))
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Asks the program to stop: the last line of its metrics.
fn stop(child: Child) -> serde_json::Value {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {text}", output.status);
    for line in text.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "a log is JSON: {line}");
    }
    let stdout = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(stdout.lines().last().unwrap()).unwrap()
}

fn health(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[test]
fn news_is_sent_once_also_by_the_next_run_and_metrics_and_health_tell_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (kinesis, host) = (Kinesis::start(Duration::from_millis(1), 0), host());
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let child = start(&kinesis, &host, folder.path(), &["--health", &port.to_string()]);
    // Five answers with news of one symbol, four of the other.
    while kinesis.records().len() < 9 {
        thread::sleep(Duration::from_millis(20));
    }
    let health = health(port).unwrap();
    assert!(health.starts_with("HTTP/1.1 200 ") && health.contains("\"quotes\":9"), "{health}");
    let metrics = stop(child);
    for (name, least) in [("Polls", 12), ("Quotes", 9), ("Delivered", 9), ("PollFailures", 2)] {
        assert!(metrics[name].as_u64() >= Some(least), "{name}: {metrics}");
    }
    assert_eq!(metrics["SpoolDepth"], 0);
    assert_eq!(metrics["Throttled"], 0);

    let again = start(&kinesis, &host, folder.path(), &["--once"]);
    let output = again.wait_with_output().unwrap();
    assert!(output.status.success());
    let sent = kinesis.records();
    assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), 9, "no news, nothing sent");
}

fn listen(kinesis: &Kinesis, host: &Stub, url: &str, data: &std::path::Path) -> Command {
    let mut command = kinesis.producer(data);
    command
        .env("STOCKFLOW_FEED", "yahoo-stream")
        .env("STOCKFLOW_SYMBOLS", "BTC-USD,ETH-USD")
        .env("STOCKFLOW_YAHOO_URL", format!("http://{}/0", host.address))
        .env("STOCKFLOW_YAHOO_STREAM_URL", url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn what_a_stream_tells_is_sent_once_also_by_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let kinesis = Kinesis::start(Duration::from_millis(1), 0);
    // One symbol has snapshots; the messages of the other tell everything.
    let host = Stub::start(|symbol, _| match symbol {
        "BTC-USD" => Reply::Http(200, "", chart(symbol, 0, 10_000)),
        _ => Reply::Http(200, "", b"<html>".to_vec()),
    });
    let streamer = Streamer::start(|nth| {
        let day = Some([1e6, 0.01, 228.3, 228.02]);
        let eth =
            |second| Price { day, ..Price::new("ETH-USD", (AT + second) * 1_000, 99.5, 1_000) };
        let mut acts = vec![Act::Say("<html>".to_owned())];
        acts.extend((0..3 + nth as i64).map(|second| eth(second).say()));
        acts.push(Act::Hold);
        acts
    });
    let url = format!("ws://{}/", streamer.address);
    for expected in [4, 5] {
        let child = listen(&kinesis, &host, &url, folder.path()).spawn().unwrap();
        while kinesis.records().len() < expected {
            thread::sleep(Duration::from_millis(20));
        }
        let metrics = stop(child);
        assert!(metrics["Polls"].as_u64() >= Some(4), "{metrics}");
        assert!(metrics["PollFailures"].as_u64() >= Some(1), "{metrics}");
        let sent = kinesis.records();
        assert_eq!((sent.len(), sent.iter().collect::<BTreeSet<_>>().len()), (expected, expected));
    }
}

#[test]
fn a_stream_that_cannot_be_trusted_says_so_and_stops_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let kinesis = Kinesis::start(Duration::from_millis(1), 0);
    // Something between that speaks no TLS.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (host, url) = (host(), format!("wss://{}/", listener.local_addr().unwrap()));
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        }
    });
    let mut child = listen(&kinesis, &host, &url, folder.path()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    while !text.contains("TLS failed") {
        assert!(log.read_line(&mut text).unwrap() > 0, "it ended by itself: {text}");
    }
    stop(child);
}

#[test]
fn a_stream_has_no_rounds() {
    let folder = tempfile::tempdir().unwrap();
    let kinesis = Kinesis::start(Duration::from_millis(1), 0);
    for (url, argument, text) in [
        ("ws://127.0.0.1:9/", "--once", "say --feed yahoo"),
        ("http://127.0.0.1:9/", "--dry-run", "wss://HOST/PATH"),
    ] {
        let mut command = listen(&kinesis, &host(), url, folder.path());
        let output = command.arg(argument).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(text), "{told}");
    }
}

#[test]
fn asked_once_it_fails_when_no_symbol_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (kinesis, host) = (Kinesis::start(Duration::from_millis(1), 0), host());
    let run = |symbols: &str, argument: &str| {
        let mut command = kinesis.producer(folder.path());
        command.env("STOCKFLOW_FEED", "yahoo").env("STOCKFLOW_SYMBOLS", symbols);
        command.env("STOCKFLOW_YAHOO_URL", format!("http://{}/0", host.address));
        let output = command.args(["--once", argument]).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for argument in ["--records=plain", "--dry-run"] {
        let (code, told) = run("BAD-USD", argument);
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains("of 1 polls") && told.contains("1 failed"), "{told}");
        assert_eq!(run("BAD-USD,BTC-USD", argument).0, Some(0), "one is answered");
    }
}
