//! Sending more slowly.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use super::Pause;
use crate::{Alert, Alerter, BatchReport, InvalidConfig, Result, Sink, params::within};

const SECOND: u128 = 1_000_000_000;

/// Holds calls back so that no more than a number of items a second passes, after a burst: a token bucket.
///
/// In any time span t, at most `burst` + `rate` · t items pass, and those of one batch beyond it: a batch is
/// not divided, and one of more items than a burst waits until all but a burst of them are paid for.
///
/// Callers are served in the order in which they came. A call that is dropped while it waits has used up its turn.
///
/// ```
/// use std::time::Instant;
/// use stockflow_core::{Quote, memory::MemorySink, wrap::Throttle};
///
/// let start = Instant::now();
/// let sink = MemorySink::<Quote>::new();
/// let sink = Throttle::new(sink, 1_000, move || start.elapsed(), tokio::time::sleep)?.with_burst(500)?;
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
pub struct Throttle<T> {
    inner: T,
    rate: u32,
    burst: u32,
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
    pause: Box<dyn Pause>,
    /// Nanoseconds · rate after the clock's start, until which all that passed is paid for; in this unit an item costs a
    /// whole number, and nothing is ever rounded.
    paid_until: Mutex<u128>,
}

impl<T> Throttle<T> {
    /// Lets `rate` items a second pass, 1 to 1,000,000, and at once those of one second. `clock` tells the time since any fixed
    /// start and never goes back.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a rate out of bounds.
    pub fn new(
        inner: T,
        rate: u32,
        clock: impl Fn() -> Duration + Send + Sync + 'static,
        pause: impl Pause + 'static,
    ) -> Result<Self, InvalidConfig> {
        within("rate", rate, 1, 1_000_000)?;
        let (clock, pause) = (Box::new(clock), Box::new(pause));
        Ok(Self { inner, rate, burst: rate, clock, pause, paid_until: Mutex::new(0) })
    }

    /// Lets so many items pass at once after a rest, 1 to 1,000,000.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a burst out of bounds.
    pub fn with_burst(mut self, items: u32) -> Result<Self, InvalidConfig> {
        within("burst", items, 1, 1_000_000)?;
        self.burst = items;
        Ok(self)
    }

    /// What is wrapped.
    pub const fn inner(&self) -> &T {
        &self.inner
    }

    /// How long to wait before `items` may pass.
    fn pay(&self, items: u128) -> Duration {
        let now = (self.clock)().as_nanos() * u128::from(self.rate);
        let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paid_until = (*paid_until).max(now) + items * SECOND;
        let wait = paid_until.saturating_sub(now + u128::from(self.burst) * SECOND);
        // Rounded up: a nanosecond too early is too early.
        let nanos = wait.div_ceil(u128::from(self.rate));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl<T: Sync> Throttle<T> {
    /// Pays for `items`, and waits until they may pass.
    async fn pass(&self, items: usize) {
        let wait = self.pay(items as u128);
        if wait > Duration::ZERO {
            self.pause.pause(wait).await;
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Throttle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, rate, burst, .. } = self;
        f.debug_struct("Throttle")
            .field("inner", inner)
            .field("rate", rate)
            .field("burst", burst)
            .finish_non_exhaustive()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Sync, S: Sink<T>> Sink<T> for Throttle<S> {
    async fn write(&self, batch: &[T]) -> Result<BatchReport> {
        self.pass(batch.len()).await;
        self.inner.write(batch).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: Alerter> Alerter for Throttle<A> {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        self.pass(alerts.len()).await;
        self.inner.notify(alerts).await
    }
}
