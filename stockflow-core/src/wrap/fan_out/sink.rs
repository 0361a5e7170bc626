//! Sinks.

use async_trait::async_trait;

use super::FanOut;
use crate::{BatchReport, Result, Sink};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Sync> Sink<T> for FanOut<dyn Sink<T>> {
    async fn write(&self, batch: &[T]) -> Result<BatchReport> {
        let mut failures = Vec::new();
        for target in &self.required {
            failures.extend(target.write(batch).await?.into_failures());
        }
        // Of two targets that refuse an item, the error of the first added counts: the sort is stable.
        failures.sort_by_key(|failure| failure.index);
        failures.dedup_by_key(|failure| failure.index);
        Ok(BatchReport::partial(failures))
    }
}
