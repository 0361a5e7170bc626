//! Trying again, within bounds.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};

use stockflow_core::{Alert, BatchReport, Error, ErrorKind, ItemFailure};

/// Longest time for a call: a clock cannot be asked for more than it can count.
const LONGEST: Duration = Duration::from_secs(86_400);

/// How hard an alerter tries: how often, with which pauses, and for how long a whole call may take.
///
/// Alerts go out one after another. One that was refused for good is reported and the next one is tried; any other failure ends
/// the call after the last attempt, so that alerts keep their order and a dead server costs its timeout once.
///
/// The time for a call should stay well below the lease that alerts are claimed with
/// ([`TrendWatch::LEASE`](stockflow_core::TrendWatch::LEASE)), or another sender takes them over meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    attempts: u32,
    backoff: Duration,
    budget: Duration,
}

/// What a blocking sender answers for one alert; it is given the time that is left.
pub type Outcome = Result<(), Refusal>;

/// An attempt that failed.
#[derive(Debug)]
pub struct Refusal {
    /// Why. A retryable one is tried again.
    pub error: Error,
    /// When the other side wants it to be tried again.
    pub after: Option<Duration>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, after: None }
    }
}

impl Default for Delivery {
    /// Three attempts, half a second and a second apart, 30 seconds for all.
    fn default() -> Self {
        Self { attempts: 3, backoff: Duration::from_millis(500), budget: Duration::from_secs(30) }
    }
}

impl Delivery {
    /// With so many attempts for each alert, at least one.
    #[must_use]
    pub const fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// With this pause after the first attempt; each further one is twice as long, and up to half of it is left off at random.
    #[must_use]
    pub const fn with_backoff(mut self, backoff: Duration) -> Self {
        self.backoff = backoff;
        self
    }

