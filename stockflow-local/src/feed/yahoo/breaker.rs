//! When to leave a host alone.

use std::time::Duration;

use tokio::time::Instant;

/// First pause after a 429 without `Retry-After`.
const FIRST: Duration = Duration::from_secs(30);
/// First pause after several other failures in a row.
const FIRST_FAILURE: Duration = Duration::from_secs(1);
/// So many in a row are no coincidence.
const FAILURES: u32 = 3;
/// Longest pause that is of one's own choice: a host that refuses for days is asked 24 times a day.
const LONGEST: Duration = Duration::from_secs(3_600);
/// Longest pause that a host can ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3_600);

/// A circuit breaker: opens at the first 429, or at the third other failure in a row, for a pause that doubles with each further one.
/// After it, one request goes first; the others follow if it is answered.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    throttled: u32,
    failed: u32,
    /// No request before.
    until: Option<Instant>,
    /// A request is under way that decides.
    probing: bool,
}

impl Breaker {
    /// When the next request may go; none: when the one that is under way is answered.
    pub(super) fn ready_at(&self, now: Instant) -> Option<Instant> {
        if self.probing { None } else { Some(self.until.map_or(now, |until| until.max(now))) }
    }

    /// A request goes.
    pub(super) fn sent(&mut self) {
        self.probing = self.until.is_some();
    }

    /// A request was answered with what was asked for.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// A request was refused for its rate: how long the host is left alone.
    pub(super) fn refused(&mut self, now: Instant, asked: Option<Duration>) -> Duration {
        // Those that were under way when the first one was refused tell nothing new.
        if !self.probing && self.until.is_some_and(|until| until > now) {
            let asked = asked.unwrap_or_default().min(LONGEST_ASKED);
            self.until = self.until.max(Some(now + asked));
            return self.until.map_or(Duration::ZERO, |until| until - now);
        }
        let own = doubled(FIRST, self.throttled);
        self.throttled += 1;
        self.open(now, own.max(asked.unwrap_or_default().min(LONGEST_ASKED)))
    }

    /// A request failed otherwise: how long the host is left alone.
    pub(super) fn failed(&mut self, now: Instant) -> Duration {
        self.failed += 1;
        let Some(beyond) = self.failed.checked_sub(FAILURES) else {
            self.probing = false;
            return Duration::ZERO;
        };
        self.open(now, doubled(FIRST_FAILURE, beyond))
    }

    fn open(&mut self, now: Instant, pause: Duration) -> Duration {
        self.probing = false;
        self.until = self.until.max(Some(now + pause));
        pause
    }
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn days_of_429_are_some_requests_a_day() {
        let mut breaker = Breaker::default();
        let start = Instant::now();
        let mut now = start;
        let mut requests = 0;
        while now - start < Duration::from_secs(3 * 86_400) {
            now = breaker.ready_at(now).unwrap();
            breaker.sent();
            requests += 1;
            breaker.refused(now, None);
        }
        assert!(requests < 24 * 3 + 12, "{requests}");
        breaker.sent();
        breaker.answered();
        assert_eq!(breaker.ready_at(now), Some(now));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_host_asks_for_is_kept_within_a_day() {
        let now = Instant::now();
        for (asked, pause) in [(5, 30), (120, 120), (1_000_000, 86_400)] {
            let mut breaker = Breaker::default();
            breaker.sent();
            assert_eq!(breaker.refused(now, Some(asked * SECOND)), pause * SECOND);
            assert_eq!(breaker.ready_at(now), Some(now + pause * SECOND));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_request_goes_first() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        breaker.refused(now, None);
        let later = now + 31 * SECOND;
        assert_eq!(breaker.ready_at(later), Some(later));
        breaker.sent();
        assert_eq!(breaker.ready_at(later), None);
        breaker.answered();
        assert_eq!(breaker.ready_at(later), Some(later));
    }

    #[tokio::test(start_paused = true)]
    async fn many_under_way_together_count_as_one() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        for _ in 0..8 {
            breaker.refused(now, None);
        }
        assert_eq!(breaker.ready_at(now), Some(now + 30 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_or_two_open_nothing() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        breaker.failed(now);
        breaker.failed(now);
        assert_eq!(breaker.ready_at(now), Some(now));
        breaker.failed(now);
        assert_eq!(breaker.ready_at(now), Some(now + SECOND));
    }
}
