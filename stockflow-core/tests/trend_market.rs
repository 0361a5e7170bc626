//! Turns of trend on real quotes: not deaf, and not a nuisance.
//!
//! `cargo test -p stockflow-core --test trend_market -- --include-ignored --nocapture` prints the numbers in `docs/detectors.md`.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "common/files.rs"]
mod files;

use std::{collections::BTreeMap, time::Duration};

use stockflow_core::{
    Alert, Date, Monitor, Policy, Quote, Rule, Rules, Severity, Symbol, TrendDetector,
    trend::{Confirmation, DETECTORS, SmaCrossover},
};

/// By symbol and day: turns, and alerts after the default policy.
type Counts = BTreeMap<(Symbol, Date), [usize; 2]>;

const EVERY_TURN: Policy = Policy {
    confirm: 1,
    confirm_within: Duration::ZERO,
    cooldown: Duration::ZERO,
    rearm: Duration::ZERO,
};

fn count(
    quotes: &[Quote],
    make: impl Fn() -> Box<dyn TrendDetector> + Send + Sync + Copy + 'static,
) -> Counts {
    let mut counts = Counts::new();
    for quote in quotes {
        counts.entry((quote.symbol, quote.timestamp.date())).or_default();
    }
    for (which, policy) in [EVERY_TURN, Policy::default()].into_iter().enumerate() {
        let rule = Rule::new("trend", Severity::Warning, move |_| Some(make())).with_policy(policy);
        let mut monitor = Monitor::new(&Rules::empty().with_trend(rule));
        let mut alerts: Vec<Alert> = Vec::new();
        for quote in quotes {
            let _ = monitor.observe(quote, &mut alerts);
        }
        for alert in alerts {
            counts.entry((alert.symbol, alert.cause.date())).or_default()[which] += 1;
        }
    }
    counts
}

/// Turns and alerts per symbol and day.
fn print(name: &str, counts: &Counts) -> (f64, f64) {
    let mut by_symbol: BTreeMap<Symbol, Vec<String>> = BTreeMap::new();
    for ((symbol, _), [turns, alerts]) in counts {
        by_symbol.entry(*symbol).or_default().push(format!("{turns}/{alerts}"));
    }
    let mean = |which: usize| {
        counts.values().map(|c| c[which]).sum::<usize>() as f64 / counts.len() as f64
    };
    println!("{name}: {:.2} turns, {:.2} alerts per symbol and day", mean(0), mean(1));
    for (symbol, days) in by_symbol {
        println!("    {symbol}: {}", days.join(" "));
    }
    (mean(0), mean(1))
}

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn the_default_trend_rule_tells_about_one_turn_of_minute_quotes_or_less_per_symbol_and_day() {
    let quotes: Vec<Quote> = files::quotes("quotes-minute.csv.gz").collect();
    for entry in DETECTORS {
        let counts = count(&quotes, || entry.build_default().unwrap());
        let (_, alerts) = print(entry.name, &counts);
        if entry.default {
            assert!((0.3..1.0).contains(&alerts), "{}: {alerts}", entry.name);
            let worst = counts.values().map(|c| c[1]).max();
            assert!(worst <= Some(4), "{}: {worst:?}", entry.name);
        }
    }
}

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn raw_crossings_of_minute_quotes_are_the_nuisance_that_confirmation_is_for() {
    let quotes: Vec<Quote> = files::quotes("quotes-minute.csv.gz").collect();
    let raw =
        count(&quotes, || Box::new(SmaCrossover::new(5, 20, Confirmation::RAW).unwrap()) as _);
    let (turns, _) = print("raw sma_crossover", &raw);
    assert!((20.0..30.0).contains(&turns), "{turns}");
}

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn noise_between_trades_is_no_trend() {
    let quotes: Vec<Quote> = files::quotes("quotes-tick.csv.gz").collect();
    for entry in DETECTORS.iter().filter(|entry| entry.default) {
        let (_, alerts) = print(entry.name, &count(&quotes, || entry.build_default().unwrap()));
        assert!(alerts < 1.0, "{}: {alerts}", entry.name);
    }
}
