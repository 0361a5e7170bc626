//! The same to several targets.

mod alerter;
mod sink;

use std::{fmt, sync::Arc};

/// Gives the same items to several targets, one after another, in the order in which they were added.
///
/// An item is done only when every target has it. Nothing is remembered between calls: an item that one target refused comes
/// again to all of them, so each target gets everything *at least once*.
///
/// For sinks, `FanOut<dyn Sink<T>>`: every target is given the whole batch; the first that fails as a whole ends the call.
///
/// For alerters, `FanOut<dyn Alerter>`, where told twice is worse than told late: a target is given only what those before
/// it took or can never deliver ([`Rejected`](crate::ErrorKind::Rejected)), so put the one that fails most often first.
/// Targets that are added with [`with_best_effort`](FanOut::with_best_effort) come last, and what they refuse is
/// logged and forgotten.
///
/// ```
/// use std::sync::Arc;
/// use stockflow_core::{Alerter, memory::MemoryAlerter, wrap::FanOut};
///
/// let (mail, screen) = (Arc::new(MemoryAlerter::new()), Arc::new(MemoryAlerter::new()));
/// let both = FanOut::<dyn Alerter>::new(mail).with_best_effort(screen);
/// # let _ = both;
/// ```
pub struct FanOut<T: ?Sized> {
    required: Vec<Arc<T>>,
    best_effort: Vec<Arc<T>>,
}

impl<T: ?Sized> FanOut<T> {
    /// Gives to `target`, which has to have each item.
    #[must_use]
    pub fn new(target: Arc<T>) -> Self {
        Self { required: vec![target], best_effort: Vec::new() }
    }

    /// Gives to `target` too, which has to have each item.
    #[must_use]
    pub fn with(mut self, target: Arc<T>) -> Self {
        self.required.push(target);
        self
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for FanOut<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanOut")
            .field("required", &self.required)
            .field("best_effort", &self.best_effort)
            .finish()
    }
}
