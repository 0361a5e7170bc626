//! Why a file cannot be replayed at all.

use std::{io, path::PathBuf};

/// A file or folder that cannot be replayed: which, what was expected of it, and what was found.
///
/// It is about the input as a whole. A line that cannot be read is no error: see
/// [`SourceBatch::unreadable`](stockflow_core::SourceBatch::unreadable).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// It is not there, or cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is of no format that can be replayed.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Format {
        /// The file or folder.
        path: PathBuf,
        /// What would do.
        expected: String,
        /// What it has.
        found: String,
    },
    /// It is of a format that this build leaves out.
    #[error("{} is a Parquet file; reading it needs the feature `{feature}`", path.display())]
    Feature {
        /// The file.
        path: PathBuf,
        /// The feature of this crate that adds it.
        feature: &'static str,
    },
    /// A stored cursor of this file says something else than how many lines were read.
    #[error("{}: cursor is {offset:?}, expected a number of lines", path.display())]
    Cursor {
        /// The file.
        path: PathBuf,
        /// What the cursor says.
        offset: String,
    },
}
