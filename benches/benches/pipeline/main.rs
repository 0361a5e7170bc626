//! JSON bytes in, judged, alerts in memory, on one core: the monitor against the same job on timely with sonic-rs, in a bare
//! loop with sonic-rs, and on bytewax, by its operators for one record at a time and by those for batches.
//!
//! The job: three rules (5 % from the previous close, six deviations of the last 20 returns, 5 over 20 quotes crossing), each
//! alert at most once in 30 minutes of market time. The peers do less for it: floats, nothing checked, no order of
//! times, no quality of quotes.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

mod bytewax;
mod ours;
mod peers;
mod rules;

use std::collections::BTreeMap;

use bytes::Bytes;
use stockflow_benches::{
    compare::{Contestant, compare},
    market,
};
use stockflow_core::Rules;

const SYMBOLS: usize = 500;
const QUOTES: usize = 500_000;
const BATCH: usize = 1_000;
const ROUNDS: usize = 9;

fn main() {
    let records: Vec<Bytes> = market::records(&market::quotes(SYMBOLS, QUOTES));
    // The peers' operators need data that outlives them.
    let slices: Vec<&'static [u8]> = records.iter().map(|r| &*r.to_vec().leak()).collect();
    let three = ours::three_rules();
    let all = Rules::default_set();

    assert_eq!(peers::timely(&slices, BATCH), peers::loop_over(&slices), "one job, two ways");

    println!("alerts by rule");
    for (name, alerts) in [
        ("stockflow", count(ours::monitor(&slices, &three).iter().map(|a| a.rule.to_string()))),
        ("timely", count(peers::timely(&slices, BATCH).iter().map(|a| a.rule.to_string()))),
    ] {
        println!("  {name:<12} {alerts:?}");
    }
    let standings = compare(
        &format!("three rules, {SYMBOLS} symbols"),
        records.len(),
        ROUNDS,
        vec![
            Contestant::new("stockflow monitor", || ours::monitor(&slices, &three).len() as u64),
            Contestant::new("timely + sonic-rs", || peers::timely(&slices, BATCH).len() as u64),
            Contestant::new("bare loop + sonic-rs", || peers::loop_over(&slices).len() as u64),
            Contestant::new("stockflow, both stages in memory", || {
                ours::stages(&records, &three, BATCH).len() as u64
            }),
        ],
    );
    for (form, title) in
        [("items", "bytewax + orjson, item by item"), ("batches", "bytewax + orjson, in batches")]
    {
        match bytewax::run(&slices, 3, form) {
            Ok(answer) => {
                let (nanos, alerts) = (answer.nanos(), answer.alerts);
                let ratio = nanos / standings[0].nanos;
                println!("  {title:<52} {nanos:>9.1} ns  {ratio:>7.2} x  ({alerts} alerts)");
            }
            Err(why) => println!("  {title}: {why}"),
        }
    }
    compare(
        &format!("all default rules, {SYMBOLS} symbols"),
        records.len(),
        ROUNDS,
        vec![
            Contestant::new("stockflow monitor", || ours::monitor(&slices, &all).len() as u64),
            Contestant::new("stockflow, both stages in memory", || {
                ours::stages(&records, &all, BATCH).len() as u64
            }),
        ],
    );
}

fn count(rules: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    rules.for_each(|rule| *counts.entry(rule).or_default() += 1);
    counts
}
