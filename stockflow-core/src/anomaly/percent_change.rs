use super::{
    AnomalyDetector, Verdict,
    kernel::{Kernel, standalone},
    shared::{Quiet, percent, quiet},
};
use crate::{
    Direction, Evidence, Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind, within},
    session::{Following, Sessions},
};

pub(super) const ENTRY: Entry<dyn AnomalyDetector> = Entry {
    name: "percent_change",
    summary: "price far from the previous close: raised when it gets there",
    params: &[
        Param {
            name: "threshold",
            about: "change from the previous close, in percent",
            kind: ParamKind::Number { default: 5.0, min: 0.01, max: 10_000.0 },
        },
        quiet(30),
    ],
    default: true,
    severity: Severity::Critical,
    exact: true,
    build: |values| {
        Ok(Box::new(PercentChange::new(values.number("threshold")?, values.count("quiet")?)?))
    },
};

/// Raises when the price comes to be more than a share away from the previous close.
///
/// The original project's rule, but told once: when the threshold is passed, and again only after the price was
/// back within it for some quotes, or in a new session.
///
/// # Formula
/// `|price - previous_close| · 100 > threshold · previous_close`, compared as integers (the threshold in 10⁻⁶ percent),
/// so that nothing depends on rounding. Score and value: the change in percent.
///
/// # Parameters
/// `threshold` in percent, default 5; `quiet`, quotes within the threshold before it is raised again, default 30.
///
/// # Example
/// ```
/// use stockflow_core::{AnomalyDetectorExt, Quote, anomaly::PercentChange};
///
/// let mut quote = Quote {
///     symbol: "AAPL".parse()?,
///     timestamp: "2026-11-23T14:30:00Z".parse()?,
///     open: "100".parse()?,
///     high: "100".parse()?,
///     low: "100".parse()?,
///     price: "100".parse()?,
///     previous_close: "100".parse()?,
///     volume: 1_000.try_into()?,
/// };
/// let mut detector = PercentChange::new(5.0, 30)?;
/// assert!(detector.observe(&quote).evidence().is_none(), "nothing is known before the first quote");
/// quote.price = "105".parse()?;
/// assert!(detector.observe(&quote).evidence().is_none(), "exactly 5 % is not above 5 %");
/// quote.price = "105.01".parse()?;
/// assert!(detector.observe(&quote).evidence().is_some());
/// assert!(detector.observe(&quote).evidence().is_none(), "it stays there: nothing new");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant: two multiplications. Looks back `quiet` + 2 quotes.
///
/// # Source
/// The rule of thumb of stock screens; the exact comparison is ours.
#[derive(Clone, Debug)]
pub struct PercentChange {
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    /// In 10⁻⁶ percent.
    threshold: i64,
    quiet: Quiet,
}

impl PercentChange {
    /// Raises beyond `threshold` percent, again after `quiet` quotes within it.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 0.01 to 10,000 percent, or for more than 100 quotes.
    pub fn new(threshold: f64, quiet: usize) -> Result<Self, InvalidConfig> {
        within("threshold", threshold, 0.01, 10_000.0)?;
        let threshold = (threshold * 1e6).round() as i64;
        let kernel = State { threshold, quiet: Quiet::new(quiet)? };
        Ok(Self::with_kernel(kernel))
    }
}

impl State {
    #[inline]
    fn beyond(&self, quote: &Quote) -> Option<Direction> {
        let change = quote.change_units();
        let is_beyond = i128::from(change.abs()) * 100_000_000
            > i128::from(self.threshold) * i128::from(quote.previous_close.units());
        is_beyond.then_some(if change > 0 { Direction::Up } else { Direction::Down })
    }
}

impl State {
    #[inline(always)]
    fn verdict(
        &self,
        beyond: Option<Direction>,
        quote: &Quote,
        following: &Following<'_>,
    ) -> Verdict {
        if following.before.is_none() {
            return Verdict::WarmingUp;
        }
        let value = percent(quote.previous_close, quote.price);
        match beyond {
            // Each session has a previous close of its own.
            Some(direction) if following.starts || self.quiet.is_over(direction) => {
                let threshold = (self.threshold as f64 / 1e6).copysign(value);
                Verdict::Anomalous(Evidence { direction, score: value.abs(), value, threshold })
            }
            _ => Verdict::Normal { score: value.abs() },
        }
    }

    #[inline(always)]
    fn learn(&mut self, beyond: Option<Direction>, following: &Following<'_>) {
        if following.starts {
            self.quiet.reset();
        }
        self.quiet.learn(beyond);
    }
}

impl Kernel for State {
    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        self.verdict(self.beyond(quote), quote, following)
    }

    fn update(&mut self, quote: &Quote, following: &Following<'_>) {
        self.learn(self.beyond(quote), following);
    }

    #[inline(always)]
    fn judge(&mut self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let beyond = self.beyond(quote);
        let verdict = self.verdict(beyond, quote, following);
        self.learn(beyond, following);
        verdict
    }

    fn reset(&mut self) {
        self.quiet.reset();
    }
}

standalone! {
    PercentChange,
    lookback: |kernel| kernel.quiet.lookback() + 2,
    // A split changes the level and not the worth; pence for pounds is no change at all.
    tolerates: Quality::ALL.without(Quality::SUSPECTED_SPLIT | Quality::UNIT_ERROR),
}
