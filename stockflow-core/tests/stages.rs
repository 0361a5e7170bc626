//! Both stages under failures, crashes, cold starts and redelivery: what is left is what an undisturbed run leaves.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::future_not_send, reason = "a test")]

#[path = "stages/model.rs"]
mod model;
#[path = "stages/stream.rs"]
mod stream;
#[path = "stages/world.rs"]
mod world;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use stockflow_core::{
    AnomalyDetector, Direction, Evidence, Policy, Processor, Quality, Quote, RecordBatch, Rule,
    Rules, Severity, Timestamp, TrendDetector, TrendSignal, TrendWatch, Verdict,
    memory::{MemoryAlerter, MemoryArchive, MemoryLedger, MemoryTable},
};
use stream::{Mess, stream};
use world::{Remains, Trouble, play};

/// Above or below the last four prices; both kinds of detector, and livelier than any that one would use.
#[derive(Debug, Default)]
struct Breaks(VecDeque<Quote>);

impl Breaks {
    fn evidence(&self, quote: &Quote) -> Option<Evidence> {
        let highest = self.0.iter().map(|q| q.price).max()?;
        let lowest = self.0.iter().map(|q| q.price).min()?;
        let (direction, bound) = if quote.price > highest {
            (Direction::Up, highest)
        } else if quote.price < lowest {
            (Direction::Down, lowest)
        } else {
            return None;
        };
        let score = (quote.price.to_f64() - bound.to_f64()).abs();
        Some(Evidence { direction, score, value: quote.price.to_f64(), threshold: bound.to_f64() })
    }
    fn learn(&mut self, quote: &Quote) {
        if self.0.len() == 4 {
            self.0.pop_front();
        }
        self.0.push_back(*quote);
    }
}

impl AnomalyDetector for Breaks {
    fn lookback(&self) -> usize {
        4
    }
    fn tolerates(&self) -> Quality {
        Quality::ALL.without(Quality::STALE)
    }
    fn score(&self, quote: &Quote) -> Verdict {
        if self.0.len() < 4 {
            return Verdict::WarmingUp;
        }
        self.evidence(quote).map_or(Verdict::Normal { score: 0.0 }, Verdict::Anomalous)
    }
    fn update(&mut self, quote: &Quote) {
        self.learn(quote);
    }
    fn reset(&mut self) {
        self.0.clear();
    }
}

impl TrendDetector for Breaks {
    fn lookback(&self) -> usize {
        4
    }
    fn tolerates(&self) -> Quality {
        Quality::ALL
    }
    fn update(&mut self, quote: &Quote) -> TrendSignal {
        let full = self.0.len() == 4;
        let evidence = self.evidence(quote);
        self.learn(quote);
        match evidence {
            _ if !full => TrendSignal::WarmingUp,
            Some(evidence) => TrendSignal::Turned(evidence),
            None => TrendSignal::Steady(Direction::Flat),
        }
    }
    fn reset(&mut self) {
        self.0.clear();
    }
}

fn rules() -> Rules {
    let policy = Policy {
        confirm: 1,
        confirm_within: Duration::from_secs(60),
        cooldown: Duration::from_secs(40),
        rearm: Duration::from_secs(5),
    };
    Rules::default_set()
        .with_anomaly(
            Rule::new("breaks_out", Severity::Warning, |_| Some(Box::<Breaks>::default() as _))
                .with_policy(policy),
        )
        .with_trend(
            Rule::new("breaks", Severity::Warning, |_| Some(Box::<Breaks>::default() as _))
                .with_policy(policy),
        )
}

const CALM: Trouble = Trouble { percent: 0, batch: 7, bisect: false };

/// Runs a history undisturbed and disturbed.
async fn both(seed: u64, mess: Mess, trouble: Trouble) -> (Remains, Remains) {
    // Some with more quotes than any detector looks back on.
    let records = stream(seed, if seed % 20 == 7 { 900 } else { 120 }, mess);
    let rules = rules();
    let calm = play(&rules, &records, seed, CALM).await;
    model::check(&records, &calm);
    (calm, play(&rules, &records, seed, trouble).await)
}

