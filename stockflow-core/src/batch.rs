//! Outcome of batch calls.

use crate::{Error, Result};

/// Outcome of a batch call that reached its backend: which items it refused.
///
/// Every index that is absent is done, for good.
#[must_use = "a batch may have failed in part; look at `failures` or call `into_result`"]
#[derive(Debug, Default)]
pub struct BatchReport {
    failures: Vec<ItemFailure>,
}

/// One refused item.
#[derive(Debug)]
pub struct ItemFailure {
    /// Position in the slice given to the call.
    pub index: usize,
    /// Why.
    pub error: Error,
}

impl BatchReport {
    /// Every item was accepted.
    pub const fn complete() -> Self {
        Self { failures: Vec::new() }
    }

    /// Some items were refused, in any order.
    pub fn partial(mut failures: Vec<ItemFailure>) -> Self {
        failures.sort_by_key(|failure| failure.index);
        Self { failures }
    }

    /// Whether every item was accepted.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.failures.is_empty()
    }

    /// The refused items, by ascending index.
    #[must_use]
    pub fn failures(&self) -> &[ItemFailure] {
        &self.failures
    }

    /// The refused items, by ascending index.
    #[must_use]
    pub fn into_failures(self) -> Vec<ItemFailure> {
        self.failures
    }

    /// All or nothing: the error of the first refused item.
    ///
    /// # Errors
    /// The error of the refused item with the lowest index.
    pub fn into_result(self) -> Result<()> {
        self.failures.into_iter().next().map_or(Ok(()), |failure| Err(failure.error))
    }
}
