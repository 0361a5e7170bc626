//! Alerts in a file, one JSON object a line, each alert once.

mod log;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use stockflow_core::{
    Alert, Alerter, BatchReport, Result,
    config::{AlerterSpec, ConfigError},
};

use self::log::Log;
use super::{AlerterEntry, Surroundings};
use crate::io::blocking;

const BACKEND: &str = "alert file";

pub(super) const ENTRY: AlerterEntry = AlerterEntry {
    kind: "file",
    summary: "appends alerts to a file, one JSON object a line, each alert once",
    keys: &[("path", "the file; a relative path starts at the data folder")],
    missing: None,
    build,
};

/// Appends alerts to a file as NDJSON ([`Alert::to_json`]), each id once, whatever comes again.
///
/// An alert is reported as told when its line is on the disk (`fdatasync`). On opening, the ids in the file are read, and a
/// last line that a crash left unfinished is cut off. The file is locked: one writer at a time.
///
/// ```
/// use stockflow_local::alerter::FileAlerter;
///
/// let folder = tempfile::tempdir()?;
/// let alerter = FileAlerter::open(folder.path().join("alerts.ndjson"))?;
/// assert!(FileAlerter::open(alerter.path()).is_err(), "it is locked");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FileAlerter {
    path: PathBuf,
    log: Arc<Mutex<Log>>,
}

impl FileAlerter {
    /// Opens the file at `path`, or creates it.
    ///
    /// # Errors
    /// Those of the file system, also if another writer has it open; [`Corrupt`](stockflow_core::ErrorKind::Corrupt) if it
    /// holds something else than alerts, which is left alone. Single lines that cannot be read are logged and kept.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let log = Arc::new(Mutex::new(Log::open(&path)?));
        Ok(Self { path, log })
    }

    /// Where it writes.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for FileAlerter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileAlerter").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl Alerter for FileAlerter {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        let (log, alerts) = (Arc::clone(&self.log), alerts.to_vec());
        blocking(BACKEND, "append", move || {
            log.lock().unwrap_or_else(PoisonError::into_inner).append(&alerts)
        })
        .await?;
        Ok(BatchReport::complete())
    }
}

fn build(spec: &AlerterSpec, around: &Surroundings<'_>) -> Result<Arc<dyn Alerter>, ConfigError> {
    let settings = spec.settings();
    let path = settings.required_text("path", "the path of a file")?;
    let alerter = FileAlerter::open(around.folder.join(path)).map_err(|error| {
        settings
            .invalid("path", format!("a file for alerts that can be written; {}", error.chain()))
    })?;
    Ok(Arc::new(alerter))
}

#[cfg(test)]
mod tests;
