//! How many alerts people want.

use std::{fmt, str::FromStr};

/// Alerts for each symbol: `3/day`, `0.5/day`, `2/week`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    alerts: f64,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
}

/// Trading days.
const DAYS_A_WEEK: f64 = 5.0;

impl Budget {
    /// Alerts for each symbol and trading day.
    #[must_use]
    pub fn a_day(&self) -> f64 {
        match self.unit {
            Unit::Day => self.alerts,
            Unit::Week => self.alerts / DAYS_A_WEEK,
        }
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (alerts, unit) = text.split_once('/')?;
            let unit = match unit {
                "day" => Unit::Day,
                "week" => Unit::Week,
                _ => return None,
            };
            let alerts = alerts.parse().ok().filter(|alerts| *alerts > 0.0 && *alerts <= 1e6)?;
            Some(Self { alerts, unit })
        };
        read().ok_or_else(|| {
            "not a number of alerts for each symbol, above 0 and up to 1000000, such as 3/day or 2/week"
                .to_owned()
        })
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.unit == Unit::Day { "day" } else { "week" };
        write!(f, "{} alerts per symbol and {unit}", self.alerts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_a_number_a_day_or_a_week() {
        let read = |text: &str| text.parse::<Budget>();
        assert_eq!(read("3/day").unwrap().a_day(), 3.0);
        assert_eq!(read("2/week").unwrap().a_day(), 0.4);
        assert_eq!(read("0.5/day").unwrap().to_string(), "0.5 alerts per symbol and day");
        for wrong in ["", "3", "0/day", "-1/day", "NaN/day", "inf/day", "3/hour", "3/days", "x/day"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
