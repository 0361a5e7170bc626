//! What failing files mean to a caller.

use std::{
    fmt,
    io::{self, ErrorKind as Io},
    path::{Path, PathBuf},
};

use stockflow_core::{Error, ErrorKind, Result};

/// Names the path; the cause follows as the source.
#[derive(Debug, thiserror::Error)]
#[error("{}", path.display())]
pub(crate) struct AtPath {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// The error of `operation` on `path`.
pub(crate) fn failed(
    backend: &'static str,
    operation: &'static str,
    path: &Path,
    source: io::Error,
) -> Error {
    let kind = kind(&source);
    Error::new(kind, backend, operation).with_source(AtPath { path: path.to_owned(), source })
}

/// Says `what` is wrong with the file at `path`, in the words of the caller.
pub(crate) fn corrupt(
    backend: &'static str,
    operation: &'static str,
    path: &Path,
    what: impl fmt::Display,
) -> Error {
    let source = io::Error::new(Io::InvalidData, what.to_string());
    Error::new(ErrorKind::Corrupt, backend, operation)
        .with_source(AtPath { path: path.to_owned(), source })
}

pub(crate) fn kind(error: &io::Error) -> ErrorKind {
    match error.kind() {
        Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => ErrorKind::Exhausted,
        Io::PermissionDenied | Io::ReadOnlyFilesystem | Io::NotADirectory | Io::IsADirectory => {
            ErrorKind::Denied
        }
        Io::NotFound => ErrorKind::NotFound,
        Io::InvalidData | Io::UnexpectedEof => ErrorKind::Corrupt,
        Io::Interrupted | Io::WouldBlock | Io::TimedOut | Io::ResourceBusy => {
            ErrorKind::Unavailable
        }
        _ => ErrorKind::Unexpected,
    }
}

/// Makes renames and new names in the folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    // Windows has no such call: there a rename is as durable as its volume makes it.
    if cfg!(unix) { std::fs::File::open(path)?.sync_all() } else { Ok(()) }
}

/// Runs what blocks on a disk beside the runtime, if there is one.
pub(crate) async fn blocking<T: Send + 'static>(
    backend: &'static str,
    operation: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return work() };
    match runtime.spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Error::new(ErrorKind::Unexpected, backend, operation).with_source(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_names_the_path_and_the_chain_tells_the_cause_once() {
        let path = Path::new("/data/lake");
        let error = failed("lake", "put", path, io::Error::from(Io::StorageFull));
        assert_eq!(error.kind(), ErrorKind::Exhausted);
        assert_eq!(
            error.chain(),
            "lake: put failed (out of space or quota): /data/lake: no storage space"
        );
        let error = corrupt("lake", "read", path, "cut short");
        assert_eq!(error.chain(), "lake: read failed (corrupt): /data/lake: cut short");
    }
}
