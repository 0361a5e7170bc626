//! A WebSocket host on this machine that streams as Yahoo does, and as it should not.
#![allow(dead_code, reason = "not every test asks for everything")]

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use base64_simd::STANDARD;
use tokio_tungstenite::tungstenite::{
    Message, accept_hdr,
    handshake::server::{ErrorResponse, Request, Response},
};

/// What is done on a connection, one after another; at the end it is closed.
#[derive(Clone, Debug)]
pub enum Act {
    /// Answers the handshake with that status: only as the first.
    Refuse(u16),
    Say(String),
    Binary(Vec<u8>),
    /// Waits until the gate is open.
    Gate(Gate),
    Wait(Duration),
    /// Answers pings, and says nothing more, until the other side goes.
    Hold,
    /// Says and hears nothing more.
    Deaf,
    /// Without a word.
    HangUp,
}

#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<AtomicBool>);

impl Gate {
    pub fn open(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn wait(&self) {
        while !self.0.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A price: market time in milliseconds, and what else is told.
#[derive(Clone, Copy, Debug)]
pub struct Price<'a> {
    pub symbol: &'a str,
    pub millis: i64,
    pub price: f32,
    pub volume: i64,
    /// 1 is the regular session.
    pub hours: u8,
    /// High, low, open and previous close.
    pub day: Option<[f32; 4]>,
}

impl<'a> Price<'a> {
    pub const fn new(symbol: &'a str, millis: i64, price: f32, volume: i64) -> Self {
        Self { symbol, millis, price, volume, hours: 1, day: None }
    }

    pub fn protobuf(&self) -> Vec<u8> {
        let mut out = vec![0x0a, self.symbol.len() as u8];
        out.extend_from_slice(self.symbol.as_bytes());
        float(&mut out, 2, self.price);
        varint(&mut out, 3 << 3);
        varint(&mut out, (self.millis << 1) as u64);
        // Of no interest: a currency, a kind of quote, a change.
        out.extend_from_slice(b"\x22\x03USD\x30\x29");
        float(&mut out, 8, 1.25);
        if self.hours > 0 {
            out.extend_from_slice(&[7 << 3, self.hours]);
        }
        if self.volume > 0 {
            varint(&mut out, 9 << 3);
            varint(&mut out, (self.volume << 1) as u64);
        }
        for (field, value) in [10, 11, 15, 16].into_iter().zip(self.day.into_iter().flatten()) {
            float(&mut out, field, value);
        }
        out
    }

    /// As the first version of the stream has it.
    pub fn plain(&self) -> String {
        STANDARD.encode_to_string(self.protobuf())
    }

    pub fn text(&self) -> String {
        format!(r#"{{"type":"pricing","message":"{}"}}"#, self.plain())
    }

    pub fn say(&self) -> Act {
        Act::Say(self.text())
    }
}

fn float(out: &mut Vec<u8>, field: u64, value: f32) {
    varint(out, field << 3 | 5);
    out.extend_from_slice(&value.to_le_bytes());
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// What is done on the `nth` connection (from 0) to a path.
type Script = dyn Fn(u64) -> Vec<Act> + Send + Sync;

/// What was seen, over all paths.
#[derive(Debug, Default)]
struct Seen {
    connections: AtomicU64,
    of_path: Mutex<HashMap<String, u64>>,
    subscriptions: Mutex<Vec<String>>,
}

pub struct Streamer {
    pub address: SocketAddr,
    sessions: AtomicU64,
    seen: Arc<Seen>,
}

impl Streamer {
    pub fn start(script: impl Fn(u64) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Self::listen(script, Ok)
    }

    /// Behind a layer around each connection, such as TLS.
    pub fn listen<S: Read + Write + 'static>(
        script: impl Fn(u64) -> Vec<Act> + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> io::Result<S> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let script: Arc<Script> = Arc::new(script);
        let (seen, wrap) = (Arc::new(Seen::default()), Arc::new(wrap));
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let (script, seen, wrap) =
                    (Arc::clone(&script), Arc::clone(&shared), Arc::clone(&wrap));
                thread::spawn(move || serve(wrap(stream).ok()?, &*script, &seen));
            }
        });
        Self { address, sessions: AtomicU64::new(0), seen }
    }

    /// A URL under which connections are counted from 0.
    pub fn session(&self) -> String {
        let session = self.sessions.fetch_add(1, Ordering::Relaxed);
        format!("ws://{}/{session}", self.address)
    }

    pub fn connections(&self) -> u64 {
        self.seen.connections.load(Ordering::Relaxed)
    }

    /// What each connection said first.
    pub fn subscriptions(&self) -> Vec<String> {
        self.seen.subscriptions.lock().unwrap().clone()
    }
}

fn serve(stream: impl Read + Write, script: &Script, seen: &Seen) -> Option<()> {
    let mut acts = Vec::new();
    #[allow(clippy::result_large_err, reason = "the signature is the library's")]
    let choose = |request: &Request, response: Response| {
        let mut of_path = seen.of_path.lock().unwrap();
        let nth = of_path.entry(request.uri().path().to_owned()).or_default();
        acts = script(*nth);
        *nth += 1;
        match acts.first() {
            Some(Act::Refuse(status)) => {
                let mut refusal = ErrorResponse::new(None);
                *refusal.status_mut() = (*status).try_into().unwrap();
                Err(refusal)
            }
            _ => Ok(response),
        }
    };
    let mut socket = accept_hdr(stream, choose).ok()?;
    if let Ok(Message::Text(text)) = socket.read() {
        seen.subscriptions.lock().unwrap().push(text.to_string());
    }
    // The ping after it: of what was not read when a connection ends, the system makes a reset, which takes what was said with it.
    let _ = socket.read();
    for act in acts {
        match act {
            Act::Refuse(_) => {}
            Act::Say(text) => socket.send(Message::text(text)).ok()?,
            Act::Binary(bytes) => socket.send(Message::binary(bytes)).ok()?,
            Act::Gate(gate) => gate.wait(),
            Act::Wait(time) => thread::sleep(time),
            Act::Hold => while socket.read().is_ok() {},
            Act::Deaf => thread::sleep(Duration::from_secs(60)),
            Act::HangUp => return None,
        }
    }
    socket.close(None).ok()?;
    while socket.read().is_ok() {}
    None
}
