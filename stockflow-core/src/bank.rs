//! All detectors of one symbol, with what they may look back on.

mod anomaly;
mod trend;

pub use self::anomaly::AnomalyBank;
pub(crate) use self::trend::TrendBank;
use crate::{Quality, params::MAX_LOOKBACK};

/// After so many quotes in a row that a detector does not tolerate, it starts anew.
///
/// Without a bound, a symbol whose every quote is flagged would make a cold start read its whole history.
const FORGET_AFTER: usize = MAX_LOOKBACK;

/// What detectors with one tolerance do with the quotes that come.
#[derive(Clone, Copy, Debug)]
struct Diet {
    tolerates: Quality,
    /// Quotes that were not taken in, in a row.
    skipped: usize,
}

/// What is done with a quote of a certain quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feed {
    Take,
    /// A split: the level before it says nothing about the level after it.
    StartAnew,
    Skip,
    /// Too many were skipped: what was learned is forgotten.
    Forget,
}

impl Feed {
    /// Whether the quote is taken in.
    fn takes(self) -> bool {
        matches!(self, Self::Take | Self::StartAnew)
    }

    /// Whether what was learned before is forgotten.
    fn forgets(self) -> bool {
        matches!(self, Self::StartAnew | Self::Forget)
    }
}

impl Diet {
    const fn new(tolerates: Quality) -> Self {
        Self { tolerates, skipped: 0 }
    }

    /// [`Feed::Take`], [`Feed::StartAnew`] or [`Feed::Skip`], by the quality alone.
    const fn feed(&self, quality: Quality) -> Feed {
        let refused = quality.without(self.tolerates);
        if refused.is_good() {
            Feed::Take
        } else if refused.without(Quality::SUSPECTED_SPLIT).is_good() {
            Feed::StartAnew
        } else {
            Feed::Skip
        }
    }

    /// What to do with the next quote.
    fn next(&mut self, quality: Quality) -> Feed {
        let feed = self.feed(quality);
        if feed != Feed::Skip {
            self.skipped = 0;
            return feed;
        }
        self.skipped += 1;
        if self.skipped == FORGET_AFTER { Feed::Forget } else { Feed::Skip }
    }

    /// Whether the newest of `qualities` (oldest first) reach back far enough for `lookback` quotes taken in.
    fn is_satisfied_by(
        &self,
        lookback: usize,
        qualities: impl DoubleEndedIterator<Item = Quality>,
    ) -> bool {
        let (mut taken, mut skipped) = (0, 0);
        let mut newest_first = qualities.rev();
        loop {
            if taken >= lookback || skipped >= FORGET_AFTER {
                return true;
            }
            match newest_first.next().map(|quality| self.feed(quality)) {
                Some(Feed::Take) => (taken, skipped) = (taken + 1, 0),
                Some(Feed::StartAnew) => return true,
                Some(Feed::Skip | Feed::Forget) => skipped += 1,
                None => return false,
            }
        }
    }
}
