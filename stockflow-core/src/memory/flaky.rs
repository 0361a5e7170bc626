//! Faults on purpose.

mod batch;
mod calls;

use crate::{Error, ErrorKind, InvalidConfig, ItemFailure, Result, dice::Dice, params::within};

/// How often which fault happens, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults {
    /// Calls that fail before anything is done.
    pub calls: u8,
    /// Calls that are done, but whose answer is lost: they fail all the same.
    pub answers: u8,
    /// Items of a batch that are refused, each by itself, whatever happens to those before and after it.
    pub items: u8,
    /// How they fail; decides whether trying again is of use.
    pub kind: ErrorKind,
}

impl Default for Faults {
    /// A tenth of everything, each time [`Unavailable`](ErrorKind::Unavailable).
    fn default() -> Self {
        Self { calls: 10, answers: 10, items: 10, kind: ErrorKind::Unavailable }
    }
}

impl Faults {
    /// None.
    pub const NONE: Self = Self { calls: 0, answers: 0, items: 0, kind: ErrorKind::Unavailable };
}

/// A backend that fails at random, the same way each time with the same seed and the same calls.
///
/// ```
/// use stockflow_core::{Alerter, ErrorKind, memory::{Faults, Flaky, MemoryAlerter}};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let faults = Faults { calls: 100, kind: ErrorKind::Throttled, ..Faults::NONE };
/// let alerter = Flaky::new(MemoryAlerter::new(), 7, faults)?;
/// assert_eq!(alerter.notify(&[]).await.unwrap_err().kind(), ErrorKind::Throttled);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Flaky<T> {
    inner: T,
    faults: Faults,
    dice: Dice,
}

impl<T> Flaky<T> {
    /// Lets calls of `inner` fail as `faults` says, with random numbers from `seed`.
    ///
    /// # Errors
    /// [`InvalidConfig`] for more than 100 percent.
    pub fn new(inner: T, seed: u64, faults: Faults) -> Result<Self, InvalidConfig> {
        for (key, percent) in
            [("calls", faults.calls), ("answers", faults.answers), ("items", faults.items)]
        {
            within(key, percent, 0, 100)?;
        }
        Ok(Self { inner, faults, dice: Dice::new(seed) })
    }

    /// What is wrapped.
    pub const fn inner(&self) -> &T {
        &self.inner
    }

    fn fault(&self, operation: &'static str, what: &'static str) -> Error {
        Error::new(self.faults.kind, "flaky", operation).with_source(what)
    }

    /// Before the call.
    fn reach(&self, operation: &'static str) -> Result<()> {
        if self.dice.happens(self.faults.calls) {
            return Err(self.fault(operation, "a fault on purpose before the call"));
        }
        Ok(())
    }

    /// After the call.
    fn answer<R>(&self, operation: &'static str, answer: R) -> Result<R> {
        if self.dice.happens(self.faults.answers) {
            return Err(self.fault(operation, "a fault on purpose after the call"));
        }
        Ok(answer)
    }

    /// Which of `len` items pass, by index, and which do not.
    fn sift(&self, operation: &'static str, len: usize) -> (Vec<usize>, Vec<ItemFailure>) {
        let (mut passed, mut refused) = (Vec::with_capacity(len), Vec::new());
        for index in 0..len {
            if self.dice.happens(self.faults.items) {
                let error = self.fault(operation, "a fault on purpose for this item");
                refused.push(ItemFailure { index, error });
            } else {
                passed.push(index);
            }
        }
        (passed, refused)
    }
}