    /// With this time for a whole call, at most a day. No attempt starts after it, and no pause goes beyond it.
    #[must_use]
    pub const fn with_budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Sends `alerts`, in order, by `send`, which may block and has to end within the time that it is given.
    ///
    /// If the future is dropped, an attempt that has begun goes on and may succeed.
    pub async fn run<S>(&self, backend: &'static str, alerts: &[Alert], send: S) -> BatchReport
    where
        S: Fn(&Alert, Duration) -> Outcome + Send + Sync + 'static,
    {
        let (send, end) = (Arc::new(send), Instant::now() + self.budget.min(LONGEST));
        let mut failures = Vec::new();
        for (index, alert) in alerts.iter().enumerate() {
            let Err(error) = self.deliver(backend, alert, &send, end).await else { continue };
            let kind = error.kind();
            failures.push(ItemFailure { index, error });
            if kind != ErrorKind::Rejected {
                let rest = |index| {
                    let error = Error::new(kind, backend, "send");
                    let source = "not tried, since an alert before it failed";
                    ItemFailure { index, error: error.with_source(source) }
                };
                failures.extend((index + 1..alerts.len()).map(rest));
                break;
            }
        }
        BatchReport::partial(failures)
    }

    async fn deliver<S>(
        &self,
        backend: &'static str,
        alert: &Alert,
        send: &Arc<S>,
        end: Instant,
    ) -> Result<(), Error>
    where
        S: Fn(&Alert, Duration) -> Outcome + Send + Sync + 'static,
    {
        let mut attempt = 1;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let late = format!("no time is left, all alerts of a call have {:?}", self.budget);
                return Err(Error::new(ErrorKind::Unavailable, backend, "send").with_source(late));
            }
            let (send, own) = (Arc::clone(send), alert.clone());
            let refusal = match tokio::task::spawn_blocking(move || send(&own, left)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(refusal)) => refusal,
                Err(error) => {
                    let error =
                        Error::new(ErrorKind::Unexpected, backend, "send").with_source(error);
                    return Err(error);
                }
            };
            let pause = refusal.after.unwrap_or_else(|| self.pause(attempt));
            let left = end.saturating_duration_since(Instant::now());
            if !refusal.error.is_retryable() || attempt >= self.attempts || pause >= left {
                return Err(refusal.error);
            }
            tracing::debug!(
                backend,
                attempt,
                ?pause,
                error = refusal.error.chain(),
                "trying again"
            );
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// Half of the pause is fixed, half is random, so that many senders do not come back at once.
    fn pause(&self, attempt: u32) -> Duration {
        let whole = self.backoff.saturating_mul(1 << (attempt - 1).min(10));
        let random = RandomState::new().hash_one(attempt) % 1000;
        whole / 2 + (whole / 2).mul_f64(random as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use stockflow_core::conformance::samples;

    use super::*;

    const QUICK: Delivery = Delivery {
        attempts: 3,
        backoff: Duration::from_millis(2),
        budget: Duration::from_secs(60),
    };

    fn refusal(kind: ErrorKind) -> Outcome {
        Err(Error::new(kind, "test", "send").into())
    }

    /// Runs against a list of answers, the last one for ever; the report and the ids that were tried.
    async fn run(
        delivery: Delivery,
        alerts: &[Alert],
        answers: &[Option<ErrorKind>],
    ) -> (Vec<(usize, ErrorKind)>, Vec<String>) {
        let tried = Arc::new(Mutex::new(Vec::new()));
        let (seen, answers) = (Arc::clone(&tried), answers.to_vec());
        let send = move |alert: &Alert, _| {
            let mut seen = seen.lock().unwrap();
            let answer = answers[seen.len().min(answers.len() - 1)];
            seen.push(alert.id().to_string());
            answer.map_or(Ok(()), refusal)
        };
        let report = delivery.run("test", alerts, send).await;
        let failures = report.failures().iter().map(|f| (f.index, f.error.kind())).collect();
        let tried = tried.lock().unwrap().clone();
        (failures, tried)
    }

    #[tokio::test]
    async fn what_passes_by_is_tried_again_up_to_a_bound() {
        use ErrorKind::{Throttled, Unavailable};
        let alerts = samples::alerts(2);
        let answers = [Some(Unavailable), Some(Throttled), None];
        let (failures, tried) = run(QUICK, &alerts, &answers).await;
        assert_eq!((failures.len(), tried.len()), (0, 4));
        let (failures, tried) = run(QUICK, &alerts, &[Some(Throttled)]).await;
        assert_eq!(failures, [(0, Throttled), (1, Throttled)]);
        let id = alerts[0].id().to_string();
        assert_eq!(tried, [&id, &id, &id].map(String::as_str));
    }

    #[tokio::test]
    async fn what_is_rejected_does_not_hold_up_the_next() {
        let alerts = samples::alerts(3);
        let answers = [None, Some(ErrorKind::Rejected), None];
        let (failures, tried) = run(QUICK, &alerts, &answers).await;
        assert_eq!(failures, [(1, ErrorKind::Rejected)]);
        assert_eq!(tried.len(), 3);
    }

    #[tokio::test]
    async fn a_failure_stops_the_call_so_that_order_holds() {
        let alerts = samples::alerts(3);
        let (failures, tried) = run(QUICK, &alerts, &[None, Some(ErrorKind::Denied)]).await;
        assert_eq!(failures, [(1, ErrorKind::Denied), (2, ErrorKind::Denied)]);
        assert_eq!(tried.len(), 2);
    }

    #[tokio::test]
    async fn a_pause_beyond_the_budget_is_not_begun() {
        let short = QUICK.with_budget(Duration::from_secs(20));
        let send = |_: &Alert, _| {
            let error = Error::new(ErrorKind::Throttled, "test", "send");
            Err(Refusal { error, after: Some(Duration::from_secs(3600)) })
        };
        let report = short.run("test", &samples::alerts(2), send).await;
        assert_eq!(report.failures().len(), 2);
        let endless = QUICK.with_budget(Duration::MAX).with_backoff(Duration::MAX);
        let report = endless.run("test", &samples::alerts(1), |_, _| Ok(())).await;
        assert!(report.is_complete());
        let none = QUICK.with_budget(Duration::ZERO);
        let report = none.run("test", &samples::alerts(1), |_, _| Ok(())).await;
        assert_eq!(report.failures()[0].error.kind(), ErrorKind::Unavailable);
    }

    #[tokio::test]
    async fn a_sender_that_panics_is_an_error() {
        let report = QUICK.run("test", &samples::alerts(1), |_, _| panic!("a bug")).await;
        assert_eq!(report.failures()[0].error.kind(), ErrorKind::Unexpected);
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        let delivery = Delivery::default();
        let longest = delivery.with_backoff(Duration::MAX).pause(u32::MAX);
        assert!(longest >= Duration::MAX / 2);
        for attempt in 1..=64 {
            let whole = delivery.backoff * (1 << (attempt - 1).min(10));
            let pause = delivery.pause(attempt);
            assert!(whole / 2 <= pause && pause <= whole, "{attempt}: {pause:?}");
        }
    }
}
