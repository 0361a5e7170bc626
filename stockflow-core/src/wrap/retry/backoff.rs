//! How often, and how long in between.

use std::time::Duration;

use crate::{
    InvalidConfig,
    dice::Dice,
    params::{Span, within},
    wrap::Pause,
};

/// How often [`Retry`](super::Retry) tries, and how long it waits at most before each further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    attempts: u32,
    first: Duration,
    longest: Duration,
}

impl Default for Backoff {
    /// Five attempts, with up to 0.1, 0.2, 0.4 and 0.8 seconds between them.
    fn default() -> Self {
        Self { attempts: 5, first: Duration::from_millis(100), longest: Duration::from_secs(10) }
    }
}

impl Backoff {
    /// `attempts` calls at most, the first included; up to `first` before the second, doubled each time up to `longest`.
    ///
    /// # Errors
    /// [`InvalidConfig`] for less than 1 or more than 100 attempts, or for pauses of more than an hour.
    pub fn new(attempts: u32, first: Duration, longest: Duration) -> Result<Self, InvalidConfig> {
        let hour = Span(Duration::from_secs(3_600));
        within("attempts", attempts, 1, 100)?;
        within("longest", Span(longest), Span(Duration::ZERO), hour)?;
        within("first", Span(first), Span(Duration::ZERO), Span(longest))?;
        Ok(Self { attempts, first, longest })
    }

    /// Longest pause after `made` attempts.
    fn bound(&self, made: u32) -> Duration {
        let doubled = 1_u32.checked_shl(made.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

/// The attempts of one call.
pub(super) struct Attempts<'a> {
    backoff: Backoff,
    pause: &'a dyn Pause,
    dice: &'a Dice,
    made: u32,
}

impl<'a> Attempts<'a> {
    pub(super) const fn new(backoff: Backoff, pause: &'a dyn Pause, dice: &'a Dice) -> Self {
        Self { backoff, pause, dice, made: 1 }
    }

    /// Waits before the next attempt; `false`, at once, if there is none left.
    pub(super) async fn another(&mut self) -> bool {
        if self.made >= self.backoff.attempts {
            return false;
        }
        let bound = u64::try_from(self.backoff.bound(self.made).as_nanos()).unwrap_or(u64::MAX);
        let pause = Duration::from_nanos(self.dice.up_to(bound));
        tracing::debug!(attempts = self.made, ?pause, "trying again");
        self.pause.pause(pause).await;
        self.made += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_up_to_the_longest() {
        let second = Duration::from_secs(1);
        let backoff = Backoff::new(100, second, 5 * second).unwrap();
        let bounds: Vec<u64> = [1, 2, 3, 4, 40, 99].map(|n| backoff.bound(n).as_secs()).to_vec();
        assert_eq!(bounds, [1, 2, 4, 5, 5, 5]);
    }

    #[test]
    fn impossible_settings_are_refused_with_their_bounds() {
        let ms = Duration::from_millis;
        let error = Backoff::new(0, ms(1), ms(2)).unwrap_err();
        assert_eq!(error.to_string(), "attempts is 0, allowed is 1 to 100");
        let error = Backoff::new(1, ms(3), ms(2)).unwrap_err();
        assert_eq!(error.to_string(), "first is 3ms, allowed is 0ms to 2ms");
    }
}
