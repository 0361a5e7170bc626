//! Backends that take, with a way to look at what they took.

use std::{fmt, future::Future, pin::Pin};

use crate::Result;

type Answer<T> = Pin<Box<dyn Future<Output = Result<Vec<T>>> + Send>>;
type ReadBack<T> = Box<dyn Fn() -> Answer<T> + Send + Sync>;

/// A backend whose trait only writes, together with a way to read what arrived.
pub struct Probe<B, T> {
    /// The backend that is tested.
    pub backend: B,
    read: ReadBack<T>,
}

impl<B, T> Probe<B, T> {
    /// `read` tells everything that `backend` holds, or that its far end received, in order.
    pub fn new<F, Fut>(backend: B, read: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<T>>> + Send + 'static,
    {
        Self { backend, read: Box::new(move || Box::pin(read())) }
    }

    /// What arrived.
    pub(crate) fn arrived(&self) -> Answer<T> {
        (self.read)()
    }
}

impl<B: fmt::Debug, T> fmt::Debug for Probe<B, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("backend", &self.backend).finish_non_exhaustive()
    }
}
