//! How long a call tries again what AWS refused for now.

use std::{
    future::Future,
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout_at};

/// How long a call may take in all, and how it waits between attempts.
///
/// Before attempt number n + 1, a random time up to `first` · 2ⁿ⁻¹, at most `longest` ("full jitter"). Whatever happens, a hanging
/// connection too, the call is back by its deadline; what was not done by then is in its report or error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    deadline: Duration,
    first: Duration,
    longest: Duration,
}

impl Default for Patience {
    /// 30 s in all, waits up to 50 ms at first and up to 5 s later.
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            first: Duration::from_millis(50),
            longest: Duration::from_secs(5),
        }
    }
}

impl Patience {
    /// With another limit for the whole call.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// With other waits: up to `first` before the second attempt, never above `longest`.
    #[must_use]
    pub const fn with_waits(mut self, first: Duration, longest: Duration) -> Self {
        self.first = first;
        self.longest = longest;
        self
    }

    /// How long a call may take in all.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The attempts of one call, which begins now.
    pub(crate) fn begin(self) -> Attempts {
        Attempts {
            end: Instant::now() + self.deadline,
            #[cfg(any(feature = "dynamodb", feature = "kinesis"))]
            first: self.first,
            ceiling: self.first,
            longest: self.longest,
            random: RandomState::new().hash_one(()),
        }
    }
}

/// One call's time.
#[derive(Debug)]
pub(crate) struct Attempts {
    end: Instant,
    #[cfg(any(feature = "dynamodb", feature = "kinesis"))]
    first: Duration,
    ceiling: Duration,
    longest: Duration,
    random: u64,
}

/// The call's time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the deadline of the call has passed")]
pub(crate) struct DeadlinePassed;

impl Attempts {
    /// What `work` answers, if it does in time.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, DeadlinePassed> {
        timeout_at(self.end, work).await.map_err(|_| DeadlinePassed)
    }

    /// Waits before the next attempt; an error, at once, if the deadline would pass while waiting.
    pub(crate) async fn pause(&mut self) -> Result<(), DeadlinePassed> {
        let ceiling = self.ceiling;
        self.ceiling = (ceiling * 2).min(self.longest);
        self.pause_up_to(ceiling).await
    }

    /// An attempt has got on: the next wait is a first one.
    #[cfg(feature = "kinesis")]
    pub(crate) fn relax(&mut self) {
        self.ceiling = self.first;
    }

    /// Waits a random time up to `ceiling`; an error, at once, if the deadline would pass while waiting.
    pub(crate) async fn pause_up_to(&mut self, ceiling: Duration) -> Result<(), DeadlinePassed> {
        let wait = self.part_of(ceiling);
        if Instant::now() + wait >= self.end {
            return Err(DeadlinePassed);
        }
        sleep(wait).await;
        Ok(())
    }

    /// How long something that failed so often should wait, where several things are tried side by side; nothing at first.
    #[cfg(feature = "dynamodb")]
    pub(crate) fn wait_after(&mut self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
        let ceiling = self.first.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX));
        self.part_of(ceiling.min(self.longest))
    }

    /// A random time up to `ceiling`.
    fn part_of(&mut self, ceiling: Duration) -> Duration {
        // Knuth's 64-bit linear congruential generator; the upper bits are the random ones.
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ceiling.mul_f64((self.random >> 33) as f64 / f64::from(1_u32 << 31))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_is_back_by_its_deadline() {
        let begin = Instant::now();
        let mut attempts = Patience::default().begin();
        while attempts.pause().await.is_ok() {}
        assert_eq!(attempts.within(std::future::pending::<()>()).await, Err(DeadlinePassed));
        let elapsed = begin.elapsed();
        assert!(elapsed <= Duration::from_secs(30) + Duration::from_millis(1), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn waits_grow_to_their_longest() {
        let waits = Patience::default()
            .with_deadline(Duration::from_secs(3_600))
            .with_waits(Duration::from_millis(10), Duration::from_secs(1));
        let mut attempts = waits.begin();
        let mut longest = Duration::ZERO;
        for number in 0..100_u32 {
            let begin = Instant::now();
            attempts.pause().await.unwrap();
            let ceiling = Duration::from_millis(10).saturating_mul(1 << number.min(20));
            // Tokio's timer counts whole milliseconds.
            let limit = ceiling.min(Duration::from_secs(1)) + Duration::from_millis(1);
            assert!(begin.elapsed() <= limit);
            longest = longest.max(begin.elapsed());
        }
        assert!(longest > Duration::from_millis(500), "{longest:?}");
    }
}
