//! Exact prices.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A positive price as a whole number of 10⁻⁸ of the currency: 10⁻⁸ to 10⁹.
///
/// Prices are integers so that they have no NaN and no infinity, compare and hash exactly, print as
/// the same text that they were read from, and add up to the same sum in any order.
/// The upper bound leaves room for it: 512 prices, squared and summed, fit an `i128`.
///
/// Text with more than eight decimals is rounded to the nearest unit, ties to even.
///
/// ```
/// use stockflow_core::Price;
///
/// let price: Price = "183.91".parse()?;
/// assert_eq!(price.units(), 18_391_000_000);
/// assert_eq!(price.to_string(), "183.91");
/// assert!("-1".parse::<Price>().is_err());
/// # Ok::<(), stockflow_core::InvalidPrice>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(i64);

impl Price {
    /// Units in 1 of the currency.
    pub const UNITS_PER_ONE: i64 = 100_000_000;
    /// Smallest price, 10⁻⁸.
    pub const MIN: Self = Self(1);
    /// Largest price, 10⁹.
    pub const MAX: Self = Self(1_000_000_000 * Self::UNITS_PER_ONE);

    /// A price of `units` times 10⁻⁸.
    ///
    /// # Errors
    /// [`InvalidPrice::OutOfRange`] below 1 or above [`Price::MAX`].
    pub const fn from_units(units: i64) -> Result<Self, InvalidPrice> {
        if units < Self::MIN.0 || units > Self::MAX.0 {
            return Err(InvalidPrice::OutOfRange);
        }
        Ok(Self(units))
    }

    /// The price nearest to `value`, for sources that have floats only.
    ///
    /// # Errors
    /// [`InvalidPrice::NotANumber`] for NaN and infinities, [`InvalidPrice::OutOfRange`] otherwise.
    pub fn from_f64(value: f64) -> Result<Self, InvalidPrice> {
        if !value.is_finite() {
            return Err(InvalidPrice::NotANumber);
        }
        // The shortest text that reads back as `value` is what the sender meant: 0.1, not 0.1000000000000000055.
        format!("{value}").parse()
    }

    /// The price in units of 10⁻⁸.
    #[must_use]
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The nearest float, for scores, SQL and plots.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // Division rounds once, multiplication by 1e-8 would round twice.
        self.0 as f64 / Self::UNITS_PER_ONE as f64
    }

    /// Reads decimal text as JSON writes numbers, with an optional exponent.
    ///
    /// # Errors
    /// [`InvalidPrice`], as [`FromStr`].
    pub fn from_bytes(text: &[u8]) -> Result<Self, InvalidPrice> {
        Self::from_units(parse_scaled(text, 8)?.0)
    }
}

/// Reads a JSON number as an integer multiple of 10^-`scale`, rounding half to even, and says whether it is one exactly.
///
/// Saturates far outside the range of any price or volume instead of failing, so that the caller's range check
/// gives the reason.
pub(crate) fn parse_scaled(text: &[u8], scale: i32) -> Result<(i64, bool), InvalidPrice> {
    const LIMIT: i128 = i64::MAX as i128;
    if let Some(plain) = parse_plain(text, scale) {
        return Ok((plain, true));
    }
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut mantissa: i128 = 0;
    let mut exponent = scale;
    let mut seen_digit = false;
    let mut seen_point = false;
    // Digits that no longer fit the mantissa only matter for rounding.
    let mut dropped_nonzero = false;
    let mut at = 0;
    while let Some(&b) = digits.get(at) {
        match b {
            b'0'..=b'9' => {
                seen_digit = true;
                if mantissa < i128::MAX / 100 {
                    mantissa = mantissa * 10 + i128::from(b - b'0');
                    exponent -= i32::from(seen_point);
                } else {
                    dropped_nonzero |= b != b'0';
                    exponent += i32::from(!seen_point);
                }
            }
            b'.' if !seen_point && seen_digit => seen_point = true,
            b'e' | b'E' if seen_digit => break,
            _ => return Err(InvalidPrice::NotANumber),
        }
        at += 1;
    }
    if !seen_digit || (seen_point && digits.get(at.wrapping_sub(1)) == Some(&b'.')) {
        return Err(InvalidPrice::NotANumber);
    }
    if at < digits.len() {
        let text = std::str::from_utf8(&digits[at + 1..]).map_err(|_| InvalidPrice::NotANumber)?;
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
            return Err(InvalidPrice::NotANumber);
        }
        let bound = 1_000_000;
        let given = unsigned.parse::<i32>().map_or(bound, |e| e.min(bound));
        exponent = exponent.saturating_add(if text.starts_with('-') { -given } else { given });
    }
    let mut magnitude = mantissa;
    let mut exact = !dropped_nonzero;
    if magnitude != 0 {
        while exponent > 0 && magnitude <= LIMIT {
            magnitude *= 10;
            exponent -= 1;
        }
        if exponent < 0 {
            let divisor =
                if exponent < -38 { i128::MAX } else { 10_i128.pow(exponent.unsigned_abs()) };
            let (quotient, rest) = (magnitude / divisor, magnitude % divisor);
            exact &= rest == 0;
            let twice = rest.saturating_mul(2);
            let up =
                twice > divisor || (twice == divisor && (dropped_nonzero || quotient % 2 == 1));
            magnitude = quotient + i128::from(up);
        }
    }
    let magnitude = magnitude.min(LIMIT) as i64;
    Ok((if negative { -magnitude } else { magnitude }, exact))
}

