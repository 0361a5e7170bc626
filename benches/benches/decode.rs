//! The wire codec against `serde_json` and `sonic-rs` with the struct that one would write for them.
//!
//! Ours checks every field, keeps prices exact and reads the time; theirs take floats and leave the time as text.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use std::{hint::black_box, time::Duration};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group};
use serde::{Deserialize, Serialize};
use stockflow_benches::{
    compare::{Contestant, compare},
    market,
};
use stockflow_core::{Quote, wire};

/// The cheapest typed struct: texts are borrowed.
#[derive(Clone, Deserialize, Serialize)]
struct Record<'a> {
    symbol: &'a str,
    open: f64,
    high: f64,
    low: f64,
    price: f64,
    previous_close: f64,
    change: f64,
    change_percent: f64,
    volume: i64,
    timestamp: &'a str,
}

/// What one would write first.
#[derive(Deserialize)]
struct Owned {
    symbol: String,
    open: f64,
    high: f64,
    low: f64,
    price: f64,
    previous_close: f64,
    change: f64,
    change_percent: f64,
    volume: i64,
    timestamp: String,
}

impl Owned {
    fn sum(&self) -> u64 {
        let prices = self.open + self.high + self.low + self.price + self.previous_close;
        let derived = self.change + self.change_percent;
        (prices + derived) as u64
            + self.volume as u64
            + (self.symbol.len() + self.timestamp.len()) as u64
    }
}

struct Input {
    quotes: Vec<Quote>,
    canonical: Vec<Bytes>,
    /// As Python's `json.dumps` writes it.
    spaced: Vec<Bytes>,
}

impl Input {
    fn new() -> Self {
        let quotes = market::quotes(500, 2_000);
        let canonical = market::records(&quotes);
        let spaced = |record: &Bytes| {
            let text = std::str::from_utf8(record).unwrap();
            text.replace(",\"", ", \"").replace("\":", "\": ").into()
        };
        Self { spaced: canonical.iter().map(spaced).collect(), canonical, quotes }
    }

    fn typed(&self) -> Vec<Record<'_>> {
        self.canonical.iter().map(|record| serde_json::from_slice(record).unwrap()).collect()
    }
}

fn ours(records: &[Bytes]) -> u64 {
    records.iter().map(|r| black_box(wire::decode(r)).unwrap().quote.price.units() as u64).sum()
}

fn with_serde_json(records: &[Bytes]) -> u64 {
    let decode = |r| serde_json::from_slice::<Record<'_>>(r).unwrap();
    records.iter().map(|r| black_box(decode(r)).price as u64).sum()
}

fn with_serde_json_owned(records: &[Bytes]) -> u64 {
    records.iter().map(|r| serde_json::from_slice::<Owned>(r).unwrap().sum()).sum()
}

fn with_sonic(records: &[Bytes]) -> u64 {
    let decode = |r| sonic_rs::from_slice::<Record<'_>>(r).unwrap();
    records.iter().map(|r| black_box(decode(r)).price as u64).sum()
}

fn encode_all<T>(items: &[T], mut encode: impl FnMut(&T, &mut Vec<u8>)) -> u64 {
    let mut out = Vec::with_capacity(1024);
    let mut len = 0;
    for item in items {
        out.clear();
        encode(item, &mut out);
        len += black_box(&out).len() as u64;
    }
    len
}

fn encode_ours(quotes: &[Quote]) -> u64 {
    encode_all(quotes, wire::encode)
}

fn bench(criterion: &mut Criterion) {
    let input = Input::new();
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(input.canonical.len() as u64));
    group.bench_function("stockflow, canonical", |b| b.iter(|| ours(&input.canonical)));
    group.bench_function("stockflow, any JSON", |b| b.iter(|| ours(&input.spaced)));
    group.bench_function("serde_json", |b| b.iter(|| with_serde_json(&input.canonical)));
    group.finish();
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Elements(input.quotes.len() as u64));
    group.bench_function("stockflow", |b| b.iter(|| encode_ours(&input.quotes)));
    group.finish();
}

fn ratios() {
    let input = Input::new();
    compare(
        "decode a record",
        input.canonical.len(),
        501,
        vec![
            Contestant::new("stockflow, canonical record", || ours(&input.canonical)),
            Contestant::new("stockflow, record of Python's json.dumps", || ours(&input.spaced)),
            Contestant::new("serde_json, texts borrowed", || with_serde_json(&input.canonical)),
            Contestant::new("serde_json, texts owned", || with_serde_json_owned(&input.canonical)),
            Contestant::new("serde_json, borrowed, json.dumps", || with_serde_json(&input.spaced)),
            Contestant::new("sonic-rs, texts borrowed", || with_sonic(&input.canonical)),
        ],
    );
    let typed = input.typed();
    compare(
        "encode a record",
        typed.len(),
        501,
        vec![
            Contestant::new("stockflow", || encode_ours(&input.quotes)),
            Contestant::new("serde_json", || {
                encode_all(&typed, |record, out| serde_json::to_writer(out, record).unwrap())
            }),
            Contestant::new("sonic-rs", || {
                encode_all(&typed, |record, out| sonic_rs::to_writer(out, record).unwrap())
            }),
        ],
    );
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = bench
}

fn main() {
    benches();
    ratios();
}
