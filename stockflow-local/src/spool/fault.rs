//! Why a spool refuses.

use std::{io, path::PathBuf};

use stockflow_core::{Error, ErrorKind};

use super::BACKEND;
use crate::io::failed;

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{}: another process is using it; stop it first", folder.display())]
    InUse { folder: PathBuf },
    #[error("{waiting} bytes wait for acknowledgement, {more} more would pass the bound of {most}")]
    Full { waiting: u64, more: usize, most: u64 },
    #[error("a record has {bytes} bytes, at most {} are allowed", super::block::MOST_DATA)]
    Large { bytes: usize },
    #[error("{}: an earlier write failed half-way; open the spool again", folder.display())]
    Broken { folder: PathBuf },
    #[error("{}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl Fault {
    pub(super) fn at(self, operation: &'static str) -> Error {
        let kind = match self {
            Self::Io { path, source } => return failed(BACKEND, operation, &path, source),
            Self::InUse { .. } => ErrorKind::Denied,
            Self::Full { .. } => ErrorKind::Exhausted,
            Self::Large { .. } => ErrorKind::Rejected,
            Self::Broken { .. } => ErrorKind::Unexpected,
        };
        Error::new(kind, BACKEND, operation).with_source(self)
    }
}
