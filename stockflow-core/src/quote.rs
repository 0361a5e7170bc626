//! The quote, the one thing that flows through everything.

use std::fmt;

use crate::{InvalidPrice, Price, Symbol, Timestamp};

/// A snapshot of a symbol's trading day: what a public quote API answers at one moment.
///
/// Every field is valid by its type, so a quote cannot be built from NaN, a negative price or a path as symbol.
/// What live feeds do get wrong (a price outside the day's range, a stale quote, a suspected split) is no reason to
/// lose it: that is a [`Quality`](crate::Quality) flag.
///
/// ```
/// use stockflow_core::Quote;
///
/// let quote = Quote {
///     symbol: "AAPL".parse()?,
///     timestamp: "2026-11-23T14:30:00Z".parse()?,
///     open: "180".parse()?,
///     high: "184.5".parse()?,
///     low: "179.25".parse()?,
///     price: "183.75".parse()?,
///     previous_close: "175".parse()?,
///     volume: 1_000_000.try_into()?,
/// };
/// assert_eq!(quote.change_percent(), 5.0);
/// assert_eq!(quote.ohlc4(), 181.875);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quote {
    /// Ticker symbol.
    pub symbol: Symbol,
    /// Market time: when the exchange saw it, not when it was polled.
    pub timestamp: Timestamp,
    /// First price of the day.
    pub open: Price,
    /// Highest price of the day so far.
    pub high: Price,
    /// Lowest price of the day so far.
    pub low: Price,
    /// Last price.
    pub price: Price,
    /// Closing price of the previous trading day.
    pub previous_close: Price,
    /// Shares or contracts traded on this day so far.
    pub volume: Volume,
}

impl Quote {
    /// Price less previous close, in units of 10⁻⁸.
    #[must_use]
    pub const fn change_units(&self) -> i64 {
        self.price.units() - self.previous_close.units()
    }

    /// Change from the previous close in percent, from unrounded values, rounded once at the end.
    #[must_use]
    pub fn change_percent(&self) -> f64 {
        // Up to 10^19 in the numerator: exact as an integer, then one rounded division.
        (i128::from(self.change_units()) * 100) as f64 / self.previous_close.units() as f64
    }

    /// Change from the previous close in 10⁻⁴ percent, rounded half away from zero; what the wire carries.
    #[must_use]
    pub fn change_percent_e4(&self) -> i64 {
        let (change, close) = (self.change_units(), self.previous_close.units());
        // Nearly always enough, and ten times as fast as the division of an i128.
        let half = if change < 0 { -close } else { close };
        if let Some(sum) = change.checked_mul(2_000_000).and_then(|s| s.checked_add(half)) {
            return sum / (2 * close);
        }
        let (change, close) = (i128::from(change), i128::from(close));
        let scaled = change * 2_000_000;
        let rounded = (scaled + if scaled < 0 { -close } else { close }) / (2 * close);
        i64::try_from(rounded).unwrap_or(i64::MAX)
    }

    /// (open + high + low + price) / 4; the original project calls it "moving average".
    #[doc(alias = "moving_average")]
    #[must_use]
    pub fn ohlc4(&self) -> f64 {
        let sum = i128::from(self.open.units())
            + i128::from(self.high.units())
            + i128::from(self.low.units())
            + i128::from(self.price.units());
        sum as f64 / (4 * Price::UNITS_PER_ONE) as f64
    }

    /// Whether this quote belongs to a later trading session than `before`, a quote of the same symbol.
    ///
    /// A new day of UTC starts a session, unless the open is the same and the day's volume went on (a market whose
    /// session crosses midnight UTC); within a day, a new open together with a volume that fell does.
    #[must_use]
    pub fn starts_session_after(&self, before: &Self) -> bool {
        crate::session::Tip::of(before).is_left_by(self)
    }

    /// Shares or contracts traded since `before`; from the session's start if a new one began in between.
    ///
    /// A day's volume that was corrected downwards counts as no trade.
    #[must_use]
    pub fn volume_since(&self, before: &Self) -> i64 {
        crate::session::Tip::of(before).volume_until(self)
    }
}

/// A day's running volume: 0 to 10¹⁵.
///
/// The bound leaves room to add up 512 of them in an `i64`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Volume(i64);

impl Volume {
    /// No trade yet.
    pub const ZERO: Self = Self(0);
    /// Largest volume, 10¹⁵.
    pub const MAX: Self = Self(1_000_000_000_000_000);

