//! Anomaly detectors: is this quote unusual, given those before it?
//!
//! A new detector is one file here, one `mod` line and one row in [`DETECTORS`].

use std::fmt;

use crate::{Evidence, Quality, Quote, params::Entry};

/// Every anomaly detector that a configuration can name.
pub static DETECTORS: &[Entry<dyn AnomalyDetector>] = &[];

/// What a detector makes of one quote.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Too few quotes to say anything. Not the same as normal.
    WarmingUp,
    /// Within the expected range.
    Normal {
        /// How unusual, in the detector's own unit; larger is more so.
        score: f64,
    },
    /// Outside it.
    Anomalous(Evidence),
}

impl Verdict {
    /// How unusual; `None` while warming up.
    #[must_use]
    pub const fn score(&self) -> Option<f64> {
        match self {
            Self::WarmingUp => None,
            Self::Normal { score } => Some(*score),
            Self::Anomalous(evidence) => Some(evidence.score),
        }
    }

    /// The evidence, if it is anomalous.
    #[must_use]
    pub const fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Anomalous(evidence) => Some(evidence),
            Self::WarmingUp | Self::Normal { .. } => None,
        }
    }
}

/// Judges each quote of one symbol against those before it.
///
/// # Contract
/// - **Order.** `score` judges a quote, then `update` learns from it: a quote is never judged against itself.
/// - **State is a cache.** The verdict on a quote depends on that quote and on the `lookback()` quotes learned before it,
///   to the bit, and on nothing else: a detector that was fed those only, after [`reset`](Self::reset), gives the same
///   verdicts from there on as one that has run for ever. (A detector that cannot promise this has `exact: false` in its
///   [`Entry`].)
/// - Quotes of one symbol, in ascending market time.
/// - Too short a history is [`Verdict::WarmingUp`]. A constant series is never anomalous by its deviation alone.
/// - Nothing panics, whatever the quotes are; no score is NaN.
///
/// # Implementing
/// Rolling sums are integers (see [`rolling`](crate::rolling)), so that they do not depend on what was added and removed before.
///
/// ```
/// use stockflow_core::{AnomalyDetector, Direction, Evidence, Quality, Quote, Verdict};
///
/// /// Raises when the price is lower than in the quote before.
/// #[derive(Debug, Default)]
/// struct Downtick(Option<Quote>);
///
/// impl AnomalyDetector for Downtick {
///     fn lookback(&self) -> usize {
///         1
///     }
///     fn tolerates(&self) -> Quality {
///         Quality::GAP | Quality::STALE
///     }
///     fn score(&self, quote: &Quote) -> Verdict {
///         let Some(before) = self.0 else { return Verdict::WarmingUp };
///         let ticks = (before.price.units() - quote.price.units()) as f64 / 1e6;
///         if ticks <= 0.0 {
///             return Verdict::Normal { score: 0.0 };
///         }
///         Verdict::Anomalous(Evidence { direction: Direction::Down, score: ticks, value: ticks, threshold: 0.0 })
///     }
///     fn update(&mut self, quote: &Quote) {
///         self.0 = Some(*quote);
///     }
///     fn reset(&mut self) {
///         self.0 = None;
///     }
/// }
/// ```
pub trait AnomalyDetector: fmt::Debug + Send + Sync {
    /// On how many quotes before the judged one its verdict depends, at most [`MAX_LOOKBACK`](crate::MAX_LOOKBACK).
    fn lookback(&self) -> usize;
    /// Flags that do not keep it from judging a quote and learning from it.
    fn tolerates(&self) -> Quality;
    /// Judges `quote` without learning from it.
    fn score(&self, quote: &Quote) -> Verdict;
    /// Learns from `quote`.
    fn update(&mut self, quote: &Quote);
    /// Back to the state after construction.
    fn reset(&mut self);
}

/// Convenience for users of a detector; there for every detector, never implemented by hand.
pub trait AnomalyDetectorExt: AnomalyDetector {
    /// Judges, then learns.
    fn observe(&mut self, quote: &Quote) -> Verdict {
        let verdict = self.score(quote);
        self.update(quote);
        verdict
    }
}
impl<D: AnomalyDetector + ?Sized> AnomalyDetectorExt for D {}
