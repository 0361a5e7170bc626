//! Rules with a short memory, livelier than any that one would use.

use std::{collections::VecDeque, time::Duration};

use stockflow_core::{
    AnomalyDetector, Direction, Evidence, Policy, Quality, Quote, Rule, Rules, Severity,
    TrendDetector, TrendSignal, Verdict,
};

/// Above or below the last four prices; both kinds of detector.
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

/// Those rules, added to `rules`.
pub fn added_to(rules: Rules) -> Rules {
    let policy = Policy {
        confirm: 1,
        confirm_within: Duration::from_secs(60),
        cooldown: Duration::from_secs(8),
        rearm: Duration::from_secs(2),
    };
    rules
        .with_anomaly(
            Rule::new("breaks_out", Severity::Warning, |_| Some(Box::<Breaks>::default() as _))
                .with_policy(policy),
        )
        .with_trend(
            Rule::new("breaks", Severity::Warning, |_| Some(Box::<Breaks>::default() as _))
                .with_policy(policy),
        )
}
