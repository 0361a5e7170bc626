//! What the novelty detectors say of real quotes.
//!
//! `cargo test -p stockflow-core --test novelty -- --include-ignored --nocapture` prints the numbers in `docs/nab.md`.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "common/files.rs"]
mod files;

use std::collections::{BTreeMap, BTreeSet};

use stockflow_core::{
    AnomalyDetector, AnomalyDetectorExt as _, Symbol,
    anomaly::{DETECTORS, Novelty},
};

/// Findings by symbol, and in how many days of a symbol.
fn findings(file: &str, name: &str) -> (BTreeMap<Symbol, usize>, usize) {
    let entry = DETECTORS.iter().find(|entry| entry.name == name).unwrap();
    let mut detectors: BTreeMap<Symbol, Box<dyn AnomalyDetector>> = BTreeMap::new();
    let (mut found, mut days) = (BTreeMap::new(), BTreeSet::new());
    for quote in files::quotes(file) {
        days.insert((quote.symbol, quote.timestamp.date().to_string()));
        let detector =
            detectors.entry(quote.symbol).or_insert_with(|| entry.build_default().unwrap());
        if let Some(evidence) = detector.observe(&quote).evidence() {
            println!("{} {} {name} {evidence:?}", quote.timestamp, quote.symbol);
            *found.entry(quote.symbol).or_default() += 1;
        }
    }
    println!("{file}: {name} {found:?} in {} symbol days", days.len());
    (found, days.len())
}

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn novelty_in_minute_quotes_is_told_a_few_times_a_symbol_and_day() {
    for (name, most) in [("price_novelty", 4.0), ("return_novelty", 4.0), ("volume_novelty", 4.0)] {
        let (found, days) = findings("quotes-minute.csv.gz", name);
        let rate = found.values().sum::<usize>() as f64 / days as f64;
        println!("{name}: {rate:.2} a symbol and day");
        assert!(rate > 0.0 && rate < most, "{name}: {rate}");
    }
}

#[test]
fn bounds_of_parameters_are_told() {
    let error = |result: Result<Novelty, _>| format!("{}", Result::unwrap_err(result));
    assert!(error(Novelty::of_prices().with_tolerance(0.0)).contains("tolerance"));
    assert!(error(Novelty::of_prices().with_rest(10_001)).contains("rest"));
}
