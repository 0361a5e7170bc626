//! The promises of `docs/semantics.md`, as properties of histories: both functions of Lambda behind simulated mappings, on backends
//! that fail and containers that die at any call, come to what an undisturbed run comes to.
//!
//! `STOCKFLOW_HISTORIES=1000000 cargo test …` plays more of them (`=200000..300000`: those of these seeds), and
//! `STOCKFLOW_HISTORY='seed=7 …'` only that one, with what it did.
#![cfg(all(feature = "dynamodb", feature = "lambda"))]
#![allow(unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod backends;
mod breaks;
mod dice;
mod fate;
mod functions;
mod histories;
mod model;
mod plan;
mod remains;
mod stream;
mod undisturbed;
mod world;

use fate::Blow;
use histories::{Tally, check, each, report};
use plan::Plan;

/// So many histories are played in the test command.
const HISTORIES: u64 = 10_000;

#[test]
fn whatever_fails_the_outcome_is_that_of_an_undisturbed_run() {
    if let Ok(plan) = std::env::var("STOCKFLOW_HISTORY") {
        return report(&plan.parse().unwrap());
    }
    let asked = std::env::var("STOCKFLOW_HISTORIES").unwrap_or(HISTORIES.to_string());
    let (first, end) = asked.split_once("..").unwrap_or(("0", &asked));
    let seeds = first.parse().unwrap()..end.parse().unwrap();
    let tally = each(seeds.clone().map(Plan::random));
    println!("{tally}");
    if seeds.end - seeds.start >= HISTORIES {
        assert_eq!(tally.missing(), [""; 0], "it never came to that");
    }
}

/// Each call of a small history goes wrong in each way, one in each history.
#[test]
fn a_crash_at_any_place_changes_nothing() {
    let mut plans = Vec::new();
    for seed in 0..4 {
        let calm =
            Plan { duplicates: 20, poison: 100, reorder: 4, ..Plan::calm(seed, 8 + 3 * seed) };
        let calls = check(&calm).unwrap().calls;
        assert!(calls > 30, "{calls}");
        for blow in 1..=calls {
            plans.extend((0..Blow::ALL.len() as u64).map(|kind| Plan {
                blow,
                blow_kind: kind,
                ..calm.clone()
            }));
        }
    }
    let tally: Tally = each(plans.into_iter());
    println!("{tally}");
}
