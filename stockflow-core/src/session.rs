//! Trading sessions, told from the quotes alone.

use crate::{Price, Quote, Timestamp, Volume};

/// What of a quote tells whether the next one belongs to the same session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tip {
    pub(crate) time: Timestamp,
    pub(crate) open: Price,
    pub(crate) price: Price,
    pub(crate) volume: Volume,
}

impl Tip {
    pub(crate) const fn of(quote: &Quote) -> Self {
        Self { time: quote.timestamp, open: quote.open, price: quote.price, volume: quote.volume }
    }

    /// Whether `quote` starts a session after this one; see [`Quote::starts_session_after`].
    pub(crate) fn is_left_by(&self, quote: &Quote) -> bool {
        let restarted = quote.volume < self.volume;
        // Nearly every quote; spares the dates.
        if !restarted && quote.open == self.open {
            return false;
        }
        if quote.timestamp.date() == self.time.date() {
            restarted && quote.open != self.open
        } else {
            restarted || quote.open != self.open
        }
    }

    /// Volume traded from here to `quote`; see [`Quote::volume_since`].
    pub(crate) fn volume_until(&self, quote: &Quote) -> i64 {
        if self.is_left_by(quote) {
            return quote.volume.get();
        }
        (quote.volume.get() - self.volume.get()).max(0)
    }
}

/// How a quote follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// None is known.
    First,
    /// In the same session; or both are the first of theirs, so that there is one quote a session, as in daily data.
    Next,
    /// It starts a session: prices have moved and volume has piled up without being seen.
    Open,
}

/// The newest quote of a symbol, as far as sessions are concerned.
///
/// How a quote follows depends on the two before it: a window of `n` quotes is known from `n` + 2.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sessions {
    tip: Option<Tip>,
    opened: bool,
}

impl Sessions {
    pub(crate) const fn tip(&self) -> Option<&Tip> {
        self.tip.as_ref()
    }

    /// Whether `quote` starts a session.
    pub(crate) fn starts(&self, quote: &Quote) -> bool {
        self.tip.as_ref().is_some_and(|tip| tip.is_left_by(quote))
    }

    pub(crate) fn step(&self, quote: &Quote) -> Step {
        match &self.tip {
            None => Step::First,
            Some(tip) if !self.opened && tip.is_left_by(quote) => Step::Open,
            Some(_) => Step::Next,
        }
    }

    /// Takes in `quote`; how it followed.
    pub(crate) fn advance(&mut self, quote: &Quote) -> Step {
        let starts = self.starts(quote);
        let step = match self.tip {
            None => Step::First,
            Some(_) if starts && !self.opened => Step::Open,
            Some(_) => Step::Next,
        };
        self.tip = Some(Tip::of(quote));
        self.opened = starts;
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(quotes: &[(&str, &str, i64)]) -> Vec<Step> {
        let mut sessions = Sessions::default();
        quotes
            .iter()
            .map(|&(time, open, volume)| {
                let price = open.parse().unwrap();
                let quote = Quote {
                    symbol: "A".parse().unwrap(),
                    timestamp: time.parse().unwrap(),
                    open: price,
                    high: price,
                    low: price,
                    price,
                    previous_close: price,
                    volume: Volume::new(volume).unwrap(),
                };
                let seen = sessions.step(&quote);
                assert_eq!(seen, sessions.advance(&quote));
                seen
            })
            .collect()
    }

    #[test]
    fn the_first_quote_of_a_day_opens_a_session() {
        let quotes = [
            ("2026-11-23T20:58:00Z", "10", 900),
            ("2026-11-23T20:59:00Z", "10", 950),
            ("2026-11-24T14:30:00Z", "11", 5),
            ("2026-11-24T14:31:00Z", "11", 9),
        ];
        assert_eq!(steps(&quotes), [Step::First, Step::Next, Step::Open, Step::Next]);
    }

    #[test]
    fn daily_quotes_follow_each_other() {
        let quotes = [
            ("2026-11-20T21:00:00Z", "10", 900),
            ("2026-11-23T21:00:00Z", "11", 950),
            ("2026-11-24T21:00:00Z", "12", 700),
            ("2026-11-25T21:00:00Z", "13", 800),
        ];
        assert_eq!(steps(&quotes), [Step::First, Step::Open, Step::Next, Step::Next]);
    }
}
