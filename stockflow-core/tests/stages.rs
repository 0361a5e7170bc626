//! Both stages under failures, crashes, cold starts and redelivery: what is left is what an undisturbed run leaves.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::future_not_send, reason = "a test")]

#[path = "stages/model.rs"]
mod model;
#[path = "stages/stream.rs"]
mod stream;
#[path = "stages/world.rs"]
mod world;

use std::{collections::VecDeque, time::Duration};

use stockflow_core::{
    AnomalyDetector, Direction, Evidence, Policy, Quality, Quote, Rule, Rules, Severity,
    TrendDetector, TrendSignal, Verdict,
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
