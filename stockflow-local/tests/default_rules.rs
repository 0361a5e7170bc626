//! The default rules on simulated days: what was planted is found, and little is raised beside it.
//!
//! `cargo test -p stockflow-local --test default_rules -- --nocapture` prints the numbers in `docs/detectors.md`.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use stockflow_core::{AlertKind, Judgement, Monitor, QuoteSource, Rules, Severity};
use stockflow_local::{Finding, Matches, SimulatedMarket, SimulatedOptions, match_events};

/// Of `stockflow run`.
const DEFAULT_SEED: u64 = 7;
const SYMBOLS: usize = 20;

/// Alerts, and findings of at least a warning, held against the planted events.
async fn day(seed: u64, rules: &Rules) -> (Matches, Matches) {
    let mut market = SimulatedMarket::new(seed, SimulatedOptions::default(), &[]).unwrap();
    let events = market.events();
    let mut monitor = Monitor::new(rules);
    let (mut alerts, mut found) = (Vec::new(), Vec::new());
    while let Some(batch) = market.next_batch().await.unwrap() {
        for quote in &batch.quotes {
            let Judgement::Accepted { anomalies, .. } = monitor.observe(quote, &mut alerts) else {
                unreachable!("{quote:?} is in order");
            };
            let told = anomalies.into_iter().filter(|anomaly| {
                let mut same = rules.anomaly.iter().filter(|rule| rule.name == anomaly.rule);
                same.any(|rule| rule.severity >= Severity::Warning)
            });
            found.extend(told.map(|anomaly| Finding {
                symbol: quote.symbol,
                kind: AlertKind::Anomaly,
                rule: anomaly.rule,
                at: quote.timestamp,
                direction: anomaly.evidence.direction,
            }));
        }
    }
    let told: Vec<Finding> = alerts.iter().map(Finding::from).collect();
    (match_events(&events, &told), match_events(&events, &found))
}

fn by_rule(findings: &[Finding]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(&*finding.rule).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn on_the_default_day_every_planted_event_is_told_with_few_false_alerts() {
    let (told, found) = day(DEFAULT_SEED, &Rules::default_set()).await;
    for (event, finding) in &told.found {
        println!("{event}: {} {} at {}", finding.rule, finding.direction, finding.at);
    }
    println!("missed {:#?}\nfalse {:#?}", told.missed, told.false_alerts);
    println!(
        "{} alerts are consequences; false findings: {:#?}",
        told.explained, found.false_alerts
    );
    assert!(told.missed.is_empty());
    assert!(told.false_alerts.len() <= SYMBOLS);
}

#[tokio::test]
async fn over_twenty_other_days_nine_in_ten_events_are_told() {
    let rules = Rules::default_set();
    let (mut found, mut missed, mut wrong) = (0, Vec::new(), Vec::new());
    let mut worst = 0;
    for seed in 100..120 {
        let (told, _) = day(seed, &rules).await;
        found += told.found.len();
        missed.extend(told.missed);
        worst = worst.max(told.false_alerts.len());
        wrong.extend(told.false_alerts);
    }
    println!(
        "found {found}, missed {}, false {}, at most {worst} a day",
        missed.len(),
        wrong.len()
    );
    println!("false, by rule: {:#?}", by_rule(&wrong));
    for event in &missed {
        println!("missed: {event}");
    }
    assert!(found * 10 >= (found + missed.len()) * 9);
    assert!(wrong.len() <= 20 * SYMBOLS);
}
