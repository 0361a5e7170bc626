use stockflow_core::Timestamp;

use super::*;
use crate::{SimulatedMarket, SimulatedOptions};

async fn bench(options: BenchOptions) -> MarketBench {
    let symbols = ["AAPL", "MSFT", "IBM"].map(|symbol| symbol.parse().unwrap()).to_vec();
    let interval = std::time::Duration::from_secs(30);
    let market = SimulatedOptions { symbols, events: 0, days: 3, interval, ..Default::default() };
    let market = SimulatedMarket::new(7, market, &[]).unwrap();
    MarketBench::read(Box::new(market), options).await.unwrap()
}

#[tokio::test]
async fn large_events_are_found_without_any_rule_nothing_is() {
    let bench = bench(BenchOptions { places: 2, ..BenchOptions::default() }).await;
    let scores = bench.score(&Rules::default_set());
    for kind in EventKind::ALL {
        assert_eq!(
            scores.found.iter().filter(|found| found.kind == kind).count(),
            MarketBench::sizes(kind).len(),
            "{kind}"
        );
    }
    // So large that the floors of the default rules are no excuse.
    for (kind, size) in [(EventKind::Halt, 10.0), (EventKind::FeedGap, 15.0)] {
        let found = scores.of(kind, size).unwrap();
        assert!(found.planted > 0 && found.delays.len() == found.planted, "{found:?}");
    }
    let none = bench.score(&Rules::empty());
    assert!(none.found.iter().all(|found| found.delays.is_empty() && found.planted > 0));
    assert_eq!(none.false_rate(), 0.0);
    assert_eq!(none.symbol_days, 9);
}

#[tokio::test]
async fn the_same_seed_plants_the_same_and_another_one_elsewhere() {
    let rules = Rules::default_set();
    let options = BenchOptions { places: 2, ..BenchOptions::default() };
    let once = bench(options).await.score(&rules);
    assert_eq!(once, bench(options).await.score(&rules));
    let other = bench(BenchOptions { seed: 2, ..options }).await.score(&rules);
    assert_ne!(once.found, other.found);
    assert_eq!(once.alerts, other.alerts, "the days as they are do not hang on the seed");
}

#[tokio::test]
async fn parts_share_out_the_days() {
    let part = |part| bench(BenchOptions { places: 1, part, ..BenchOptions::default() });
    let (all, first, rest) =
        (part(Part::All).await, part(Part::First).await, part(Part::Rest).await);
    assert_eq!((all.symbol_days(), first.symbol_days(), rest.symbol_days()), (9, 6, 3));
    let rules = Rules::default_set();
    let [all, first, rest] = [all, first, rest].map(|bench| bench.score(&rules));
    for ((all, first), rest) in all.found.iter().zip(&first.found).zip(&rest.found) {
        assert_eq!(all.planted, first.planted + rest.planted, "{} {}", all.kind, all.size);
    }
}

#[test]
fn what_an_event_leads_to_is_told_by_kind_direction_and_time() {
    let at = |second: u64| Timestamp::MIN.saturating_add(std::time::Duration::from_secs(second));
    let alert = |kind, direction, second| Alert {
        symbol: "A".parse().unwrap(),
        kind,
        rule: "any".into(),
        severity: stockflow_core::Severity::Warning,
        cause: at(second),
        price: "1".parse().unwrap(),
        change_percent: 0.0,
        evidence: stockflow_core::Evidence { direction, score: 1.0, value: 1.0, threshold: 1.0 },
    };
    let event = |kind, direction| PlantedEvent {
        kind,
        symbol: "A".parse().unwrap(),
        start: at(10),
        cause: at(20),
        end: at(30),
        direction,
        size: 6.0,
    };
    use AlertKind::{Anomaly, Trend};
    use Direction::{Down, Flat, Up};
    for (kind, way, told, expected) in [
        (EventKind::LevelJump, Up, alert(Anomaly, Up, 20), true),
        (EventKind::LevelJump, Up, alert(Anomaly, Down, 20), false),
        (EventKind::LevelJump, Up, alert(Trend, Up, 20), false),
        (EventKind::LevelJump, Up, alert(Anomaly, Up, 19), false),
        (EventKind::TrendTurn, Down, alert(Trend, Down, 31), true),
        (EventKind::TrendTurn, Down, alert(Anomaly, Down, 31), false),
        (EventKind::SlowDrift, Down, alert(Trend, Down, 31), true),
        (EventKind::Halt, Flat, alert(Anomaly, Flat, 29), true),
        (EventKind::Halt, Flat, alert(Anomaly, Flat, 30), false),
        (EventKind::FeedGap, Flat, alert(Anomaly, Flat, 30), true),
        (EventKind::FeedGap, Flat, alert(Anomaly, Up, 30), false),
        (EventKind::Split, Down, alert(Trend, Up, 20), true),
    ] {
        assert_eq!(tells(&event(kind, way), &told), expected, "{kind} {told:?}");
    }
}
