//! The detectors of this crate without what they share: the bank of a symbol works that out once for all of them.

use std::fmt;

use super::Verdict;
use crate::{
    Quality, Quote,
    session::{Following, Needs},
};

/// What a detector of this crate knows beside how a quote follows the one before it, which it is told.
pub(crate) trait Kernel: fmt::Debug {
    /// What of the quotes before is to be kept for it.
    fn needs(&self) -> Needs {
        Needs::default()
    }
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
        impl $detector {
            fn with_kernel(kernel: State) -> Self {
                let sessions = Sessions::new(kernel.needs());
                Self { kernel, sessions }
            }
        }

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
                let how = following.how();
                self.sessions.advance(quote, how);
            }
            fn judge(&mut self, quote: &Quote, quality: Quality) -> Verdict {
                let following = self.sessions.following(quote);
                let verdict = self.kernel.judge(quote, quality, &following);
                let how = following.how();
                self.sessions.advance(quote, how);
                verdict
            }
            fn reset(&mut self) {
                self.kernel.reset();
                self.sessions.reset();
            }
        }
    };
}
pub(super) use standalone;
