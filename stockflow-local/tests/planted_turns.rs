//! The default trend rule alone on simulated days: planted turns are found, and few others.
#![allow(clippy::unwrap_used, reason = "a test")]

use stockflow_core::{Monitor, QuoteSource, Rules};
use stockflow_local::{EventKind, Finding, Matches, SimulatedMarket, match_events};

const SYMBOLS: usize = 20;

async fn day(seed: u64) -> Matches {
    let mut market = SimulatedMarket::with_seed(seed, []).unwrap();
    let mut events = market.events();
    let rules = Rules { anomaly: Vec::new(), ..Rules::default_set() };
    let (mut monitor, mut alerts) = (Monitor::new(&rules), Vec::new());
    while let Some(batch) = market.next_batch().await.unwrap() {
        for quote in &batch.quotes {
            let _ = monitor.observe(quote, &mut alerts);
        }
    }
    events.retain(|event| event.kind == EventKind::TrendTurn);
    match_events(&events, &alerts.iter().map(Finding::from).collect::<Vec<_>>())
}

#[tokio::test]
async fn planted_turns_are_found_and_false_ones_are_far_below_one_per_symbol_and_day() {
    const DAYS: usize = 21;
    let (mut found, mut missed, mut wrong, mut minutes) = (0, 0, 0, 0.0);
    for seed in 7..7 + DAYS as u64 {
        let matches = day(seed).await;
        if seed == 7 {
            assert!(matches.missed.is_empty(), "default seed: {:?}", matches.missed);
        }
        (found, missed) = (found + matches.found.len(), missed + matches.missed.len());
        // Here a crash or a spike is no excuse: only what follows a planted turn is no false alert.
        wrong += matches.false_alerts.len();
        let delays = matches.found.iter().map(|(event, told)| told.at.since(event.cause));
        minutes += delays.map(|delay| delay.as_secs_f64() / 60.0).sum::<f64>();
    }
    let (per_day, delay) = (wrong as f64 / (DAYS * SYMBOLS) as f64, minutes / found as f64);
    println!("found {found}, missed {missed}, {delay:.1} minutes after the turn");
    println!("false per symbol and day: {per_day:.3}");
    assert!(found * 100 >= (found + missed) * 95);
    assert!(per_day < 0.25, "{per_day}");
    assert!(delay < 12.0, "{delay}");
}
