//! Trading sessions, told from the quotes alone.

mod pauses;

use self::pauses::Pauses;
use crate::{
    Price, Quote, Timestamp, Volume,
    rolling::{Ring, midpoint_return},
};

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
    /// What 10 seconds are of the mean pause between quotes until the one before, at most 1.
    pub(crate) pace: f64,
    /// Prices from the open on, and returns, until the quote before; as many as were [needed](Needs).
    pub(crate) prices: &'a Ring,
    /// They lie within ±2·10⁹; that over an open counts as none.
    pub(crate) returns: &'a Ring<i32>,
}

/// Of [`Following`], what outlives the look at what was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    step: Step,
    starts: bool,
    change: i64,
}

impl Following<'_> {
    pub(crate) const fn how(&self) -> How {
        How { step: self.step, starts: self.starts, change: self.change }
    }

    /// Volume traded since the quote before; none if that is not known.
    pub(crate) fn volume(&self, quote: &Quote) -> Option<i64> {
        self.before.map(|before| before.volume_within(quote, self.starts))
    }
}

/// How many quotes a detector looks back upon that others look back upon as well, so that they are kept once for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Prices from the open on.
    pub(crate) prices: usize,
    pub(crate) returns: usize,
}

impl Needs {
    /// What serves both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { prices: self.prices.max(other.prices), returns: self.returns.max(other.returns) }
    }
}

/// The newest quotes of a symbol, as far as sessions are concerned and several detectors look back upon them.
///
/// How a quote follows depends on the two before it: a window of `n` quotes is known from `n` + 2. How often quotes came
/// depends on the 17 before it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sessions {
    tip: Option<Tip>,
    opened: bool,
    pauses: Pauses,
    prices: Ring,
    returns: Ring<i32>,
}

impl Sessions {
    pub(crate) fn new(needs: Needs) -> Self {
        Self {
            tip: None,
            opened: false,
            pauses: Pauses::default(),
            prices: Ring::of(needs.prices),
            returns: Ring::of(needs.returns),
        }
    }

    /// Whether no quote was taken in.
    pub(crate) const fn is_new(&self) -> bool {
        self.tip.is_none()
    }

    pub(crate) fn reset(&mut self) {
        self.tip = None;
        self.opened = false;
        self.pauses = Pauses::default();
        self.prices.clear();
        self.returns.clear();
    }

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
        let pace = self.pauses.share(10_000_000);
        Following {
            before,
            step,
            starts,
            change,
            pace,
            prices: &self.prices,
            returns: &self.returns,
        }
    }

    /// Takes in `quote`, of which [`following`](Self::following) says `how` it follows.
    #[inline]
    pub(crate) fn advance(&mut self, quote: &Quote, how: How) {
        let How { starts, step, change } = how;
        if let Some(before) = self.tip {
            self.pauses.push(before.time, quote.timestamp);
            self.returns.push(change as i32);
        }
        if step == Step::Open {
            self.prices.clear();
        }
        self.prices.push(quote.price.units());
        self.tip = Some(Tip::of(quote));
        self.opened = starts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(quotes: &[(&str, &str, i64)]) -> Vec<Step> {
        let mut sessions = Sessions::new(Needs::default());
        quotes.iter().map(|&quote| take(&mut sessions, quote)).collect()
    }

    fn take(sessions: &mut Sessions, (time, open, volume): (&str, &str, i64)) -> Step {
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
        let how = sessions.following(&quote).how();
        sessions.advance(&quote, how);
        how.step
    }

    #[test]
    fn prices_are_those_since_the_open_and_returns_leave_it_out() {
        let mut sessions = Sessions::new(Needs { prices: 2, returns: 4 });
        let mut after = |quote| {
            take(&mut sessions, quote);
            (
                sessions.prices.iter().collect::<Vec<_>>(),
                sessions.returns.iter().collect::<Vec<_>>(),
            )
        };
        let ten = "10".parse::<Price>().unwrap().units();
        assert_eq!(after(("2026-11-23T20:58:00Z", "10", 900)), (vec![ten], vec![]));
        assert_eq!(after(("2026-11-23T20:59:00Z", "10", 950)), (vec![ten, ten], vec![0]));
        assert_eq!(after(("2026-11-24T14:30:00Z", "20", 5)), (vec![2 * ten], vec![0, 0]));
        assert_eq!(after(("2026-11-24T14:31:00Z", "20", 9)), (vec![2 * ten; 2], vec![0, 0, 0]));
        sessions.reset();
        assert!(sessions.is_new());
        assert_eq!(sessions, Sessions::new(Needs::default()));
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
