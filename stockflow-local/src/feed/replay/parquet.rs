//! Parquet, in a build without it: told, and never left out.

use std::{io, path::Path};

use super::{content::Content, error::ReplayError, folder::Piece, rows::Rows};

pub(super) fn rows(content: Content) -> Result<Box<dyn Rows>, ReplayError> {
    Err(ReplayError::Feature { path: content.path, feature: "parquet" })
}

/// Keeps the files of a lake folder while it is read.
#[derive(Debug)]
pub(super) struct Hold;

pub(super) const fn hold(_: &Path) -> Hold {
    Hold
}

/// Which files of a day count: all, and one that is Parquet is refused when it is opened.
pub(super) fn counted(_: &Path, names: Vec<String>) -> io::Result<Vec<Piece>> {
    Ok(names.into_iter().map(Piece::from).collect())
}
