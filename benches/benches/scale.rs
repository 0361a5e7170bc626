//! The whole durable pipeline (spool, table, lake, ledger) over the same number of quotes, spread over more and more symbols:
//! what a quote costs in CPU time of all threads, and how that relates to the first row.
//!
//! `cargo bench -p stockflow-benches --bench scale`; without `--bench` it runs a small round as a check. `SYMBOLS=10000` runs one row
//! only, for a profiler.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use stockflow_benches::market;
use stockflow_core::{Rules, Timestamp, memory::MemorySource};
use stockflow_local::{Pipeline, Summary};

/// Quotes that a source delivers at once: as many as a replay of files does.
const SOURCE_BATCH: usize = 4_096;

fn main() {
    let is_bench = std::env::args().any(|arg| arg == "--bench");
    let quotes = if is_bench { 1_000_000 } else { 20_000 };
    let only: Option<usize> = std::env::var("SYMBOLS").ok().and_then(|text| text.parse().ok());
    let rows = only.map_or_else(|| vec![10, 100, 1_000, 10_000], |symbols| vec![symbols]);
    println!("the whole durable pipeline, {quotes} quotes");
    println!(
        "  symbols  CPU ns a quote  to the first   quotes/s  stage 1 s  stage 2 s  alerts  peak"
    );
    let mut first = None;
    for symbols in rows {
        let (cpu, wall, summary) = run(symbols, quotes);
        let nanos = cpu.as_nanos() as f64 / quotes as f64;
        let base = *first.get_or_insert(nanos);
        println!(
            "  {symbols:>7}  {nanos:>14.0}  {:>10.2} x  {:>9.0}  {:>9.2}  {:>9.2}  {:>6}  {}",
            nanos / base,
            quotes as f64 / wall.as_secs_f64(),
            summary.times.stage_one.as_secs_f64(),
            summary.times.stage_two.as_secs_f64(),
            summary.alerts,
            peak()
        );
    }
}

fn run(symbols: usize, quotes: usize) -> (Duration, Duration, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let source = MemorySource::new(market::quotes(symbols, quotes)).with_batch_size(SOURCE_BATCH);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut pipeline =
        Pipeline::open(folder.path(), Rules::default_set()).unwrap().with_clock(late);
    let (cpu, wall) = (cpu_time(), Instant::now());
    let summary = runtime.block_on(pipeline.run(Box::new(source), std::future::pending())).unwrap();
    let spent = (cpu_time().saturating_sub(cpu), wall.elapsed());
    assert_eq!((summary.accepted, summary.pending), (quotes as u64, 0));
    (spent.0, spent.1, summary)
}

/// A clock after all market times, so that none of them is refused as one of the future.
const fn late() -> Timestamp {
    Timestamp::MAX
}

/// CPU time of this process so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Most memory that was ever resident.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?").trim().to_owned()
}
