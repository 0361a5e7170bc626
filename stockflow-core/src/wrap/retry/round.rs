//! What of a batch is done after each attempt.

use crate::{BatchReport, Error, ItemFailure, Result, wrap::copy};

/// A batch under way. Indices are those of the caller's batch.
pub(super) struct Round {
    /// What the last call was given, ascending.
    given: Vec<usize>,
    /// What it refused for a reason that may pass, ascending.
    open: Vec<ItemFailure>,
    /// What any call refused for good.
    refused: Vec<ItemFailure>,
    /// Why the last call failed as a whole, if it did.
    error: Option<Error>,
    /// Whether some call was answered, so that something may be done.
    answered: bool,
}

impl Round {
    pub(super) fn new(len: usize) -> Self {
        Self {
            given: (0..len).collect(),
            open: Vec::new(),
            refused: Vec::new(),
            error: None,
            answered: false,
        }
    }

    /// Takes in the outcome of a call; whether another one could do more.
    pub(super) fn settle(&mut self, outcome: Result<BatchReport>) -> bool {
        self.open.clear();
        match outcome {
            Err(error) => {
                let again = error.is_retryable();
                self.error = Some(error);
                again
            }
            Ok(report) => {
                (self.error, self.answered) = (None, true);
                for ItemFailure { index, error } in report.into_failures() {
                    // An index beyond the call's items is a fault of the backend; nothing waits for it.
                    let Some(&index) = self.given.get(index) else { continue };
                    let list =
                        if error.is_retryable() { &mut self.open } else { &mut self.refused };
                    list.push(ItemFailure { index, error });
                }
                !self.open.is_empty()
            }
        }
    }

    /// What to send next: everything again, or what `follows` an item that is open. An item follows itself.
    pub(super) fn next(&mut self, follows: impl Fn(usize, usize) -> bool) -> &[usize] {
        if self.error.is_none() {
            let (open, refused) = (&self.open, &self.refused);
            self.given.retain(|&index| {
                let mut before = open.iter().take_while(|failure| failure.index <= index);
                before.any(|failure| follows(index, failure.index))
                    && !refused.iter().any(|failure| failure.index == index)
            });
        }
        &self.given
    }

    /// What the caller is told.
    pub(super) fn finish(mut self) -> Result<BatchReport> {
        match self.error {
            Some(error) if !self.answered => return Err(error),
            Some(error) => {
                let failed = |index| ItemFailure { index, error: copy(&error) };
                self.refused.extend(self.given.into_iter().map(failed));
            }
            None => self.refused.extend(self.open),
        }
        Ok(BatchReport::partial(self.refused))
    }
}
