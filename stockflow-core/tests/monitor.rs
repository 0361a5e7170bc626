//! The monitor is held to what the two stages do.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "common/quotes.rs"]
mod quotes;

use std::{sync::Arc, time::Duration};

use proptest::{collection::vec, prelude::*};
use stockflow_core::{
    Alert, AnomalyDetector, Direction, Evidence, Monitor, Policy, Position, Processor, Quality,
    Quote, RecordBatch, Rule, Rules, Severity, StreamRecord, TrendDetector, TrendSignal,
    TrendWatch, Verdict, memory, wire,
};

/// Finds every price of an even number of cents, and turns where the price passes the open.
#[derive(Debug, Default)]
struct Even(Option<Quote>);

impl AnomalyDetector for Even {
    fn lookback(&self) -> usize {
        1
    }
    fn tolerates(&self) -> Quality {
        Quality::ALL
    }
    fn score(&self, quote: &Quote) -> Verdict {
        if self.0.is_none() {
            return Verdict::WarmingUp;
        }
        let cents = quote.price.units() / 1_000_000;
        if cents % 2 != 0 {
            return Verdict::Normal { score: 0.0 };
        }
        let direction = if cents % 3 == 0 { Direction::Up } else { Direction::Down };
        Verdict::Anomalous(Evidence { direction, score: 1.0, value: cents as f64, threshold: 2.0 })
    }
    fn update(&mut self, quote: &Quote) {
        self.0 = Some(*quote);
    }
    fn reset(&mut self) {
        self.0 = None;
    }
}

impl TrendDetector for Even {
    fn lookback(&self) -> usize {
        1
    }
    fn tolerates(&self) -> Quality {
        Quality::ALL
    }
    fn update(&mut self, quote: &Quote) -> TrendSignal {
        let side = |q: &Quote| if q.price >= q.open { Direction::Up } else { Direction::Down };
        let Some(before) = self.0.replace(*quote) else { return TrendSignal::WarmingUp };
        let direction = side(quote);
        if side(&before) == direction {
            return TrendSignal::Steady(direction);
        }
        TrendSignal::Turned(Evidence { direction, score: 1.0, value: 1.0, threshold: 1.0 })
    }
    fn reset(&mut self) {
        self.0 = None;
    }
}

fn rules() -> Rules {
    let policy = Policy {
        confirm: 2,
        cooldown: Duration::from_secs(120),
        rearm: Duration::from_secs(10),
        ..Policy::default()
    };
    Rules::default_set()
        .with_anomaly(
            Rule::new("even", Severity::Warning, |_| Some(Box::<Even>::default() as _))
                .with_policy(policy),
        )
        .with_anomaly(Rule::new("hushed", Severity::Info, |_| Some(Box::<Even>::default() as _)))
        .with_trend(Rule::new("open", Severity::Critical, |_| Some(Box::<Even>::default() as _)))
}

/// Through both stages, in batches of `size`.
async fn staged(quotes: &[Quote], size: usize) -> Vec<Alert> {
    let rules = rules();
    let table = Arc::new(memory::MemoryTable::new());
    let archive = || Arc::new(memory::MemoryArchive::new());
    let alerter = Arc::new(memory::MemoryAlerter::new());
    let ledger = Arc::new(memory::MemoryLedger::new());
    let mut processor = Processor::new(&rules, table.clone(), archive(), archive());
    let mut watch = TrendWatch::new(&rules, table.clone(), ledger, alerter.clone());
    let mut number = 0_u64;
    for chunk in quotes.chunks(size) {
        let record = |quote: &Quote| {
            let mut data = Vec::new();
            wire::encode(quote, &mut data);
            number += 1;
            StreamRecord {
                position: Position::new(number.into()),
                arrival: quote.timestamp,
                data: data.into(),
            }
        };
        let records = chunk.iter().map(record).collect();
        let batch = RecordBatch { shard: "0".into(), records };
        processor.process(&batch).await.unwrap().report.into_result().unwrap();
        let now = chunk[0].timestamp;
        watch.process(&table.take_checkpoints(), now).await.report.into_result().unwrap();
    }
    alerter.sent()
}

fn by_symbol(mut alerts: Vec<Alert>) -> Vec<Alert> {
    alerts.sort_by_key(|alert| alert.symbol);
    alerts
}

/// Some symbols' walks, interleaved.
fn market() -> impl Strategy<Value = Vec<Quote>> {
    vec(quotes::walk(1..120), 1..4).prop_map(|walks| {
        let longest = walks.iter().map(Vec::len).max().unwrap_or(0);
        (0..longest)
            .flat_map(|i| walks.iter().filter_map(move |walk| walk.get(i)).copied())
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_monitor_raises_the_alerts_of_the_two_stages(quotes in market(), size in 1_usize..50, late in 0_usize..5) {
        let mut quotes = quotes;
        // Some quotes come late, some twice.
        for at in (1..quotes.len()).step_by(7 + late) {
            quotes.swap(at - 1, at);
            quotes.push(quotes[at]);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let staged = runtime.block_on(staged(&quotes, size));
        let mut monitor = Monitor::new(&rules());
        let mut alerts = Vec::new();
        for quote in &quotes {
            let _ = monitor.observe(quote, &mut alerts);
        }
        prop_assert_eq!(by_symbol(alerts), by_symbol(staged));
    }
}

#[test]
fn the_test_market_raises_alerts() {
    let runner = &mut proptest::test_runner::TestRunner::deterministic();
    let walk = proptest::strategy::Strategy::new_tree(&quotes::walk(200..201), runner).unwrap();
    let quotes = proptest::strategy::ValueTree::current(&walk);
    let mut monitor = Monitor::new(&rules());
    let mut alerts = Vec::new();
    for quote in &quotes {
        let _ = monitor.observe(quote, &mut alerts);
    }
    assert!(alerts.iter().any(|alert| alert.rule == "even"), "{alerts:?}");
    assert!(alerts.iter().all(|alert| alert.rule != "hushed"));
}
