//! A host on this machine that answers as Yahoo does, and as it should not.
#![allow(dead_code, reason = "not every test asks for everything")]

use std::{
    collections::HashMap,
    io::{self, BufRead as _, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::json;

/// What a request is answered with.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Status, more headers, body.
    Http(u16, &'static str, Vec<u8>),
    /// The first half of a body, and no more.
    HangUp,
    /// Nothing for so long, then a good answer.
    Slow(Duration),
}

/// 2026-11-23, 15:00:00 UTC.
pub const AT: i64 = 1_795_446_000;
pub const START: i64 = AT - 1_800;

/// A good answer: so many cents for a share, at that second after `AT`.
pub fn chart(symbol: &str, second: i64, cents: i64) -> Vec<u8> {
    rows(symbol, second, cents, json!([START]), json!([228.3000030517578]))
}

/// With other rows.
pub fn rows(
    symbol: &str,
    second: i64,
    cents: i64,
    times: serde_json::Value,
    opens: serde_json::Value,
) -> Vec<u8> {
    let price = cents as f64 / 100.0;
    json!({ "chart": { "error": null, "result": [{
        "meta": {
            "currency": "USD", "symbol": symbol, "regularMarketTime": AT + second, "gmtoffset": -18_000,
            "regularMarketPrice": price, "regularMarketDayHigh": 1e6, "regularMarketDayLow": 0.01,
            "regularMarketVolume": 1_000 + cents, "chartPreviousClose": 228.02, "priceHint": 2,
            "currentTradingPeriod": {
                "regular": { "start": START, "end": START + 23_400, "gmtoffset": -18_000 },
            },
        },
        "timestamp": times,
        "indicators": { "quote": [{ "open": opens }] },
    }] } })
    .to_string()
    .into_bytes()
}

/// Answers the `nth` request (from 0) for a symbol in a session, which is the first segment of the path.
type Script = dyn Fn(&str, u64) -> Reply + Send + Sync;

pub struct Stub {
    pub address: SocketAddr,
    sessions: AtomicU64,
}

impl Stub {
    pub fn start(script: impl Fn(&str, u64) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(script, Ok)
    }

    /// Behind a layer around each connection, such as TLS.
    pub fn listen<S: Read + Write + 'static>(
        script: impl Fn(&str, u64) -> Reply + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> io::Result<S> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let script: Arc<Script> = Arc::new(script);
        let asked: Arc<Mutex<HashMap<String, u64>>> = Arc::default();
        let wrap = Arc::new(wrap);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, asked) = (Arc::clone(&script), Arc::clone(&asked));
                let wrap = Arc::clone(&wrap);
                thread::spawn(move || {
                    let stream = wrap(stream)?;
                    serve(stream, &*script, &asked)
                });
            }
        });
        Self { address, sessions: AtomicU64::new(0) }
    }

    /// A URL under which every symbol is asked for the first time.
    pub fn session(&self) -> String {
        let session = self.sessions.fetch_add(1, Ordering::Relaxed);
        format!("http://{}/{session}", self.address)
    }
}

fn serve(
    stream: impl Read + Write,
    script: &Script,
    asked: &Mutex<HashMap<String, u64>>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if stream.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut header = String::new();
        while stream.read_line(&mut header)? > 2 {
            header.clear();
        }
        let path = request.split(' ').nth(1).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default().to_owned();
        let symbol =
            path.rsplit('/').next().unwrap_or_default().replace("%3D", "=").replace("%5E", "^");
        let nth = {
            let mut asked = asked.lock().unwrap();
            let nth = asked.entry(path).or_default();
            *nth += 1;
            *nth - 1
        };
        let (status, headers, body) = match script(&symbol, nth) {
            Reply::Http(status, headers, body) => (status, headers, body),
            Reply::HangUp => {
                let out = stream.get_mut();
                write!(out, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{{\"chart\":{{\"re")?;
                return out.flush();
            }
            Reply::Slow(time) => {
                thread::sleep(time);
                (200, "", chart(&symbol, 0, 22_900))
            }
        };
        let out = stream.get_mut();
        write!(out, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n", body.len())?;
        out.write_all(&body)?;
        out.flush()?;
    }
}