fn mess_of(seed: u64) -> Mess {
    let mut dice = world::Dice(seed ^ 0x4E55);
    Mess {
        duplicates: [0, 5, 30][dice.below(3) as usize],
        poison: [0, 1, 10, 100][dice.below(4) as usize],
        future: [0, 2][dice.below(2) as usize],
        reorder: [0, 3, 100][dice.below(3) as usize],
    }
}

#[tokio::test]
async fn batching_changes_nothing_and_tells_nothing_twice() {
    for seed in 0..150 {
        let trouble = Trouble {
            percent: 0,
            batch: if seed % 20 == 7 { 600 } else { 1 + seed % 60 },
            bisect: seed % 2 == 0,
        };
        let (calm, other) = both(seed, mess_of(seed), trouble).await;
        let difference = calm.difference(&other);
        assert!(difference.is_empty(), "seed {seed} {trouble:?}\n{}", difference.join("\n"));
        assert!(!calm.alerts.is_empty() && !calm.rows.is_empty(), "seed {seed} says nothing");
    }
}

/// A change feed that keeps no order between rows, as that of DynamoDB, may bring a symbol's checkpoints in any.
#[tokio::test]
async fn checkpoints_in_any_order_tell_the_same() {
    for seed in 0..40 {
        let records = stream(seed, 200, mess_of(seed));
        let mut outcomes = Vec::new();
        for shuffled in [false, true] {
            let (table, alerter) = (Arc::new(MemoryTable::new()), Arc::new(MemoryAlerter::new()));
            let archive = Arc::new(MemoryArchive::new());
            let mut one = Processor::new(
                &rules(),
                Arc::clone(&table) as _,
                Arc::clone(&archive) as _,
                archive,
            );
            for few in records.chunks(3) {
                let batch = RecordBatch { shard: "shard-0".into(), records: few.to_vec() };
                assert!(one.process(&batch).await.unwrap().report.is_complete());
            }
            let mut checkpoints = table.take_checkpoints();
            let mut dice = world::Dice(seed);
            let ledger = Arc::new(MemoryLedger::new());
            let watch = || {
                let (table, alerter) = (Arc::clone(&table) as _, Arc::clone(&alerter) as _);
                TrendWatch::new(&rules(), table, Arc::clone(&ledger) as _, alerter)
            };
            // Several containers in turn, of which none sees all.
            let mut two = [watch(), watch(), watch()];
            while !checkpoints.is_empty() {
                let most = if shuffled { checkpoints.len() as u64 } else { 1 };
                let next = checkpoints.remove(dice.below(most) as usize);
                let container = &mut two[dice.below(3) as usize];
                let outcome = container.process(&[next], Timestamp::MIN).await;
                assert!(outcome.report.is_complete());
            }
            let mut alerts: Vec<_> = alerter.sent().iter().map(|alert| alert.to_json()).collect();
            alerts.sort();
            outcomes.push(alerts);
        }
        assert_eq!(outcomes[0], outcomes[1], "seed {seed}");
    }
}

#[tokio::test]
async fn failures_crashes_and_cold_starts_change_nothing() {
    let histories: u64 =
        std::env::var("STOCKFLOW_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    for seed in 0..histories {
        let mess = mess_of(seed);
        let trouble = Trouble {
            percent: [2, 6, 15][(seed % 3) as usize],
            batch: 1 + seed % 40,
            bisect: seed % 5 != 0,
        };
        let (calm, mut troubled) = both(seed, mess, trouble).await;
        // Twice is legal only where an answer was lost; never is not legal.
        troubled.alerts.dedup();
        let difference = calm.difference(&troubled);
        assert!(
            difference.is_empty(),
            "seed {seed} {mess:?} {trouble:?}\n{}",
            difference.join("\n")
        );
    }
}
