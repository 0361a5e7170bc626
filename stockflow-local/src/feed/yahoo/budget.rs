//! How often a host is asked.

use std::time::Duration;

use tokio::time::Instant;

/// Spaces the requests to a host evenly, with some in reserve after a rest.
#[derive(Debug)]
pub(super) struct Budget {
    between: Duration,
    /// When the reserve would be full; each request moves it on.
    full_at: Instant,
    reserve: u32,
}

impl Budget {
    /// So many requests a minute, and at most `reserve` at once.
    pub(super) fn new(a_minute: u32, reserve: u32) -> Self {
        let between = Duration::from_secs(60) / a_minute.max(1);
        Self { between, full_at: Instant::now(), reserve: reserve.max(1) }
    }

    /// When the next request may go.
    pub(super) fn ready_at(&self, now: Instant) -> Instant {
        let ahead = self.between * (self.reserve - 1);
        self.full_at.checked_sub(ahead).map_or(now, |ready| ready.max(now))
    }

    /// A request goes.
    pub(super) fn spend(&mut self, now: Instant) {
        self.full_at = self.full_at.max(now) + self.between;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_minute_has_more_than_its_requests_and_the_reserve() {
        let mut budget = Budget::new(60, 5);
        let start = Instant::now();
        let mut times = Vec::new();
        let mut now = start;
        for _ in 0..300 {
            now = budget.ready_at(now);
            budget.spend(now);
            times.push(now - start);
        }
        for (number, time) in times.iter().enumerate() {
            let in_a_minute =
                times[number..].iter().take_while(|t| **t - *time < Duration::from_secs(60));
            assert!(in_a_minute.count() <= 65);
        }
        assert!(times[299] >= Duration::from_secs(295), "{:?}", times[299]);
        assert_eq!(times[4], Duration::ZERO);
    }
}
