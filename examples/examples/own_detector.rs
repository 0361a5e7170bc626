//! A detector of one's own beside those of the default set: a price that passes a round number.
//!
//! `cargo run -p stockflow-examples --example own_detector`

use std::{error::Error, future::pending, io::stdout, sync::Arc, time::Duration};

use stockflow_core::{
    AnomalyDetector, AnomalyDetectorExt, Direction, Evidence, InvalidConfig, Policy, Price,
    Quality, Quote, Rule, Rules, Severity, Verdict,
};
use stockflow_local::{Pipeline, SimulatedMarket, SimulatedOptions, alerter::ConsoleAlerter};

/// Raises when the price passes a multiple of `step`.
#[derive(Debug)]
struct RoundNumber {
    /// In units of 10⁻⁸.
    step: i64,
    /// All that the verdict on the next price depends on.
    before: Option<Price>,
}

impl RoundNumber {
    fn new(step: Price) -> Result<Self, InvalidConfig> {
        let least = Price::from_units(Price::UNITS_PER_ONE / 100)
            .map_err(|error| InvalidConfig::new("step", step, error.to_string()))?;
        if step < least {
            return Err(InvalidConfig::new("step", step, "0.01 or more"));
        }
        Ok(Self { step: step.units(), before: None })
    }
}

impl AnomalyDetector for RoundNumber {
    // So many quotes are read back after a restart.
    fn lookback(&self) -> usize {
        1
    }

    // A pause does not matter. A doubtful price does: such a quote is neither judged nor learned.
    fn tolerates(&self) -> Quality {
        Quality::GAP
    }

    fn score(&self, quote: &Quote) -> Verdict {
        let Some(before) = self.before else { return Verdict::WarmingUp };
        // Prices are integers: nothing here depends on rounding.
        let (from, to) = (before.units() / self.step, quote.price.units() / self.step);
        if from == to {
            return Verdict::Normal { score: 0.0 };
        }
        let (direction, level) =
            if to > from { (Direction::Up, to) } else { (Direction::Down, from) };
        Verdict::Anomalous(Evidence {
            direction,
            score: from.abs_diff(to) as f64,
            value: quote.price.to_f64(),
            threshold: (level * self.step) as f64 / Price::UNITS_PER_ONE as f64,
        })
    }

    fn update(&mut self, quote: &Quote) {
        self.before = Some(quote.price);
    }

    fn reset(&mut self) {
        self.before = None;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    try_by_hand()?;

    // In a pipeline it is a rule: a name, an urgency, a detector for each symbol, and when a finding is worth an alert.
    let step: Price = "1".parse()?;
    let rule = Rule::new("round_number", Severity::Warning, move |_| {
        let detector = RoundNumber::new(step).ok()?;
        Some(Box::new(detector) as Box<dyn AnomalyDetector>)
    });
    let hour = Duration::from_secs(3600);
    let rule = rule.with_policy(Policy { cooldown: hour, rearm: hour, ..Policy::default() });
    let rules = Rules::default_set().with_anomaly(rule);

    let folder = tempfile::tempdir()?;
    let mut pipeline =
        Pipeline::open(folder.path(), rules)?.with_alerter(Arc::new(ConsoleAlerter::new(stdout())));
    let options = SimulatedOptions {
        symbols: vec!["AAPL".parse()?, "MSFT".parse()?],
        events: 2,
        ..SimulatedOptions::default()
    };
    let market = SimulatedMarket::new(7, options, &pipeline.cursors())?;
    let summary = pipeline.run(Box::new(market), pending()).await?;
    println!("\n{} quotes, findings by rule: {:?}", summary.quotes, summary.anomalies);
    assert!(summary.anomalies.contains_key("round_number"));
    Ok(())
}

/// Judges some prices without a pipeline.
fn try_by_hand() -> Result<(), Box<dyn Error>> {
    let mut detector = RoundNumber::new("10".parse()?)?;
    let price = "98".parse()?;
    let mut quote = Quote {
        symbol: "AAPL".parse()?,
        timestamp: "2026-11-23T14:30:00Z".parse()?,
        open: price,
        high: price,
        low: price,
        price,
        previous_close: price,
        volume: 1_000.try_into()?,
    };
    for (text, expected) in
        [("98", None), ("99.99", None), ("100", Some(100.0)), ("101", None), ("89.5", Some(100.0))]
    {
        quote.price = text.parse()?;
        let verdict = detector.observe(&quote);
        println!("{text}: {verdict:?}");
        assert_eq!(verdict.evidence().map(|evidence| evidence.threshold), expected);
    }
    Ok(())
}
