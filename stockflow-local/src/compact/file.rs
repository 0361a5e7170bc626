//! Sorted Parquet files.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
    },
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::{metadata::SortingColumn, properties::WriterProperties},
};
use stockflow_core::Quote;

use super::{
    columns::{Columns, EXACT, SCHEMA},
    rows::QuoteRows,
};

/// Rows that are turned into columns at once.
const BATCH_ROWS: usize = 8_192;
/// Rows between two sets of bounds that a query can skip by.
const GROUP_ROWS: usize = 131_072;

/// Why a Parquet file cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Parquet(#[from] ParquetError),
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    #[error("row {row}: {reason}")]
    Row { row: u64, reason: String },
    #[error("{0}")]
    Columns(String),
}

/// Writes quotes that come in the order of the file.
pub(crate) struct QuoteWriter {
    writer: ArrowWriter<Digest>,
    columns: Columns,
    rows: u64,
}

/// What was written: rows, bytes, and BLAKE3 of these.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) blake3: blake3::Hash,
}

impl QuoteWriter {
    pub(crate) fn new(file: File) -> Result<Self, FileError> {
        let level = ZstdLevel::try_new(3)?;
        let sorted =
            |column| SortingColumn { column_idx: column, descending: false, nulls_first: false };
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by("stockflow".to_owned())
            .set_sorting_columns(Some(vec![sorted(0), sorted(9)]))
            .build();
        let digest = Digest { file, hasher: blake3::Hasher::new(), bytes: 0 };
        let writer = ArrowWriter::try_new(digest, Arc::clone(&SCHEMA), Some(properties))?;
        Ok(Self { writer, columns: Columns::default(), rows: 0 })
    }

    pub(crate) fn push(&mut self, quote: &Quote) -> Result<(), FileError> {
        self.columns.push(quote);
        self.rows += 1;
        if self.columns.len() == BATCH_ROWS {
            self.writer.write(&self.columns.take()?)?;
        }
        Ok(())
    }

    /// Ends the file and makes it durable.
    pub(crate) fn finish(mut self) -> Result<Written, FileError> {
        if self.columns.len() > 0 {
            self.writer.write(&self.columns.take()?)?;
        }
        let digest = self.writer.into_inner()?;
        digest.file.sync_all()?;
        Ok(Written { rows: self.rows, bytes: digest.bytes, blake3: digest.hasher.finalize() })
    }
}

/// A file that knows the hash of what was written to it.
struct Digest {
    file: File,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Quotes of a Parquet file in its order.
#[derive(Debug)]
pub(crate) struct QuoteReader {
    reader: ParquetRecordBatchReader,
    rows: Option<QuoteRows>,
    at: usize,
    row: u64,
    total_rows: u64,
    compacted: bool,
}

impl QuoteReader {
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        Self::new(File::open(path)?)
    }

    /// # Errors
    /// It is no Parquet file, or a column of quotes is missing or of a type that cannot hold it.
    pub(crate) fn new(file: File) -> Result<Self, FileError> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
        let empty = RecordBatch::new_empty(Arc::clone(builder.schema()));
        QuoteRows::new(&empty).map_err(FileError::Columns)?;
        let compacted = builder.schema().column_with_name(EXACT).is_some();
        let total_rows = builder.metadata().file_metadata().num_rows().try_into().unwrap_or(0);
        let reader = builder.with_batch_size(BATCH_ROWS).build()?;
        Ok(Self { reader, rows: None, at: 0, row: 0, total_rows, compacted })
    }

    /// How many rows the file says that it has.
    pub(crate) const fn total_rows(&self) -> u64 {
        self.total_rows
    }

    /// Whether a compaction wrote the file.
    pub(crate) const fn is_compacted(&self) -> bool {
        self.compacted
    }

    /// The next row: a quote, or why it is none.
    pub(crate) fn next_row(&mut self) -> Result<Option<Result<Quote, String>>, FileError> {
        loop {
            if let Some(rows) = &self.rows
                && self.at < rows.len()
            {
                let quote = rows.quote(self.at);
                self.at += 1;
                self.row += 1;
                return Ok(Some(quote));
            }
            let Some(batch) = self.reader.next() else { return Ok(None) };
            self.rows = Some(QuoteRows::new(&batch?).map_err(FileError::Columns)?);
            self.at = 0;
        }
    }

    /// The next quote of a file in which every row is one.
    pub(crate) fn next_quote(&mut self) -> Result<Option<Quote>, FileError> {
        match self.next_row()? {
            None => Ok(None),
            Some(Ok(quote)) => Ok(Some(quote)),
            Some(Err(reason)) => Err(FileError::Row { row: self.row, reason }),
        }
    }
}
