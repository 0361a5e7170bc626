//! Calls that succeed or fail as a whole.

use async_trait::async_trait;

use super::Retry;
use crate::{Archive, Object, QuoteHistory, Result, RowQuery, StoredRow};

/// Repeats `$call` while it fails for a reason that may pass and attempts are left.
macro_rules! repeat {
    ($retry:expr, $call:expr) => {{
        let mut attempts = $retry.attempts();
        loop {
            let outcome = $call;
            let again = matches!(&outcome, Err(error) if error.is_retryable());
            if !again || !attempts.another().await {
                break outcome;
            }
        }
    }};
}
pub(super) use repeat;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: Archive> Archive for Retry<A> {
    async fn put(&self, object: Object) -> Result<()> {
        repeat!(self, self.inner.put(object.clone()).await)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<H: QuoteHistory> QuoteHistory for Retry<H> {
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>> {
        repeat!(self, self.inner.rows(query).await)
    }
}
