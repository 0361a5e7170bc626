//! Files, played again.

mod content;
mod csv;
mod error;
mod folder;
mod format;
mod input;
mod lines;
mod ndjson;
#[cfg(not(feature = "parquet"))]
mod parquet;
#[cfg(feature = "parquet")]
#[path = "replay/parquet_rows.rs"]
mod parquet;
mod rows;
mod text;

use std::{cmp::Reverse, collections::BinaryHeap, path::Path};

use async_trait::async_trait;
use stockflow_core::{Cursor, Error, Quote, QuoteSource, Result, SourceBatch, Symbol, Timestamp};

pub use self::error::ReplayError;
use self::input::{Input, Step};
use crate::io::kind;

const BACKEND: &str = "replay";
/// Rows of symbols that nobody wants, for each quote of a batch, before an empty batch is given.
const ROWS_A_QUOTE: usize = 8;

/// What can be chosen of a [`Replay`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayOptions {
    /// Only these symbols; all without.
    pub symbols: Option<Vec<Symbol>>,
    /// Most quotes in a batch, at least 1. It changes no quote.
    pub batch: usize,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self { symbols: None, batch: 1_000 }
    }
}

/// Quotes out of files, merged in the order of market time.
///
/// | format | told by |
/// |---|---|
/// | CSV | a header with `timestamp`, `symbol`, `open`, `high`, `low`, `price`, `previous_close`, `volume`, in any order, among any other columns |
/// | NDJSON | a first line that is a JSON object; each line in the [wire format](stockflow_core::wire) |
/// | Parquet | its magic bytes; columns as of CSV, of any type that holds them; with the feature `parquet` |
/// | lake folder | being a folder, with objects in `dt=…/` |
///
/// CSV and NDJSON may be packed with gzip or zstd. Everything is told from the content: names do not matter.
///
/// - A file is **known by its content**. A cursor says up to which row it was read, under whatever name.
///   The same file given twice is read once.
/// - Within a file, rows keep their order, and are expected to be in time order. Files are merged by the time of
///   their next rows; at the same time, the file given first goes first.
/// - Several CSV rows of a symbol with one time are numbered by [`TickNumbering`](stockflow_core::TickNumbering),
///   within their file. What is in the wire format is taken to be numbered.
/// - Of a lake's compacted day, the Parquet file counts and not the objects that went into it. Its quotes come by time, or by
///   symbol and time if it has more than a million; those of each symbol always come in the order of their times.
/// - Memory is bounded, however long files and lines are.
/// - A row that is no quote comes as [`Unreadable`](stockflow_core::Unreadable), with the line as origin; so does the
///   place where a packed file turns out to be damaged, as its last row.
///
/// ```no_run
/// use stockflow_local::{Replay, ReplayOptions};
///
/// # fn f(cursors: Vec<stockflow_core::Cursor>) -> Result<(), stockflow_local::ReplayError> {
/// let replay = Replay::open(["monday.csv.gz", "tuesday.csv.gz"], ReplayOptions::default(), &cursors)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// A disk that fails while it is read is an [`Error`] that is not retryable, after what was read before it.
#[derive(Debug)]
pub struct Replay {
    inputs: Vec<Input>,
    /// Inputs whose next quote is not read yet.
    headless: Vec<usize>,
    /// The next quote of each of the others, by time, then in the order given.
    heads: BinaryHeap<Reverse<(Timestamp, usize)>>,
    symbols: Option<Vec<Symbol>>,
    batch: usize,
    failure: Option<Error>,
}

impl Replay {
    /// Opens files and lake folders, after what `cursors` say was read of them; cursors of other feeds do not matter.
    ///
    /// Every file is read once as a whole, to know it by its content.
    ///
    /// # Errors
    /// [`ReplayError`] for the first one that cannot be replayed at all.
    pub fn open<P: AsRef<Path>>(
        paths: impl IntoIterator<Item = P>,
        options: ReplayOptions,
        cursors: &[Cursor],
    ) -> Result<Self, ReplayError> {
        let ReplayOptions { mut symbols, batch } = options;
        if let Some(symbols) = &mut symbols {
            symbols.sort_unstable();
            symbols.dedup();
        }
        let mut inputs: Vec<Input> = Vec::new();
        for path in paths {
            let path = path.as_ref();
            let mut input = Input::open(path, symbols.as_deref())?;
            if inputs.iter().any(|other| other.feed == input.feed) {
                tracing::info!(path = %path.display(), "left out: the same content was given before");
                continue;
            }
            input.skip(path, cursors)?;
            inputs.push(input);
        }
        let headless = (0..inputs.len()).rev().collect();
        let heads = BinaryHeap::with_capacity(inputs.len());
        Ok(Self { inputs, headless, heads, symbols, batch: batch.max(1), failure: None })
    }

    /// Reads rows until each file has shown its next quote, or one of the limits is reached: whether it was not.
    fn show_heads(&mut self, batch: &mut SourceBatch, rows: &mut usize) -> Result<bool> {
        while let Some(&number) = self.headless.last() {
            if *rows == 0 || batch.unreadable.len() >= self.batch {
                return Ok(false);
            }
            *rows -= 1;
            let step = self.inputs[number].step(self.symbols.as_deref());
            match step.map_err(|e| Error::new(kind(&e), BACKEND, "read").with_source(e))? {
                Step::Unwanted => {}
                Step::Unreadable(row) => batch.unreadable.push(row),
                Step::Head(Quote { timestamp, .. }) => {
                    self.heads.push(Reverse((timestamp, number)));
                    self.headless.pop();
                }
                Step::End => {
                    self.headless.pop();
                }
            }
        }
        Ok(true)
    }

    fn fill(&mut self, batch: &mut SourceBatch) -> Result<()> {
        let mut rows = self.batch.saturating_mul(ROWS_A_QUOTE);
        while batch.quotes.len() < self.batch && self.show_heads(batch, &mut rows)? {
            let Some(Reverse((_, number))) = self.heads.pop() else { break };
            batch.quotes.extend(self.inputs[number].take());
            self.headless.push(number);
        }
        Ok(())
    }
}

#[async_trait]
impl QuoteSource for Replay {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        let mut batch =
            SourceBatch { quotes: Vec::with_capacity(self.batch), ..SourceBatch::default() };
        let filled = self.fill(&mut batch);
        batch.cursors = self.inputs.iter_mut().filter_map(Input::cursor).collect();
        let empty = batch.cursors.is_empty();
        match filled {
            Ok(()) if empty && self.headless.is_empty() && self.heads.is_empty() => Ok(None),
            Ok(()) => Ok(Some(batch)),
            Err(error) if empty => Err(error),
            Err(error) => {
                self.failure = Some(error);
                Ok(Some(batch))
            }
        }
    }
}

#[cfg(test)]
mod tests;
