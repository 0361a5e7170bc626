//! How many quotes there are in a month.

use clap::ValueEnum;
use stockflow_aws::prices::MONTH_HOURS;

/// When there are quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Hours {
    /// While the New York exchanges are open: 6.5 hours on 21 days
    #[default]
    Market,
    /// Day and night: 730 hours
    Always,
}

/// Quotes of a month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Load {
    /// How many symbols.
    pub(super) symbols: f64,
    /// Seconds from one quote of a symbol to its next.
    pub(super) interval: f64,
    /// When.
    pub(super) hours: Hours,
}

impl Load {
    pub(super) fn new(symbols: u32, interval: f64, hours: Hours) -> Self {
        Self { symbols: f64::from(symbols), interval, hours }
    }

    /// Days of the month with quotes.
    pub(super) const fn days(&self) -> f64 {
        match self.hours {
            Hours::Market => 21.0,
            Hours::Always => MONTH_HOURS / 24.0,
        }
    }

    /// Seconds of such a day with quotes.
    pub(super) const fn day_seconds(&self) -> f64 {
        match self.hours {
            Hours::Market => 6.5 * 3_600.0,
            Hours::Always => 86_400.0,
        }
    }

    /// Quotes a second, while there are any.
    pub(super) fn rate(&self) -> f64 {
        self.symbols / self.interval
    }

    /// Quotes of a month.
    pub(super) fn quotes(&self) -> f64 {
        self.rate() * self.day_seconds() * self.days()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_21_days_of_the_market_or_730_hours() {
        // 6.5 h × 3,600 s × 21 days = 491,400 s.
        let market = Load::new(10, 30.0, Hours::Market);
        assert_eq!(market.quotes(), 163_800.0);
        // 730 h × 3,600 s = 2,628,000 s.
        assert!((Load::new(1, 30.0, Hours::Always).quotes() - 87_600.0).abs() < 1e-6);
        assert_eq!(Load::new(500, 30.0, Hours::Always).rate(), 500.0 / 30.0);
    }
}