    /// A volume of `value` shares.
    ///
    /// # Errors
    /// [`InvalidVolume::OutOfRange`] below 0 or above [`Volume::MAX`].
    pub const fn new(value: i64) -> Result<Self, InvalidVolume> {
        if value < 0 || value > Self::MAX.0 {
            return Err(InvalidVolume::OutOfRange);
        }
        Ok(Self(value))
    }

    /// Reads a JSON number that is whole (`1000`, `1000.0`, `1e3`).
    ///
    /// # Errors
    /// [`InvalidVolume`] for anything else, fractions too: half a share is a sign of a wrong field.
    pub fn from_bytes(text: &[u8]) -> Result<Self, InvalidVolume> {
        let (shares, whole) = crate::price::parse_scaled(text, 0).map_err(|e| match e {
            InvalidPrice::OutOfRange => InvalidVolume::OutOfRange,
            InvalidPrice::NotANumber => InvalidVolume::NotANumber,
        })?;
        let volume = Self::new(shares)?;
        if !whole {
            return Err(InvalidVolume::Fraction);
        }
        Ok(volume)
    }

    /// Shares.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Volume {
    type Error = InvalidVolume;
    fn try_from(value: i64) -> Result<Self, InvalidVolume> {
        Self::new(value)
    }
}

impl fmt::Debug for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Volume({})", self.0)
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text or number is not a [`Volume`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidVolume {
    /// Not a decimal number.
    #[error("not a decimal number")]
    NotANumber,
    /// Negative or too large.
    #[error("outside 0 to 1000000000000000")]
    OutOfRange,
    /// Not whole.
    #[error("not a whole number")]
    Fraction,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(time: &str, open: &str, volume: i64) -> Quote {
        let price: Price = open.parse().unwrap();
        Quote {
            symbol: "A".parse().unwrap(),
            timestamp: time.parse().unwrap(),
            open: price,
            high: price,
            low: price,
            price,
            previous_close: price,
            volume: Volume::new(volume).unwrap(),
        }
    }

    #[test]
    fn sessions_are_told_apart() {
        let evening = quote("2026-11-23T20:59:00Z", "10", 900);
        assert!(!quote("2026-11-23T21:00:00Z", "10", 950).starts_session_after(&evening));
        assert!(
            !quote("2026-11-23T21:00:00Z", "10", 850).starts_session_after(&evening),
            "a correction of the volume"
        );
        assert!(quote("2026-11-24T14:30:00Z", "11", 5).starts_session_after(&evening));
        assert!(quote("2026-11-24T14:30:00Z", "11", 5_000).starts_session_after(&evening));
        let sydney = quote("2026-11-23T23:59:00Z", "10", 900);
        assert!(
            !quote("2026-11-24T00:01:00Z", "10", 950).starts_session_after(&sydney),
            "crosses midnight UTC"
        );
        let futures = quote("2026-11-23T21:59:00Z", "10", 900);
        assert!(
            quote("2026-11-23T23:00:00Z", "12", 1).starts_session_after(&futures),
            "two sessions in a day of UTC"
        );
    }

    #[test]
    fn percent_rounds_once_and_half_away_from_zero() {
        let mut q = quote("2026-11-23T20:59:00Z", "8", 0);
        q.price = "8.000004".parse().unwrap();
        assert_eq!(q.change_percent_e4(), 1, "0.00005 %");
        q.price = "7.999996".parse().unwrap();
        assert_eq!(q.change_percent_e4(), -1);
        q.price = Price::MAX;
        q.previous_close = Price::MIN;
        assert_eq!(q.change_percent_e4(), i64::MAX, "saturates");
    }

    #[test]
    fn volumes_are_whole() {
        assert_eq!(Volume::from_bytes(b"1e3"), Ok(Volume(1000)));
        assert_eq!(Volume::from_bytes(b"1000.0"), Ok(Volume(1000)));
        assert_eq!(Volume::from_bytes(b"0.5"), Err(InvalidVolume::Fraction));
        assert_eq!(Volume::from_bytes(b"1e-999"), Err(InvalidVolume::Fraction));
        assert_eq!(Volume::from_bytes(b"1000.0001"), Err(InvalidVolume::Fraction));
        assert_eq!(Volume::from_bytes(b"-1"), Err(InvalidVolume::OutOfRange));
        assert_eq!(Volume::from_bytes(b"1e999"), Err(InvalidVolume::OutOfRange));
        assert_eq!(Volume::from_bytes(b"true"), Err(InvalidVolume::NotANumber));
        assert_eq!(Volume::from_bytes(b"1000000000000001"), Err(InvalidVolume::OutOfRange));
    }
}
