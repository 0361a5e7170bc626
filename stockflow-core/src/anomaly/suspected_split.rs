use super::{
    AnomalyDetector, Verdict,
    kernel::{Kernel, standalone},
};
use crate::{
    Direction, Evidence, Quality, Quote, Severity,
    params::Entry,
    quality::nearest_split,
    session::{Following, Sessions},
};

pub(super) const ENTRY: Entry<dyn AnomalyDetector> = Entry {
    name: "suspected_split",
    summary: "the price level moved over night as in a split: noted, and by default told to nobody",
    params: &[],
    default: true,
    severity: Severity::Info,
    exact: true,
    build: |_| Ok(Box::new(SuspectedSplit::default())),
};

/// Notes the quotes that the [`Assessor`](crate::Assessor) flags as [`SUSPECTED_SPLIT`](Quality::SUSPECTED_SPLIT).
///
/// The other detectors start anew with such a quote; this one keeps it from passing without a trace. What can be told
/// and what cannot is said at the `Assessor`.
///
/// # Formula
/// Anomalous where the flag is set. Value: price over the price before, threshold: the nearest usual ratio, score: how many
/// times the price changed, at least 1.
///
/// # Parameters
/// None.
///
/// # Example
/// ```
/// use stockflow_core::{AnomalyDetector, Quality, Quote, anomaly::SuspectedSplit};
///
/// let price = "400".parse()?;
/// let before = Quote {
///     symbol: "AAPL".parse()?,
///     timestamp: "2026-11-20T21:00:00Z".parse()?,
///     open: price,
///     high: price,
///     low: price,
///     price,
///     previous_close: price,
///     volume: 1_000.try_into()?,
/// };
/// let quote = Quote { price: "101".parse()?, ..before };
/// let mut detector = SuspectedSplit::default();
/// detector.update(&before);
/// assert!(detector.score_flagged(&quote, Quality::GOOD).evidence().is_none());
/// let verdict = detector.score_flagged(&quote, Quality::SUSPECTED_SPLIT);
/// assert_eq!(verdict.evidence().map(|e| e.threshold), Some(0.25));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant. Looks back 1 quote.
///
/// # Source
/// Ours.
#[derive(Clone, Debug)]
pub struct SuspectedSplit {
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

impl Default for SuspectedSplit {
    fn default() -> Self {
        Self::with_kernel(State)
    }
}

/// Nothing: the price before is all that it takes.
#[derive(Clone, Debug)]
pub(crate) struct State;

impl Kernel for State {
    #[inline(always)]
    fn score(&self, quote: &Quote, quality: Quality, following: &Following<'_>) -> Verdict {
        let Some(before) = following.before else { return Verdict::WarmingUp };
        if !quality.contains(Quality::SUSPECTED_SPLIT) {
            return Verdict::Normal { score: 1.0 };
        }
        let value = quote.price.to_f64() / before.price.to_f64();
        Verdict::Anomalous(Evidence {
            direction: if value > 1.0 { Direction::Up } else { Direction::Down },
            score: value.max(1.0 / value),
            value,
            threshold: nearest_split(value),
        })
    }

    fn update(&mut self, _: &Quote, _: &Following<'_>) {}

    fn reset(&mut self) {}
}

standalone! {
    SuspectedSplit,
    lookback: |_| 1,
    tolerates: Quality::ALL,
}
