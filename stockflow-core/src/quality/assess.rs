//! Finds what is doubtful about a quote from the few accepted before it.

use std::collections::VecDeque;

use super::split;
use crate::{Price, Quality, Quote, Timestamp, session::Tip};

/// Judges the quality of one symbol's quotes; a function of the quote and the [`Assessor::LOOKBACK`] accepted before it.
///
/// # What it tells
/// - [`OUTSIDE_RANGE`](Quality::OUTSIDE_RANGE), [`STALE`](Quality::STALE): from the quote and the one before it.
/// - [`GAP`](Quality::GAP): a pause within the session of more than 5 minutes and 8 times the mean pause.
/// - [`UNIT_ERROR`](Quality::UNIT_ERROR): 80 to 125 times, or the same part of, the newest price that was not flagged so. If
///   all that it looks back on was, the new level is accepted.
/// - [`SUSPECTED_SPLIT`](Quality::SUSPECTED_SPLIT): on the first quote of a session whose open is a usual split ratio (2, 3, 4, 5, 7,
///   10, 20 for 1, 3 for 2, and reverse ones) away from a previous close as traded. Ratios below 4 have to fit
///   within 3 %, larger ones within 15 %. Since a crash can hit a ratio too, the price has to stay near it, the
///   day's range must be narrow, the turnover usual, and the symbol calm before; only a rise to four times and more speaks
///   for itself. A feed that adjusts the previous close (Yahoo's) tells by itself: there the flag is set if the
///   previous close, not the price, has left the level of the last quote by such a ratio.
///
/// # What cannot be told
/// - A fall over night by very nearly a half, a third, a quarter, on usual volume and in a symbol that was calm: on the first
///   quote of an intraday feed that is what a split looks like, and the day's volume and range, which would tell, are yet
///   to come. The flag is not taken back later in the day.
/// - A split of a symbol whose price jumped by a fifth or more lately, with an unusual ratio (11 for 10, a spin-off), or
///   together with a move of the market of more than 3 %: told as a crash or a rise.
/// - What moved while no quotes came for more than a week.
///
/// ```
/// use stockflow_core::{Assessor, Quality, Quote};
///
/// let close = "645.57".parse()?;
/// let friday = Quote {
///     symbol: "AAPL".parse()?,
///     timestamp: "2014-06-06T20:00:00Z".parse()?,
///     open: "649.90".parse()?,
///     high: "651.26".parse()?,
///     low: "644.47".parse()?,
///     price: close,
///     previous_close: "647.35".parse()?,
///     volume: 12_116_671.try_into()?,
/// };
/// let monday = Quote {
///     timestamp: "2014-06-09T20:00:00Z".parse()?,
///     open: "92.69".parse()?,
///     high: "93.88".parse()?,
///     low: "91.75".parse()?,
///     price: "93.70".parse()?,
///     previous_close: close,
///     volume: 72_875_948.try_into()?,
///     ..friday
/// };
/// let mut assessor = Assessor::default();
/// assessor.learn(&friday, Quality::GOOD);
/// assert_eq!(assessor.assess(&monday), Quality::SUSPECTED_SPLIT);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Assessor {
    last: Option<Quote>,
    /// Price of the newest in the window that is no unit error, and how many came after it: the window is seldom at hand.
    level: Option<(Price, usize)>,
    window: VecDeque<Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    time: Timestamp,
    price: Price,
    quality: Quality,
    /// Whether it starts a session after the one before it.
    opens: bool,
}

/// Microseconds; a shorter pause is no gap.
const LEAST_GAP: i64 = 300_000_000;
const GAP_FACTOR: i64 = 8;
/// Pauses needed to say what is usual.
const LEAST_PAUSES: i64 = 4;

impl Assessor {
    /// On how many accepted quotes its answer depends.
    pub const LOOKBACK: usize = 32;

    /// Flags of `quote`, without learning from it.
    #[must_use]
    pub fn assess(&self, quote: &Quote) -> Quality {
        let mut quality = Quality::GOOD;
        if quote.price < quote.low || quote.price > quote.high || quote.low > quote.high {
            quality |= Quality::OUTSIDE_RANGE;
        }
        let Some(last) = &self.last else { return quality };
        if (Quote { timestamp: last.timestamp, ..*quote }) == *last {
            quality |= Quality::STALE;
        }
        if self.is_gap(last, quote) {
            quality |= Quality::GAP;
        }
        if self.is_unit_error(quote.price) {
            quality |= Quality::UNIT_ERROR;
        } else if self.is_suspected_split(quote) {
            quality |= Quality::SUSPECTED_SPLIT;
        }
        quality
    }

