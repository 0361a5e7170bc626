//! Trading sessions, told from the quotes alone.

mod pauses;

use self::pauses::Pauses;
use crate::{Price, Quote, Timestamp, Volume, rolling::midpoint_return};

/// What of a quote tells whether the next one belongs to the same session.
#[derive(Clone, Copy, Debug, PartialEq)]
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
        self.volume_within(quote, self.is_left_by(quote))
    }

    fn volume_within(&self, quote: &Quote, starts: bool) -> i64 {
        if starts {
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

/// How a quote follows the one before it, worked out once for all who took that one in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Following<'a> {
    pub(crate) before: Option<&'a Tip>,
    pub(crate) step: Step,
    /// Whether the quote starts a session; also where every quote does, as in daily data.
    pub(crate) starts: bool,
    /// The return since the quote before, in 10⁻⁹; 0 if there is none, and over an open.
    pub(crate) change: i64,
    /// How often quotes came until the one before.
    pub(crate) pauses: &'a Pauses,
}

impl Following<'_> {
    /// Volume traded since the quote before; none if that is not known.
    pub(crate) fn volume(&self, quote: &Quote) -> Option<i64> {
        self.before.map(|before| before.volume_within(quote, self.starts))
    }
}

/// The newest quote of a symbol, as far as sessions are concerned.
///
/// How a quote follows depends on the two before it: a window of `n` quotes is known from `n` + 2. How often quotes came
/// depends on the 17 before it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sessions {
    tip: Option<Tip>,
    opened: bool,
    pauses: Pauses,
}

impl Sessions {
    /// How `quote` follows.
    #[inline]
    pub(crate) fn following(&self, quote: &Quote) -> Following<'_> {
        let before = self.tip.as_ref();
        let starts = before.is_some_and(|tip| tip.is_left_by(quote));
        let step = match before {
            None => Step::First,
            Some(_) if starts && !self.opened => Step::Open,
            Some(_) => Step::Next,
        };
        let change = match (before, step) {
            (Some(tip), Step::Next) => midpoint_return(tip.price, quote.price),
            _ => 0,
        };
        Following { before, step, starts, change, pauses: &self.pauses }
    }

    /// Takes in `quote`, which `starts` a session or does not.
    #[inline]
    pub(crate) fn advance(&mut self, quote: &Quote, starts: bool) {
        if let Some(before) = self.tip {
            self.pauses.push(before.time, quote.timestamp);
        }
        self.tip = Some(Tip::of(quote));
        self.opened = starts;
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
                let Following { step, starts, .. } = sessions.following(&quote);
                sessions.advance(&quote, starts);
                step
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
