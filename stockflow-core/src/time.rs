//! Market time.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digits::{ZEROS, fold, others, unfold};

/// A moment in UTC, in whole microseconds since 1970, up to the year 9999.
///
/// Written as RFC 3339 in UTC with always six decimals (`2026-11-23T14:30:00.000000Z`), so that the
/// order of texts is the order of times. Any RFC 3339 text is read; what is finer than a microsecond is cut off.
///
/// ```
/// use stockflow_core::Timestamp;
///
/// let time: Timestamp = "2026-11-23T09:30:00-05:00".parse()?;
/// assert_eq!(time.to_string(), "2026-11-23T14:30:00.000000Z");
/// # Ok::<(), stockflow_core::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

const MICROS_PER_DAY: i64 = 86_400_000_000;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const MIN: Self = Self(0);
    /// The last microsecond of the year 9999.
    pub const MAX: Self = Self(253_402_300_799_999_999);
    /// Bytes of the canonical text.
    pub const TEXT_LEN: usize = 27;

    /// `micros` microseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`InvalidTimestamp::OutOfRange`] before 1970 or after 9999.
    pub const fn from_micros(micros: i64) -> Result<Self, InvalidTimestamp> {
        if micros < Self::MIN.0 || micros > Self::MAX.0 {
            return Err(InvalidTimestamp::OutOfRange);
        }
        Ok(Self(micros))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The day in UTC.
    #[must_use]
    pub const fn date(self) -> Date {
        Date((self.0 / MICROS_PER_DAY) as i32)
    }

    /// Time from `earlier` to this; zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(if micros > 0 { micros as u64 } else { 0 })
    }

    /// This moment plus `duration`, at most [`Timestamp::MAX`].
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros).min(Self::MAX.0))
    }

    /// This moment minus `duration`, at least [`Timestamp::MIN`].
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros).max(Self::MIN.0))
    }

    /// The canonical text without an allocation.
    #[must_use]
    pub fn to_text(self) -> [u8; Self::TEXT_LEN] {
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let (year, month, day) = self.date().year_month_day();
        let micros = self.0 % MICROS_PER_DAY;
        let seconds = (micros / 1_000_000) as u64;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let date =
            (unfold(year as u64 * 10_000 + u64::from(month * 100 + day)) | ZEROS).to_le_bytes();
        let time = (unfold(hour * 10_000 + minute * 100 + second) | ZEROS).to_le_bytes();
        let fraction = (unfold((micros % 1_000_000) as u64) | ZEROS).to_le_bytes();
        text[0..4].copy_from_slice(&date[0..4]);
        text[5..7].copy_from_slice(&date[4..6]);
        text[8..10].copy_from_slice(&date[6..8]);
        text[11..13].copy_from_slice(&time[2..4]);
        text[14..16].copy_from_slice(&time[4..6]);
        text[17..19].copy_from_slice(&time[6..8]);
        text[20..26].copy_from_slice(&fraction[2..8]);
        text
    }

    /// Reads the canonical text only; `None` for every other form, legal or not.
    #[must_use]
    pub fn from_canonical(text: &[u8]) -> Option<Self> {
        let text: &[u8; Self::TEXT_LEN] = text.try_into().ok()?;
        let eight = |from: usize| Some(u64::from_le_bytes(*text.get(from..)?.first_chunk()?));
        let date = template(eight(0)?, b"0000-00-")?;
        let time = template(eight(8)?, b"00T00:00")?;
        let second = template(eight(13)?, b":00:00.0")?;
        let fraction = template(eight(19)?, b".000000Z")?;
        // Each byte that starts a number of two digits now holds that number.
        let two = |digits: u64, at: u32| ((digits * 10 + (digits >> 8)) >> (8 * at)) as u32 & 0xff;
        let year = two(date, 0) * 100 + two(date, 2);
        let date = Date::new(year as i32, two(date, 5), two(time, 0))?;
        let (hour, minute, second) = (two(time, 3), two(time, 6), two(second, 4));
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = i64::from(hour * 3600 + minute * 60 + second);
        let micros = fold(fraction << 8) as i64;
        Some(Self(i64::from(date.0) * MICROS_PER_DAY + seconds * 1_000_000 + micros))
    }

    /// Reads UTC with fewer than six decimals, as most feeds write it.
    fn from_shorter(text: &[u8]) -> Option<Self> {
        let (seconds, rest) = text.split_at_checked(19)?;
        let decimals = match rest {
            [b'Z'] => &[],
            [b'.', decimals @ .., b'Z'] if (1..6).contains(&decimals.len()) => decimals,
            _ => return None,
        };
        let mut full = *b"0000-00-00T00:00:00.000000Z";
        full[..19].copy_from_slice(seconds);
        full[20..20 + decimals.len()].copy_from_slice(decimals);
        Self::from_canonical(&full)
    }

    /// Reads any RFC 3339 text.
    ///
    /// # Errors
    /// [`InvalidTimestamp`], as [`FromStr`].
    pub fn from_bytes(text: &[u8]) -> Result<Self, InvalidTimestamp> {
        if let Some(time) = Self::from_canonical(text).or_else(|| Self::from_shorter(text)) {
            return Ok(time);
        }
        // Longer than any RFC 3339 text with nanoseconds: not worth a parser's time.
        if text.len() > 64 {
            return Err(InvalidTimestamp::NotRfc3339);
        }
        let text = std::str::from_utf8(text).map_err(|_| InvalidTimestamp::NotRfc3339)?;
        let time: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp::NotRfc3339)?;
        let micros = time.as_nanosecond().div_euclid(1_000);
        Self::from_micros(i64::try_from(micros).map_err(|_| InvalidTimestamp::OutOfRange)?)
    }
}

