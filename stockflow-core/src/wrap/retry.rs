//! Trying again.

mod backoff;
mod batch;
mod calls;
mod ledger;
mod round;
mod table;

use std::fmt;

pub use backoff::Backoff;

use self::backoff::Attempts;
use super::Pause;
use crate::dice::Dice;

/// Repeats calls that failed for a reason that may pass ([`is_retryable`](crate::Error::is_retryable)).
///
/// # What is sent again
/// Of a call that failed as a whole, everything. Of a call that failed in part:
/// - a [`Sink`](crate::Sink): of each symbol, everything from its first item on whose failure may pass, so that the
///   order holds even where the backend took a later item before an earlier one; those come twice then,
/// - an [`Alerter`](crate::Alerter): only what was refused, since nobody wants to be told twice,
/// - a [`QuoteTable`](crate::QuoteTable): only what was refused, since rows of one call are independent of each other.
///
/// What was refused for good is not sent again. When the attempts are used up, the report has the last error of each item that
/// is not done; `Err` is for calls of which nothing is known to be done.
///
/// An [`AlertLedger`](crate::AlertLedger) that did a claim but whose answer got lost says
/// [`Held`](crate::Claim::Held) to the repetition: the alert waits until the lease is over, and is not lost.
///
/// # Waiting
/// Before attempt number n + 1, a random time up to `first` · 2ⁿ⁻¹, at most `longest`, see [`Backoff`] ("full jitter": many
/// callers that failed together do not come back together). The random numbers are those of the seed.
///
/// ```
/// use stockflow_core::{Sink, memory::{Faults, Flaky, MemorySink}, wrap::Retry};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// # runtime.block_on(async {
/// let flaky = Flaky::new(MemorySink::new(), 7, Faults::default())?;
/// let sink = Retry::new(flaky, 7, tokio::time::sleep);
/// let quotes = stockflow_core::conformance::samples::quotes(10);
/// assert!(sink.write(&quotes).await?.is_complete());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Retry<T> {
    inner: T,
    backoff: Backoff,
    pause: Box<dyn Pause>,
    dice: Dice,
}

impl<T> Retry<T> {
    /// Repeats calls of `inner` as [`Backoff::default`] says, with random numbers from `seed`, waiting by `pause`.
    pub fn new(inner: T, seed: u64, pause: impl Pause + 'static) -> Self {
        Self { inner, backoff: Backoff::default(), pause: Box::new(pause), dice: Dice::new(seed) }
    }

    /// With other numbers of attempts and times to wait.
    #[must_use]
    pub const fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// What is wrapped.
    pub const fn inner(&self) -> &T {
        &self.inner
    }

    fn attempts(&self) -> Attempts<'_> {
        Attempts::new(self.backoff, self.pause.as_ref(), &self.dice)
    }
}

impl<T: fmt::Debug> fmt::Debug for Retry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, backoff, .. } = self;
        f.debug_struct("Retry")
            .field("inner", inner)
            .field("backoff", backoff)
            .finish_non_exhaustive()
    }
}
