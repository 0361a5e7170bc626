//! Quotes from a list.

use async_trait::async_trait;

use crate::{Cursor, InvalidConfig, Quote, QuoteSource, Result, SourceBatch};

const FEED: &str = "memory";

/// A [`QuoteSource`] that plays a list, and can be continued from a [`Cursor`].
#[derive(Clone, Debug)]
pub struct MemorySource {
    quotes: Vec<Quote>,
    batch_size: usize,
    next: usize,
}

impl MemorySource {
    /// Plays `quotes` in order, [`BATCH_SIZE`](Self::BATCH_SIZE) at a time.
    #[must_use]
    pub const fn new(quotes: Vec<Quote>) -> Self {
        Self { quotes, batch_size: Self::BATCH_SIZE, next: 0 }
    }

    /// Quotes of a batch unless [`with_batch_size`](Self::with_batch_size) says otherwise.
    pub const BATCH_SIZE: usize = 500;

    /// Plays `quotes` at a time, at least 1.
    #[must_use]
    pub fn with_batch_size(mut self, quotes: usize) -> Self {
        self.batch_size = quotes.max(1);
        self
    }

    /// Goes on where `cursor` says.
    ///
    /// # Errors
    /// [`InvalidConfig`] if the cursor is of another feed or beyond the end of the list.
    pub fn resumed_at(mut self, cursor: &Cursor) -> Result<Self, InvalidConfig> {
        if cursor.feed != FEED {
            return Err(InvalidConfig::new("cursor.feed", &cursor.feed, FEED));
        }
        let offset: Option<usize> = cursor.offset.parse().ok();
        self.next = offset.filter(|offset| *offset <= self.quotes.len()).ok_or_else(|| {
            InvalidConfig::new(
                "cursor.offset",
                &cursor.offset,
                format!("0 to {}", self.quotes.len()),
            )
        })?;
        Ok(self)
    }
}

#[async_trait]
impl QuoteSource for MemorySource {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        let end = self.quotes.len().min(self.next.saturating_add(self.batch_size));
        if self.next == end {
            return Ok(None);
        }
        let quotes = self.quotes[self.next..end].to_vec();
        self.next = end;
        let cursor = Cursor { feed: FEED.to_owned(), offset: end.to_string() };
        Ok(Some(SourceBatch { cursors: vec![cursor], ..quotes.into() }))
    }
}
