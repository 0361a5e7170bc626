//! The file itself: what it holds, and how a line gets into it for good.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
};

use stockflow_core::{Alert, Error, ErrorKind, Result};

use super::BACKEND;
use crate::io::{corrupt, failed, sync_folder};

/// How every line starts, as [`Alert::to_json`] writes it.
const START: &[u8] = b"{\"id\":\"";

/// A short form of an id; two alerts with one are as unlikely as a broken disk.
type Digest = [u8; 16];

/// An open file of alerts. What lies after `len` is not finished.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    len: u64,
    told: HashSet<Digest>,
}

/// What is in a file.
#[derive(Default)]
struct Content {
    told: HashSet<Digest>,
    /// Bytes of whole lines.
    len: u64,
    unreadable: u64,
    /// The last line, if it has no end.
    torn: Vec<u8>,
}

impl Log {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let fail = |operation, error| failed(BACKEND, operation, path, error);
        let is_new = !path.exists();
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(|error| fail("open", error))?;
        if !file.metadata().map_err(|error| fail("open", error))?.is_file() {
            return Err(not_regular(path));
        }
        file.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => fail("lock", error),
            TryLockError::WouldBlock => {
                let busy = io::ErrorKind::ResourceBusy;
                fail("lock", io::Error::new(busy, "another writer has it open"))
            }
        })?;
        let content = Content::read(&file).map_err(|error| fail("read", error))?;
        content.check(path)?;
        let Content { told, len, torn, .. } = content;
        if !torn.is_empty() {
            tracing::warn!(path = %path.display(), bytes = torn.len(), "cut off an alert that was not finished");
            file.set_len(len).map_err(|error| fail("truncate", error))?;
        }
        if is_new && let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            sync_folder(folder).map_err(|error| fail("sync folder", error))?;
        }
        Ok(Self { path: path.to_owned(), file, len, told })
    }

    /// Makes those that are not in the file durable, all or none.
    pub(super) fn append(&mut self, alerts: &[Alert]) -> Result<()> {
        let mut lines = Vec::new();
        let mut fresh = HashSet::new();
        for alert in alerts {
            let digest = digest(alert);
            if !self.told.contains(&digest) && fresh.insert(digest) {
                lines.extend_from_slice(alert.to_json().as_bytes());
                lines.push(b'\n');
            }
        }
        if lines.is_empty() {
            return Ok(());
        }
        let fail = |operation, error| failed(BACKEND, operation, &self.path, error);
        // What an append that failed may have left; a file that someone else cut stays as it is.
        let size = self.file.metadata().map_err(|error| fail("read size", error))?.len();
        if size > self.len {
            self.file.set_len(self.len).map_err(|error| fail("truncate", error))?;
        }
        self.file.write_all(&lines).map_err(|error| fail("append", error))?;
        self.file.sync_data().map_err(|error| fail("sync", error))?;
        self.len = size.min(self.len) + lines.len() as u64;
        self.told.extend(fresh);
        Ok(())
    }
}

impl Content {
    fn read(file: &File) -> io::Result<Self> {
        let mut content = Self::default();
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            reader.read_until(b'\n', &mut line)?;
            let Some(json) = line.strip_suffix(b"\n") else {
                content.torn = line;
                return Ok(content);
            };
            content.len += line.len() as u64;
            match Alert::from_json(json) {
                Ok(alert) => _ = content.told.insert(digest(&alert)),
                Err(_) => content.unreadable += 1,
            }
        }
    }

    /// Refuses a file of something else, before anything in it is changed.
    fn check(&self, path: &Path) -> Result<()> {
        let torn = &self.torn;
        let is_start = torn.starts_with(START) || START.starts_with(torn);
        let is_ours = !self.told.is_empty() || (self.unreadable == 0 && is_start);
        if !is_ours {
            return Err(corrupt(
                BACKEND,
                "open",
                path,
                "the file holds no alerts but something else",
            ));
        }
        if self.unreadable > 0 {
            tracing::warn!(path = %path.display(), lines = self.unreadable, "lines that are no alerts");
        }
        Ok(())
    }
}

/// A device or a pipe: what is in it cannot be read before it is written.
fn not_regular(path: &Path) -> Error {
    let source = format!("{}: not a regular file", path.display());
    Error::new(ErrorKind::Rejected, BACKEND, "open").with_source(source)
}

fn digest(alert: &Alert) -> Digest {
    let hash = blake3::hash(alert.id().as_str().as_bytes());
    let mut digest = Digest::default();
    digest.copy_from_slice(&hash.as_bytes()[..16]);
    digest
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use stockflow_core::conformance::samples;

    use super::*;

    #[test]
    fn a_full_disk_is_told_and_the_alert_not_taken_as_told() {
        // Every write to this device fails as on a full disk.
        let path = PathBuf::from("/dev/full");
        let file = OpenOptions::new().append(true).open(&path).unwrap();
        let mut log = Log { path, file, len: 0, told: HashSet::new() };
        for _ in 0..2 {
            let error = log.append(&samples::alerts(1)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Exhausted, "{}", error.chain());
        }
    }
}