/// The digits where `form` has `0`, zero elsewhere; `None` if `text` is not of that form.
fn template(text: u64, form: &[u8; 8]) -> Option<u64> {
    let form = u64::from_le_bytes(*form);
    let digits = text ^ form;
    // Where `form` has no digit, all bits have to agree.
    let places = others(form ^ ZEROS) >> 7;
    let wrong = digits & (places * 0xff);
    (wrong == 0 && others(digits) == 0).then_some(digits)
}

fn take(digits: &[u8]) -> Option<u32> {
    let mut value = 0;
    for &b in digits {
        if !b.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u32::from(b - b'0');
    }
    Some(value)
}

/// Why a text is not a [`Timestamp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTimestamp {
    /// Not a date and time with an offset.
    #[error("not an RFC 3339 time such as 2026-11-23T14:30:00Z")]
    NotRfc3339,
    /// Before 1970 or after 9999.
    #[error("time outside the years 1970 to 9999")]
    OutOfRange,
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.to_text()).unwrap_or_default())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        Self::from_bytes(text.as_bytes())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A day of the Gregorian calendar in UTC, 1970 to 9999; the lake is partitioned by it (`dt=2026-11-23`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// The day with that year, month and day of month; `None` if there is none from 1970 to 9999.
    #[must_use]
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u32::from(leap),
            _ => return None,
        };
        if !(1970..=9999).contains(&year) || day == 0 || day > days {
            return None;
        }
        // Days before 1 March of a 400-year cycle: the leap day is then the last of its year.
        let year = if month <= 2 { year - 1 } else { year };
        let (era, year_of_era) = (year / 400, year % 400);
        let day_of_year =
            (153 * (month as i32 + if month > 2 { -3 } else { 9 }) + 2) / 5 + day as i32 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some(Self(era * 146_097 + day_of_era - 719_468))
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days_since_epoch(self) -> i32 {
        self.0
    }

    /// The first moment of the day.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0 as i64 * MICROS_PER_DAY)
    }

    /// Year, month (1 to 12) and day of month (1 to 31).
    #[must_use]
    pub const fn year_month_day(self) -> (i32, u32, u32) {
        let shifted = self.0 + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month as u32, day as u32)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.start().to_text()[..10]).unwrap_or_default())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

impl FromStr for Date {
    type Err = InvalidTimestamp;
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(InvalidTimestamp::NotRfc3339);
        }
        let part =
            |range: std::ops::Range<usize>| take(&bytes[range]).ok_or(InvalidTimestamp::NotRfc3339);
        Self::new(part(0..4)? as i32, part(5..7)?, part(8..10)?).ok_or(InvalidTimestamp::OutOfRange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rfc_3339_form_is_read_and_one_is_written() {
        for text in [
            "2013-10-07T13:30:00.019Z",
            "2013-10-07T13:30:00.019000+00:00",
            "2013-10-07t15:30:00.0190009+02:00",
        ] {
            assert_eq!(
                text.parse::<Timestamp>().unwrap().to_string(),
                "2013-10-07T13:30:00.019000Z",
                "{text}"
            );
        }
    }

    #[test]
    fn fewer_decimals_are_read_as_jiff_reads_them() {
        for text in [
            "2013-10-07T13:30:00Z",
            "2013-10-07T13:30:00.0Z",
            "2013-10-07T13:30:00.01Z",
            "2013-10-07T13:30:00.019Z",
            "1970-01-01T00:00:00.0001Z",
            "9999-12-30T21:59:59.99999Z",
            "2013-10-07T13:30:60Z",
            "2013-10-07T13:30:00.Z",
            "2013-10-07T13:30:00.",
            "2013-10-07T13:30:00.-1Z",
            "2013-02-30T13:30:00Z",
            "2013-10-07T24:00:00.5Z",
        ] {
            let ours = text.parse::<Timestamp>().ok().map(Timestamp::as_micros);
            let theirs = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond);
            assert_eq!(ours, theirs, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "2013-10-07",
            "2013-10-07 13:30:00",
            "2013-02-30T00:00:00Z",
            "2013-10-07T25:00:00Z",
            "1234567890",
            "\u{0}",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp::NotRfc3339), "{text:?}");
        }
        assert_eq!("1969-12-31T23:59:59Z".parse::<Timestamp>(), Err(InvalidTimestamp::OutOfRange));
    }

    #[test]
    fn calendar_agrees_with_jiff() {
        for day in (0..2_932_896).step_by(13) {
            let ours = Date(day).to_string();
            let theirs = jiff::Timestamp::from_second(i64::from(day) * 86_400).unwrap().to_string();
            assert_eq!(ours, theirs[..10]);
            assert_eq!(ours.parse::<Date>().unwrap(), Date(day));
        }
    }

    #[test]
    fn canonical_text_reads_back() {
        for micros in [0, 1, 999_999, 951_782_400_000_000, Timestamp::MAX.as_micros()] {
            let time = Timestamp::from_micros(micros).unwrap();
            assert_eq!(Timestamp::from_canonical(&time.to_text()), Some(time));
        }
    }
}
