//! The regular sessions of the exchanges in New York.

use std::time::Duration;

use stockflow_core::{Date, Symbol, Timestamp};

use super::{MarketStatus, TradingCalendar};

/// NYSE and Nasdaq: 9:30 to 16:00 in New York, to 13:00 on some days, not on weekends and holidays; by the exchanges' rules as they
/// have been since 2013, and closings out of the ordinary up to now. One that is proclaimed at short notice is not known: a market that
/// counts as open and is not costs some polls, and no quote.
///
/// A market counts as open for half an hour after its close, so that the last quote of the day, which feeds get later, is seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct UsEquities;

/// Days of mourning, storms.
const CLOSED: [(i32, u32, u32); 2] = [(2018, 12, 5), (2025, 1, 9)];
const MINUTE: u64 = 60;
const OPEN: u64 = 9 * 60 + 30;
const CLOSE: u64 = 16 * 60;
const EARLY_CLOSE: u64 = 13 * 60;
const AFTER: Duration = Duration::from_secs(30 * MINUTE);

const MONDAY: i32 = 0;
const THURSDAY: i32 = 3;
const SATURDAY: i32 = 5;

impl UsEquities {
    /// Start and end of the session of a day in New York; none, if there is none.
    #[must_use]
    pub fn session(date: Date) -> Option<(Timestamp, Timestamp)> {
        let day = Day::of(date);
        if day.weekday >= SATURDAY || day.is_holiday() {
            return None;
        }
        let close = if day.is_short() { EARLY_CLOSE } else { CLOSE };
        let behind = if day.is_summer() { 4 * 60 } else { 5 * 60 };
        let at = |minute: u64| {
            date.start().saturating_add(Duration::from_secs((minute + behind) * MINUTE))
        };
        Some((at(OPEN), at(close)))
    }
}

impl TradingCalendar for UsEquities {
    fn status(&self, _: &Symbol, at: Timestamp) -> MarketStatus {
        // No closure has been longer than a week; after two, nobody knows.
        for later in 0..14_u64 {
            let date = at.saturating_add(Duration::from_secs(later * 86_400)).date();
            let Some((start, end)) = Self::session(date) else { continue };
            if at < start {
                return MarketStatus::ClosedUntil(start);
            }
            if at < end.saturating_add(AFTER) {
                return MarketStatus::Open;
            }
        }
        MarketStatus::Unknown
    }
}

/// A day in New York.
struct Day {
    year: i32,
    month: u32,
    day: u32,
    /// 0 is Monday.
    weekday: i32,
}

impl Day {
    fn of(date: Date) -> Self {
        let (year, month, day) = date.year_month_day();
        Self { year, month, day, weekday: weekday(date.days_since_epoch()) }
    }

    fn is(&self, month: u32, day: u32) -> bool {
        (self.month, self.day) == (month, day)
    }

    /// The `nth` such weekday of the month.
    fn is_nth(&self, month: u32, nth: u32, weekday: i32) -> bool {
        self.month == month && self.weekday == weekday && (self.day - 1) / 7 + 1 == nth
    }

    /// A day of the year, moved to the nearest weekday.
    fn is_observed(&self, month: u32, day: u32) -> bool {
        self.is(month, day)
            || self.weekday == 4 && self.is(month, day - 1)
            || self.weekday == MONDAY && self.is(month, day + 1)
    }

    fn is_holiday(&self) -> bool {
        // New Year's Day is not moved to the Friday before: that is in another year.
        let new_year = self.is(1, 1) || self.weekday == MONDAY && self.is(1, 2);
        let memorial = self.month == 5 && self.weekday == MONDAY && self.day > 24;
        new_year
            || self.is_nth(1, 3, MONDAY)
            || self.is_nth(2, 3, MONDAY)
            || self.is_good_friday()
            || memorial
            || self.year >= 2022 && self.is_observed(6, 19)
            || self.is_observed(7, 4)
            || self.is_nth(9, 1, MONDAY)
            || self.is_nth(11, 4, THURSDAY)
            || self.is_observed(12, 25)
            || CLOSED.contains(&(self.year, self.month, self.day))
    }

    /// On a day that is no holiday.
    fn is_short(&self) -> bool {
        let after_thanksgiving =
            self.month == 11 && self.weekday == 4 && (23..=29).contains(&self.day);
        let before_the_fourth = self.is(7, 3) && self.weekday <= THURSDAY;
        after_thanksgiving || before_the_fourth || self.is(12, 24)
    }

    /// From the second Sunday of March to the first of November.
    fn is_summer(&self) -> bool {
        let sundays = |day: u32, weekday: i32| {
            let last = day as i32 - (weekday + 1) % 7;
            if last < 1 { 0 } else { (last - 1) / 7 + 1 }
        };
        match self.month {
            3 => sundays(self.day, self.weekday) >= 2,
            11 => sundays(self.day, self.weekday) < 1,
            month => (4..=10).contains(&month),
        }
    }

    fn is_good_friday(&self) -> bool {
        let (month, day) = easter(self.year);
        let sunday = Date::new(self.year, month, day).map(Date::days_since_epoch);
        let today = Date::new(self.year, self.month, self.day).map(Date::days_since_epoch);
        sunday.zip(today).is_some_and(|(sunday, today)| sunday - today == 2)
    }
}

fn weekday(days_since_epoch: i32) -> i32 {
    // 1970-01-01 was a Thursday.
    (days_since_epoch + THURSDAY).rem_euclid(7)
}

/// Month and day of Easter Sunday (the anonymous Gregorian computus).
const fn easter(year: i32) -> (u32, u32) {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    ((n / 31) as u32, (n % 31 + 1) as u32)
}

#[cfg(test)]
mod tests;
