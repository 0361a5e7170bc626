//! One batch of a feed.

use async_trait::async_trait;
use stockflow_core::{QuoteSource, Result, SourceBatch};

/// A feed that ends after its first batch with anything in it.
#[derive(Debug)]
pub struct Once<S> {
    source: S,
    given: bool,
}

impl<S> Once<S> {
    /// The first batch of `source`.
    pub const fn new(source: S) -> Self {
        Self { source, given: false }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: QuoteSource> QuoteSource for Once<S> {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        if self.given {
            return Ok(None);
        }
        let batch = self.source.next_batch().await?;
        let is_something =
            |batch: &SourceBatch| !batch.quotes.is_empty() || !batch.unreadable.is_empty();
        self.given = batch.as_ref().is_none_or(is_something);
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use stockflow_local::SimulatedMarket;

    use super::*;

    #[tokio::test]
    async fn it_ends_after_a_batch() {
        let mut once = Once::new(SimulatedMarket::with_seed(1, []).unwrap());
        assert_eq!(once.next_batch().await.unwrap().unwrap().quotes.len(), 500);
        assert_eq!(once.next_batch().await.unwrap(), None);
    }
}