/// Reads what nearly all numbers are: digits, perhaps a point, nothing to round, and no need for more than 64 bits.
fn parse_plain(text: &[u8], scale: i32) -> Option<i64> {
    const LONGEST: usize = 18;
    if text.len() > LONGEST {
        return None;
    }
    let mut value: i64 = 0;
    let mut point = None;
    for (at, &b) in text.iter().enumerate() {
        match b {
            b'0'..=b'9' => value = value * 10 + i64::from(b - b'0'),
            b'.' if point.is_none() && at > 0 => point = Some(at),
            _ => return None,
        }
    }
    let decimals = point.map_or(0, |at| text.len() - 1 - at);
    if text.is_empty() || (point.is_some() && decimals == 0) {
        return None;
    }
    let shift = usize::try_from(scale).ok()?.checked_sub(decimals)?;
    (text.len() + shift <= LONGEST).then(|| value * 10_i64.pow(shift as u32))
}

/// Writes `units` of 10^-8 as decimal text without trailing zeros.
pub(crate) fn write_units(out: &mut impl fmt::Write, units: i64) -> fmt::Result {
    let magnitude = units.unsigned_abs();
    let (whole, mut fraction) = (magnitude / 100_000_000, magnitude % 100_000_000);
    if units < 0 {
        out.write_char('-')?;
    }
    write!(out, "{whole}")?;
    if fraction != 0 {
        let mut width = 8;
        while fraction % 10 == 0 {
            fraction /= 10;
            width -= 1;
        }
        write!(out, ".{fraction:0width$}")?;
    }
    Ok(())
}

/// Why a text or number is not a [`Price`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPrice {
    /// Not a decimal number.
    #[error("not a decimal number")]
    NotANumber,
    /// Zero, negative or too large.
    #[error("outside 0.00000001 to 1000000000")]
    OutOfRange,
}

impl fmt::Debug for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Price({self})")
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.width().is_none() {
            return write_units(f, self.0);
        }
        let mut text = String::new();
        write_units(&mut text, self.0)?;
        f.pad(&text)
    }
}

impl FromStr for Price {
    type Err = InvalidPrice;
    fn from_str(text: &str) -> Result<Self, InvalidPrice> {
        Self::from_bytes(text.as_bytes())
    }
}

/// As a string, since JSON numbers pass through floats in many readers; the wire format has its own codec.
impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_exact_both_ways() {
        for text in ["0.00000001", "1", "183.91", "16.5", "1000000000", "99999999.99999999", "0.1"]
        {
            assert_eq!(text.parse::<Price>().unwrap().to_string(), text);
        }
        assert_eq!("1.50e1".parse::<Price>().unwrap().to_string(), "15");
        assert_eq!("1e-5".parse::<Price>().unwrap().to_string(), "0.00001");
        assert_eq!("0.30000000000000004".parse::<Price>().unwrap().to_string(), "0.3");
    }

    #[test]
    fn plain_numbers_read_the_same_with_and_without_the_short_way() {
        for text in ["0", "7", "183.91", "0.00000001", "1234567890", "99999999.99999999", "007.50"]
        {
            for scale in [0, 3, 8] {
                // An exponent of zero takes the long way.
                let long = parse_scaled(format!("{text}e0").as_bytes(), scale).unwrap();
                assert_eq!(parse_scaled(text.as_bytes(), scale), Ok(long), "{text} {scale}");
            }
        }
    }

    #[test]
    fn the_ninth_decimal_rounds_half_to_even() {
        for (text, units) in [
            ("0.000000015", 2),
            ("0.000000025", 2),
            ("0.0000000250000000000000000000000000000000000000001", 3),
            ("0.000000014999999999", 1),
        ] {
            assert_eq!(text.parse::<Price>().unwrap().units(), units, "{text}");
        }
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for text in [
            "", "-", ".", ".5", "5.", "1e", "1e+", "NaN", "inf", "1,5", "0x10", " 1", "1 ", "1..2",
            "+1", "--1",
        ] {
            assert_eq!(text.parse::<Price>(), Err(InvalidPrice::NotANumber), "{text:?}");
        }
        for text in [
            "0",
            "-1",
            "0.000000001",
            "1e999",
            "1e999999999999",
            "1000000000.00000001",
            "-1e999",
            "0e5",
            "1e-999",
        ] {
            assert_eq!(text.parse::<Price>(), Err(InvalidPrice::OutOfRange), "{text:?}");
        }
        let long = format!("{}1", "9".repeat(400));
        assert_eq!(long.parse::<Price>(), Err(InvalidPrice::OutOfRange));
        assert_eq!(Price::from_f64(f64::NAN), Err(InvalidPrice::NotANumber));
        assert_eq!(Price::from_f64(0.1).unwrap().units(), 10_000_000);
    }
}