    /// Takes in an accepted quote with its flags.
    pub fn learn(&mut self, quote: &Quote, quality: Quality) {
        if self.window.len() == Self::LOOKBACK {
            self.window.pop_front();
        }
        let opens = self.last.is_some_and(|last| quote.starts_session_after(&last));
        let (time, price) = (quote.timestamp, quote.price);
        self.window.push_back(Seen { time, price, quality, opens });
        self.level = if quality.contains(Quality::UNIT_ERROR) {
            self.level.map(|(price, age)| (price, age + 1)).filter(|(_, age)| *age < Self::LOOKBACK)
        } else {
            Some((price, 0))
        };
        self.last = Some(*quote);
    }

    fn is_gap(&self, last: &Quote, quote: &Quote) -> bool {
        let pause = quote.timestamp.as_micros() - last.timestamp.as_micros();
        if pause <= LEAST_GAP || quote.starts_session_after(last) {
            return false;
        }
        let (mut count, mut sum) = (0, 0_i64);
        for (before, after) in self.window.iter().zip(self.window.iter().skip(1)) {
            if !after.opens {
                count += 1;
                sum = sum.saturating_add(after.time.as_micros() - before.time.as_micros());
            }
        }
        count >= LEAST_PAUSES && pause / GAP_FACTOR > sum / count
    }

    /// Newest first, without unit errors.
    fn levels(&self) -> impl Iterator<Item = &Seen> {
        self.window.iter().rev().filter(|seen| !seen.quality.contains(Quality::UNIT_ERROR))
    }

    fn is_unit_error(&self, price: Price) -> bool {
        let about_hundred = |small: i64, large: i64| large >= small * 80 && large / 125 <= small;
        self.level.is_some_and(|(level, _)| {
            let (level, price) = (level.units(), price.units());
            if price > level { about_hundred(level, price) } else { about_hundred(price, level) }
        })
    }

