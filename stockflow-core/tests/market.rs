//! The default rules on real quotes: not deaf, and not a nuisance.
//!
//! `cargo test -p stockflow-core --test market -- --include-ignored --nocapture` prints the numbers in `docs/detectors.md`.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "common/files.rs"]
mod files;

use std::collections::{BTreeMap, BTreeSet};

use stockflow_core::{Anomaly, Judgement, Monitor, Quality, Quote, Rules, Severity};

/// What the default rules make of a file.
#[derive(Default)]
struct Tally {
    quotes: usize,
    symbol_days: BTreeSet<(String, String)>,
    found: Vec<(Quote, Anomaly)>,
    flagged: Vec<(Quote, Quality)>,
    /// By rule and symbol: findings of at least a warning, and alerts.
    counts: BTreeMap<(String, String), [usize; 2]>,
}

impl Tally {
    fn of(file: &str) -> Self {
        let rules = Rules::default_set();
        let told: Vec<_> =
            rules.anomaly.iter().filter(|r| r.severity >= Severity::Warning).collect();
        let mut monitor = Monitor::new(&rules);
        let (mut tally, mut alerts) = (Self::default(), Vec::new());
        for quote in files::quotes(file) {
            tally.quotes += 1;
            let (symbol, day) = (quote.symbol.to_string(), quote.timestamp.date().to_string());
            tally.symbol_days.insert((symbol.clone(), day));
            let Judgement::Accepted { quality, anomalies, .. } =
                monitor.observe(&quote, &mut alerts)
            else {
                unreachable!("{quote:?} is in order");
            };
            if !quality.is_good() {
                tally.flagged.push((quote, quality));
            }
            for anomaly in anomalies {
                if told.iter().any(|rule| rule.name == anomaly.rule) {
                    tally.counts.entry((anomaly.rule.to_string(), symbol.clone())).or_default()
                        [0] += 1;
                }
                tally.found.push((quote, anomaly));
            }
        }
        for alert in alerts {
            let key = (format!("{}", alert.rule), alert.symbol.to_string());
            tally.counts.entry(key).or_default()[1] += 1;
        }
        tally.print(file);
        tally
    }

    fn print(&self, file: &str) {
        println!("{file}: {} quotes, {} symbol days", self.quotes, self.symbol_days.len());
        println!("| rule | symbol | findings | alerts |\n|---|---|---|---|");
        for ((rule, symbol), [found, told]) in &self.counts {
            println!("| {rule} | {symbol} | {found} | {told} |");
        }
        if self.found.len() <= 400 {
            for (quote, Anomaly { rule, evidence: e }) in &self.found {
                println!(
                    "{} {} {rule} {} score {:.2} value {:.4} bound {:.4}",
                    quote.timestamp, quote.symbol, e.direction, e.score, e.value, e.threshold
                );
            }
        }
    }

    /// Findings of anomaly rules and alerts of all rules, per symbol and day.
    fn per_symbol_day(&self) -> (f64, f64) {
        let days = self.symbol_days.len() as f64;
        let sum = |which: usize| self.counts.values().map(|c| c[which]).sum::<usize>() as f64;
        println!("per symbol and day: {:.2} findings, {:.2} alerts", sum(0) / days, sum(1) / days);
        (sum(0) / days, sum(1) / days)
    }

    fn flagged_as(&self, flag: Quality) -> Vec<String> {
        let flagged = self.flagged.iter().filter(|(_, quality)| quality.contains(flag));
        flagged.map(|(q, _)| format!("{} {}", q.symbol, q.timestamp.date())).collect()
    }
}

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn minute_quotes_raise_well_under_one_anomaly_per_symbol_and_day() {
    let (findings, alerts) = Tally::of("quotes-minute.csv.gz").per_symbol_day();
    assert!(findings < 0.7, "{findings}");
    assert!(alerts < 3.0, "{alerts}");
}

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn tick_quotes_raise_a_few_anomalies_per_symbol_and_day() {
    let (findings, _) = Tally::of("quotes-tick.csv.gz").per_symbol_day();
    assert!(findings < 3.0, "{findings}");
}

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn splits_in_daily_quotes_are_told_from_crashes() {
    let tally = Tally::of("quotes-daily.csv.gz");
    tally.per_symbol_day();
    let splits = tally.flagged_as(Quality::SUSPECTED_SPLIT);
    println!("suspected splits: {splits:#?}");
    for name in ["OUTSIDE_RANGE", "STALE", "GAP", "UNIT_ERROR"] {
        let flag = Quality::from_name(&name.to_lowercase()).unwrap();
        println!("{name}: {:?}", tally.flagged_as(flag));
    }
    for day in ["2000-06-21", "2005-02-28", "2014-06-09", "2020-08-31"] {
        assert!(splits.contains(&format!("AAPL {day}")), "{day}");
    }
    assert_eq!(splits.iter().filter(|split| split.starts_with("AAPL")).count(), 4);
    let crash = tally.found.iter().find(|(quote, anomaly)| {
        quote.timestamp.to_string().starts_with("2000-09-29")
            && quote.symbol.as_str() == "AAPL"
            && anomaly.rule == "percent_change"
    });
    assert_eq!(crash.unwrap().1.evidence.value.round(), -52.0);
}
