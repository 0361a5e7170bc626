//! What a query left out because it is damaged.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Collects problems of a session, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Problems(Arc<Mutex<BTreeSet<String>>>);

impl Problems {
    pub(super) fn note(&self, problem: impl fmt::Display) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(problem.to_string());
    }

    pub(super) fn take(&self) -> Vec<String> {
        let mut problems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *problems).into_iter().collect()
    }
}
