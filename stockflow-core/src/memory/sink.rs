//! Items in memory.

use std::{fmt, sync::Mutex};

use async_trait::async_trait;

use super::lock;
use crate::{BatchReport, Result, Sink};

/// A [`Sink`] that keeps what is written to it, in order, every time that it is written.
pub struct MemorySink<T> {
    items: Mutex<Vec<T>>,
}

impl<T: Clone> MemorySink<T> {
    /// An empty sink.
    #[must_use]
    pub const fn new() -> Self {
        Self { items: Mutex::new(Vec::new()) }
    }

    /// What was written, in order; an item that was written twice is there twice.
    #[must_use]
    pub fn items(&self) -> Vec<T> {
        lock(&self.items).clone()
    }

    /// What was written since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut lock(&self.items))
    }
}

impl<T: Clone> Default for MemorySink<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for MemorySink<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySink").field("items", &lock(&self.items).len()).finish()
    }
}

#[async_trait]
impl<T: Clone + Send + Sync> Sink<T> for MemorySink<T> {
    async fn write(&self, batch: &[T]) -> Result<BatchReport> {
        lock(&self.items).extend_from_slice(batch);
        Ok(BatchReport::complete())
    }
}
