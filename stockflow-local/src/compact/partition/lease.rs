//! Keeps files from being deleted while somebody reads them.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use stockflow_core::{Error, ErrorKind, Result};

use super::BACKEND;
use crate::io;

const READERS: &str = ".readers";
const COMPACTION: &str = ".compaction";

/// Held by a reader of the lake: as long as it lives, no compaction deletes a file.
#[derive(Debug)]
pub(crate) struct Lease {
    _file: Option<File>,
}

impl Lease {
    /// Waits while a compaction is deleting.
    ///
    /// A lake that cannot be written cannot be compacted either, and needs no lease.
    pub(crate) fn new(lake: &Path) -> Self {
        let file = open(&lake.join(READERS)).ok().filter(|file| file.lock_shared().is_ok());
        Self { _file: file }
    }
}

/// Held by a compaction.
#[derive(Debug)]
pub(crate) struct Exclusive {
    _file: File,
}

impl Exclusive {
    /// The right to compact, which one process has at a time.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`] if another process compacts, or the folder cannot be written.
    pub(crate) fn compaction(lake: &Path) -> Result<Self> {
        let busy = || {
            Error::new(ErrorKind::Denied, BACKEND, "compact")
                .with_source("another process compacts this lake")
        };
        Self::take(lake, COMPACTION)?.ok_or_else(busy)
    }

    /// The right to delete; none while somebody reads.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub(crate) fn deletion(lake: &Path) -> Result<Option<Self>> {
        Self::take(lake, READERS)
    }

    fn take(lake: &Path, name: &str) -> Result<Option<Self>> {
        let path = lake.join(name);
        let failed = |e| io::failed(BACKEND, "lock", &path, e);
        let file = open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(false).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_deletes_while_somebody_reads() {
        let lake = tempfile::tempdir().unwrap();
        let readers = [Lease::new(lake.path()), Lease::new(lake.path())];
        assert!(Exclusive::deletion(lake.path()).unwrap().is_none());
        drop(readers);
        assert!(Exclusive::deletion(lake.path()).unwrap().is_some());
    }

    #[test]
    fn one_process_compacts_at_a_time() {
        let lake = tempfile::tempdir().unwrap();
        let first = Exclusive::compaction(lake.path()).unwrap();
        assert_eq!(Exclusive::compaction(lake.path()).unwrap_err().kind(), ErrorKind::Denied);
        drop(first);
        Exclusive::compaction(lake.path()).unwrap();
    }
}
