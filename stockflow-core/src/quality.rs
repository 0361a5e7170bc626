//! What is doubtful about a quote.

mod assess;
mod split;

use std::{fmt, ops};

pub use assess::Assessor;
pub(crate) use split::nearest_split;

/// A set of flags on a quote: what live feeds are known to get wrong.
///
/// A flagged quote is stored and archived like any other. A detector says which flags it tolerates
/// ([`AnomalyDetector::tolerates`](crate::AnomalyDetector::tolerates)); of the others it neither judges the quote
/// nor learns from it.
///
/// ```
/// use stockflow_core::Quality;
///
/// let quality = Quality::STALE | Quality::GAP;
/// assert!(quality.contains(Quality::GAP));
/// assert_eq!(quality.names().collect::<Vec<_>>(), ["stale", "gap"]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Quality(u16);

impl Quality {
    /// Nothing is doubtful.
    pub const GOOD: Self = Self(0);
    /// The price is outside the day's low to high, or low is above high.
    pub const OUTSIDE_RANGE: Self = Self(1);
    /// Nothing changed since the quote before except the time.
    pub const STALE: Self = Self(1 << 1);
    /// Much later than the quote before it in the same session: more than 5 minutes and 8 times the usual pause.
    pub const GAP: Self = Self(1 << 2);
    /// Outside the market's regular hours; set by sources that know them.
    pub const OFF_SESSION: Self = Self(1 << 3);
    /// The price level moved by the ratio of a usual split between two sessions, without a crash's volume.
    pub const SUSPECTED_SPLIT: Self = Self(1 << 4);
    /// About 100 times or a 100th of the price level before it: pence for pounds.
    pub const UNIT_ERROR: Self = Self(1 << 5);
    /// Every flag.
    pub const ALL: Self = Self(0b11_1111);

    const NAMES: [&'static str; 6] =
        ["outside_range", "stale", "gap", "off_session", "suspected_split", "unit_error"];

    /// The flags as a number, for storage.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The flags of a stored number; bits without a meaning are dropped.
    #[must_use]
    pub const fn from_bits_truncate(bits: u16) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Whether no flag is set.
    #[must_use]
    pub const fn is_good(self) -> bool {
        self.0 == 0
    }

    /// Whether every flag of `other` is set here.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These flags without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Names of the flags, in snake case, as rows show them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .into_iter()
            .enumerate()
            .filter(move |(bit, _)| self.0 & (1 << bit) != 0)
            .map(|(_, name)| name)
    }

    /// The flag of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|n| *n == name).map(|bit| Self(1 << bit))
    }
}

impl ops::BitOr for Quality {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
impl ops::BitOrAssign for Quality {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Quality(")?;
        for (i, name) in self.names().enumerate() {
            f.write_str(if i == 0 { "" } else { " | " })?;
            f.write_str(name)?;
        }
        f.write_str(")")
    }
}
