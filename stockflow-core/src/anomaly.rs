//! Anomaly detectors: is this quote unusual, given those before it?
//!
//! A new detector is one file here, one `mod` line and one row in [`DETECTORS`].

mod drift;
mod feed_gap;
mod flat_line;
mod hampel;
mod kernel;
mod kernels;
mod novelty;
mod open_gap;
mod percent_change;
mod price_level;
mod range_break;
mod return_zscore;
mod shared;
mod suspected_split;
mod volume_spike;

use std::{any::Any, fmt};

pub use self::{
    drift::Drift,
    feed_gap::FeedGap,
    flat_line::FlatLine,
    hampel::Hampel,
    novelty::{Novelty, NoveltySeries, Surprise},
    open_gap::OpenGap,
    percent_change::PercentChange,
    price_level::PriceLevel,
    range_break::RangeBreak,
    return_zscore::ReturnZScore,
    suspected_split::SuspectedSplit,
    volume_spike::VolumeSpike,
};
pub(crate) use self::{kernel::Kernel, kernels::Kernels};
use crate::{Evidence, Quality, Quote, params::Entry};

/// Every anomaly detector that a configuration can name.
pub static DETECTORS: &[Entry<dyn AnomalyDetector>] = &[
    percent_change::ENTRY,
    return_zscore::ENTRY,
    hampel::ENTRY,
    range_break::ENTRY,
    drift::ENTRY,
    volume_spike::ENTRY,
    open_gap::ENTRY,
    flat_line::ENTRY,
    feed_gap::ENTRY,
    price_level::ENTRY,
    suspected_split::ENTRY,
    novelty::PRICE,
    novelty::RETURN,
    novelty::VOLUME,
];

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
/// - A wrapper passes every method on, those with a body too.
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
pub trait AnomalyDetector: Any + fmt::Debug + Send + Sync {
    /// On how many quotes before the judged one its verdict depends, at most [`MAX_LOOKBACK`](crate::MAX_LOOKBACK).
    fn lookback(&self) -> usize;
    /// Flags that do not keep it from judging a quote and learning from it.
    fn tolerates(&self) -> Quality;
    /// Judges `quote` without learning from it.
    fn score(&self, quote: &Quote) -> Verdict;
    /// The same, knowing the quote's flags; only for detectors whose verdict depends on the flags themselves.
    #[inline(always)]
    fn score_flagged(&self, quote: &Quote, quality: Quality) -> Verdict {
        let _ = quality;
        self.score(quote)
    }
    /// Learns from `quote`.
    fn update(&mut self, quote: &Quote);
    /// Judges, then learns: what the pipeline calls. One call through the table of a `dyn` instead of two, and what both
    /// need is worked out once; to be overridden only for that, never with another result.
    #[inline(always)]
    fn judge(&mut self, quote: &Quote, quality: Quality) -> Verdict {
        let verdict = self.score_flagged(quote, quality);
        self.update(quote);
        verdict
    }
    /// Back to the state after construction.
    fn reset(&mut self);
}

/// Convenience for users of a detector; there for every detector, never implemented by hand.
pub trait AnomalyDetectorExt: AnomalyDetector {
    /// Judges a quote without flags, then learns from it.
    fn observe(&mut self, quote: &Quote) -> Verdict {
        self.judge(quote, Quality::GOOD)
    }
}
impl<D: AnomalyDetector + ?Sized> AnomalyDetectorExt for D {}