    fn is_suspected_split(&self, quote: &Quote) -> bool {
        let (Some(last), Some((level, _))) = (&self.last, self.level) else { return false };
        if !split::is_worth_asking(level, quote.price) || !quote.starts_session_after(last) {
            return false;
        }
        // Before an earlier split prices had another level.
        let mut split_passed = false;
        let recent = self.levels().take_while(|seen| {
            let is_before = split_passed;
            split_passed |= seen.quality.contains(Quality::SUSPECTED_SPLIT);
            !is_before
        });
        let tip = Tip { price: level, ..Tip::of(last) };
        split::is_suspected(&tip, quote, recent.map(|seen| seen.price))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::time::Duration;

    use super::*;
    use crate::Volume;

    /// Of a price all day, at a time.
    fn quote(price: &str, time: &str) -> Quote {
        let price = price.parse().unwrap();
        Quote {
            symbol: "A".parse().unwrap(),
            timestamp: time.parse().unwrap(),
            open: price,
            high: price,
            low: price,
            price,
            previous_close: price,
            volume: Volume::new(1_000).unwrap(),
        }
    }

    /// A minute apart, from 14:30 on, each traded.
    fn minutes(assessor: &mut Assessor, count: i64) -> Quote {
        let mut quote = quote("100", "2026-11-23T14:30:00Z");
        for _ in 0..count {
            quote.timestamp = quote.timestamp.saturating_add(Duration::from_secs(60));
            quote.volume = Volume::new(quote.volume.get() + 100).unwrap();
            let quality = assessor.assess(&quote);
            assert_eq!(quality, Quality::GOOD);
            assessor.learn(&quote, quality);
        }
        quote
    }

    #[test]
    fn pence_for_pounds_are_a_unit_error_until_that_is_all_that_is_remembered() {
        for (wrong, flag) in [
            ("10000", Quality::UNIT_ERROR),
            ("8000", Quality::UNIT_ERROR),
            ("12500", Quality::UNIT_ERROR),
            ("1", Quality::UNIT_ERROR),
            ("7900", Quality::GOOD),
            ("12600", Quality::GOOD),
            ("0.7", Quality::GOOD),
        ] {
            let mut assessor = Assessor::default();
            let last = minutes(&mut assessor, 10);
            let at = last.timestamp.saturating_add(Duration::from_secs(60));
            let wrong = Quote {
                timestamp: at,
                volume: last.volume,
                ..quote(wrong, "2026-11-23T15:00:00Z")
            };
            // The same session as before, so that only the price tells.
            let wrong = Quote { open: last.open, ..wrong };
            let quality = assessor.assess(&wrong);
            let flag_of_price = quality.contains(Quality::UNIT_ERROR);
            assert_eq!(flag_of_price, flag == Quality::UNIT_ERROR, "{}", wrong.price);
        }
        let mut assessor = Assessor::default();
        let mut wrong = minutes(&mut assessor, 10);
        wrong.price = "10000".parse().unwrap();
        wrong.high = wrong.price;
        let mut flagged = 0;
        for _ in 0..40 {
            wrong.timestamp = wrong.timestamp.saturating_add(Duration::from_secs(60));
            let quality = assessor.assess(&wrong);
            flagged += usize::from(quality.contains(Quality::UNIT_ERROR));
            assessor.learn(&wrong, quality);
        }
        assert_eq!(flagged, Assessor::LOOKBACK, "then the new level is accepted");
    }

    #[test]
    fn a_gap_is_a_pause_that_is_long_and_long_for_this_symbol() {
        let after = |history: i64, pause: u64| {
            let mut assessor = Assessor::default();
            let last = minutes(&mut assessor, history);
            let volume = Volume::new(last.volume.get() + 1).unwrap();
            let timestamp = last.timestamp.saturating_add(Duration::from_secs(pause));
            assessor.assess(&Quote { timestamp, volume, ..last }).contains(Quality::GAP)
        };
        assert!(!after(10, 300), "5 minutes");
        assert!(!after(10, 480), "8 times the mean");
        assert!(after(10, 488));
        assert!(!after(4, 488), "three pauses say nothing of what is usual");
    }

    #[test]
    fn no_night_is_a_gap() {
        let mut assessor = Assessor::default();
        minutes(&mut assessor, 10);
        let morning = quote("101", "2026-11-24T14:30:00Z");
        assert!(!assessor.assess(&morning).contains(Quality::GAP));
    }

    #[test]
    fn a_split_shows_in_an_adjusted_previous_close() {
        let assess = |price: &str, previous_close: &str, days: u64| {
            let mut assessor = Assessor::default();
            minutes(&mut assessor, 10);
            let mut morning = quote(price, "2026-11-24T14:30:00Z");
            morning.timestamp =
                morning.timestamp.saturating_add(Duration::from_secs(86_400 * (days - 1)));
            morning.previous_close = previous_close.parse().unwrap();
            assessor.assess(&morning).contains(Quality::SUSPECTED_SPLIT)
        };
        assert!(assess("25.1", "25", 1), "four for one: the feed has divided yesterday's close");
        assert!(assess("201", "200", 1), "one for two");
        assert!(!assess("45.1", "45", 1), "no usual ratio");
        assert!(!assess("25.1", "25", 9), "too long ago to say");
        assert!(!assess("70", "100", 1), "a crash: the previous close is where it was");
    }

    proptest! {
        #[test]
        fn the_level_at_hand_is_that_of_the_window(units in prop::collection::vec((1_i64..9, prop::bool::weighted(0.9)), 0..200)) {
            let mut assessor = Assessor::default();
            for (i, (units, is_error)) in units.into_iter().enumerate() {
                let price = Price::from_units(units).unwrap();
                let quote = Quote {
                    symbol: "A".parse().unwrap(),
                    timestamp: Timestamp::from_micros(i as i64).unwrap(),
                    open: price,
                    high: price,
                    low: price,
                    price,
                    previous_close: price,
                    volume: Volume::ZERO,
                };
                assessor.learn(&quote, if is_error { Quality::UNIT_ERROR } else { Quality::GOOD });
                let newest = assessor.levels().next().map(|seen| seen.price);
                prop_assert_eq!(assessor.level.map(|(price, _)| price), newest);
            }
        }
    }
}
