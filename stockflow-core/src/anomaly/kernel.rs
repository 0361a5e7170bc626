//! The detectors of this crate without what they share: the bank of a symbol works that out once for all of them.

use std::{any::Any, fmt};

use super::{
    AnomalyDetector, Drift, FeedGap, FlatLine, Hampel, OpenGap, PercentChange, PriceLevel,
    RangeBreak, ReturnZScore, SuspectedSplit, Verdict, VolumeSpike, drift, feed_gap, flat_line,
    hampel, open_gap, percent_change, price_level, range_break, return_zscore, suspected_split,
    volume_spike,
};
use crate::{
    Quality, Quote,
    session::{Following, Sessions},
};

/// What a detector of this crate knows beside how a quote follows the one before it, which it is told.
pub(crate) trait Kernel: fmt::Debug {
    /// As [`AnomalyDetector::score_flagged`].
    fn score(&self, quote: &Quote, quality: Quality, following: &Following<'_>) -> Verdict;
    /// As [`AnomalyDetector::update`].
    fn update(&mut self, quote: &Quote, following: &Following<'_>);
    /// As [`AnomalyDetector::judge`].
    #[inline(always)]
    fn judge(&mut self, quote: &Quote, quality: Quality, following: &Following<'_>) -> Verdict {
        let verdict = self.score(quote, quality, following);
        self.update(quote, following);
        verdict
    }
    /// As [`AnomalyDetector::reset`].
    fn reset(&mut self);
}

/// Makes a detector out of a `kernel` and `sessions` of its own, for those who use it without a bank.
macro_rules! standalone {
    ($detector:ident, lookback: $lookback:expr, tolerates: $tolerates:expr $(,)?) => {
        impl AnomalyDetector for $detector {
            fn lookback(&self) -> usize {
                let lookback: fn(&State) -> usize = $lookback;
                lookback(&self.kernel)
            }
            fn tolerates(&self) -> Quality {
                $tolerates
            }
            fn score(&self, quote: &Quote) -> Verdict {
                self.score_flagged(quote, Quality::GOOD)
            }
            fn score_flagged(&self, quote: &Quote, quality: Quality) -> Verdict {
                self.kernel.score(quote, quality, &self.sessions.following(quote))
            }
            fn update(&mut self, quote: &Quote) {
                let following = self.sessions.following(quote);
                self.kernel.update(quote, &following);
                let starts = following.starts;
                self.sessions.advance(quote, starts);
            }
            fn judge(&mut self, quote: &Quote, quality: Quality) -> Verdict {
                let following = self.sessions.following(quote);
                let verdict = self.kernel.judge(quote, quality, &following);
                let starts = following.starts;
                self.sessions.advance(quote, starts);
                verdict
            }
            fn reset(&mut self) {
                self.kernel.reset();
                self.sessions = Sessions::default();
            }
        }
    };
}
pub(super) use standalone;

/// One enum over the kernels, so that those of a symbol lie side by side in memory; every other detector stays in its box.
macro_rules! kernels {
    ($($detector:ident: $module:ident),* $(,)?) => {
        #[derive(Debug)]
        pub(crate) enum AnyKernel {
            $($detector($module::State),)*
            Boxed(Box<dyn AnomalyDetector>),
        }

        impl From<Box<dyn AnomalyDetector>> for AnyKernel {
            fn from(detector: Box<dyn AnomalyDetector>) -> Self {
                let any: &dyn Any = detector.as_ref();
                $(if let Some(known) = any.downcast_ref::<$detector>()
                    && known.sessions == Sessions::default()
                {
                    return Self::$detector(known.kernel.clone());
                })*
                Self::Boxed(detector)
            }
        }

        impl AnyKernel {
            pub(crate) fn update(&mut self, quote: &Quote, following: &Following<'_>) {
                match self {
                    $(Self::$detector(kernel) => kernel.update(quote, following),)*
                    Self::Boxed(detector) => detector.update(quote),
                }
            }

            #[inline(always)]
            pub(crate) fn judge(
                &mut self,
                quote: &Quote,
                quality: Quality,
                following: &Following<'_>,
            ) -> Verdict {
                match self {
                    $(Self::$detector(kernel) => kernel.judge(quote, quality, following),)*
                    Self::Boxed(detector) => detector.judge(quote, quality),
                }
            }

            pub(crate) fn reset(&mut self) {
                match self {
                    $(Self::$detector(kernel) => kernel.reset(),)*
                    Self::Boxed(detector) => detector.reset(),
                }
            }
        }
    };
}

kernels! {
    PercentChange: percent_change,
    ReturnZScore: return_zscore,
    Hampel: hampel,
    RangeBreak: range_break,
    Drift: drift,
    VolumeSpike: volume_spike,
    OpenGap: open_gap,
    FlatLine: flat_line,
    FeedGap: feed_gap,
    PriceLevel: price_level,
    SuspectedSplit: suspected_split,
}
