//! What every format gives: quotes, and what is none, in the order of the file.

use std::{borrow::Cow, fmt, io};

use bytes::Bytes;
use stockflow_core::Quote;

/// Reads a file of one format.
pub(super) trait Rows: fmt::Debug + Send {
    /// The next row; none at the end. An error is one of the disk, not of the content.
    fn next_row(&mut self) -> io::Result<Option<Row>>;
}

/// A row of a file.
#[derive(Debug)]
pub(super) struct Row {
    /// Its number, ascending; a cursor says up to which one the file was read.
    pub(super) number: u64,
    pub(super) item: Item,
}

#[derive(Debug)]
pub(super) enum Item {
    Quote(Quote),
    Broken(Broken),
}

/// A row that is no quote.
#[derive(Debug)]
pub(super) struct Broken {
    /// Where in the file.
    pub(super) place: String,
    pub(super) reason: Cow<'static, str>,
    pub(super) data: Bytes,
}

impl Broken {
    pub(super) fn line(number: u64, reason: impl Into<Cow<'static, str>>, data: &[u8]) -> Self {
        let data = Bytes::copy_from_slice(data);
        Self { place: format!("line {number}"), reason: reason.into(), data }
    }
}
