//! Where quotes come from.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Quote, Result, Timestamp};

/// A feed of quotes: a poller, a socket, a file.
///
/// # Contract
/// - Quotes carry market time. Several quotes of a symbol with one time are numbered by [`TickNumbering`](crate::TickNumbering)
///   unless the feed's times are finer than a millisecond.
/// - `Ok(None)`: exhausted for good. A batch without quotes: none this time, ask again.
/// - What cannot be read as a quote is in [`SourceBatch::unreadable`], with its bytes and a reason; it is no error.
/// - The call may be dropped while it waits, without losing a quote (it is *cancel safe*).
/// - Taking a batch tells the source nothing. A feed that can be continued puts a [`Cursor`] into the batch; who stores
///   the batch stores its cursors with it, in one step, and opens the feed with it next time.
///
/// # Errors
/// An error is about this call. If it [is retryable](crate::Error::is_retryable), ask again after a pause; no quote was lost.
///
/// # Implementing
/// ```
/// use async_trait::async_trait;
/// use stockflow_core::{Quote, QuoteSource, Result, SourceBatch};
///
/// /// Plays a list, 100 quotes at a time.
/// #[derive(Debug)]
/// struct Playback(std::vec::IntoIter<Quote>);
///
/// #[async_trait]
/// impl QuoteSource for Playback {
///     async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
///         let quotes: Vec<Quote> = self.0.by_ref().take(100).collect();
///         Ok((!quotes.is_empty()).then(|| SourceBatch::from(quotes)))
///     }
/// }
/// ```
#[async_trait]
pub trait QuoteSource: fmt::Debug + Send {
    /// Waits for the next quotes.
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>>;
}

/// What a source delivers at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceBatch {
    /// In the order of the source.
    pub quotes: Vec<Quote>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Where to go on after this batch, one for each feed in it that this batch advanced (a merge of files has several);
    /// none for a feed that cannot be continued.
    pub cursors: Vec<Cursor>,
}

impl From<Vec<Quote>> for SourceBatch {
    fn from(quotes: Vec<Quote>) -> Self {
        Self { quotes, ..Self::default() }
    }
}

/// Where a feed goes on: a name for what is read, and how far it was read, in the feed's own terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// What is read; a file is known by its content, not its path.
    pub feed: String,
    /// How far.
    pub offset: String,
}

/// Bytes that are no quote, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where they came from, the same every time they are read: a position in a stream, a line of a file.
    pub origin: String,
    /// What is wrong with them, for people.
    pub reason: String,
    /// As they came.
    pub data: Bytes,
}

impl Unreadable {
    /// Appends the line of the quarantine that keeps this: a JSON object of `origin`, `arrival`, `reason`, and `data` as text
    /// or, if it is not UTF-8, `data_hex`.
    pub fn write_line(&self, arrival: Timestamp, out: &mut Vec<u8>) {
        crate::processor::write_unreadable(&self.origin, arrival, &self.reason, &self.data, out);
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: QuoteSource + ?Sized> QuoteSource for Box<S> {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        (**self).next_batch().await
    }
}
