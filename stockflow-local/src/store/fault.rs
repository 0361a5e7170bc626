//! What a failing database means to a caller.

use std::{io, path::Path, sync::Arc};

use stockflow_core::{Error, ErrorKind};

use crate::{codec::bytes::Malformed, io::kind};

/// Why the file cannot be used; the path first, so that nobody has to guess which file it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{path}: another process is using it; stop it first, or look with its own commands")]
    InUse { path: String },
    #[error("{path}: written in format {found}, this program reads up to format {known}")]
    Format { path: String, found: u64, known: u64 },
    #[error("{path}: an earlier write failed; make room or mend the disk, then start again")]
    Broken { path: String },
    #[error("{path}: {what} cannot be read")]
    Unreadable { path: String, what: String, source: Malformed },
    #[error("{path}")]
    Io { path: String, source: io::Error },
    #[error("{path}")]
    Redb { path: String, source: redb::Error },
}

impl Fault {
    const fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::InUse { .. } => Some(ErrorKind::Denied),
            Self::Format { .. } | Self::Unreadable { .. } => Some(ErrorKind::Corrupt),
            Self::Broken { .. } => Some(ErrorKind::Unexpected),
            Self::Io { .. } | Self::Redb { .. } => None,
        }
    }
}

/// Makes errors that name the file, the backend and the operation.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    pub(super) path: Arc<Path>,
    pub(super) backend: &'static str,
}

impl Faults {
    pub(super) fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// For `map_err` on calls of the database.
    pub(crate) fn at<E: Into<redb::Error>>(
        &self,
        operation: &'static str,
    ) -> impl Fn(E) -> Error + '_ {
        move |error| {
            let path = self.path();
            let fault = match error.into() {
                redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => {
                    Fault::InUse { path }
                }
                redb::Error::PreviousIo => Fault::Broken { path },
                redb::Error::Io(source) => Fault::Io { path, source },
                source => Fault::Redb { path, source },
            };
            self.error(operation, fault)
        }
    }

    /// For `map_err` on values of the database.
    pub(crate) fn unreadable(
        &self,
        operation: &'static str,
        what: impl FnOnce() -> String,
    ) -> impl FnOnce(Malformed) -> Error {
        let fault = |source| Fault::Unreadable { path: self.path(), what: what(), source };
        move |source| self.error(operation, fault(source))
    }

    pub(super) fn error(&self, operation: &'static str, fault: Fault) -> Error {
        let kind = fault.kind().unwrap_or(match &fault {
            Fault::Io { source, .. } => kind(source),
            Fault::Redb { source: redb::Error::Corrupted(_), .. } => ErrorKind::Corrupt,
            _ => ErrorKind::Unexpected,
        });
        Error::new(kind, self.backend, operation).with_source(fault)
    }
}

impl Faults {
    /// For another backend in the same file.
    pub(crate) fn with_backend(&self, backend: &'static str) -> Self {
        Self { path: self.path.clone(), backend }
    }
}
