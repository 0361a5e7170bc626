//! A lake elsewhere, of which a folder holds the days that queries have read.

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use stockflow_core::{Date, Result};
use tokio::sync::Mutex;

use crate::{
    compact::partition::{BACKEND, Day},
    io,
    lake::RemoteLake,
};

/// Copies days when a query wants them, each once.
pub(super) struct Remote {
    lake: Arc<dyn RemoteLake>,
    folder: PathBuf,
    fetched: Mutex<BTreeSet<Date>>,
}

impl Remote {
    pub(super) fn new(lake: Arc<dyn RemoteLake>, folder: PathBuf) -> Self {
        Self { lake, folder, fetched: Mutex::default() }
    }

    pub(super) async fn days(&self) -> Result<Vec<Date>> {
        self.lake.days().await
    }

    /// Makes sure that `days` are in the folder, or as many of them as have `limit` rows together; tells which.
    pub(super) async fn fetch(&self, days: Vec<Date>, limit: Option<usize>) -> Result<Vec<Date>> {
        let mut fetched = self.fetched.lock().await;
        let (mut ready, mut rows) = (Vec::with_capacity(days.len()), 0);
        for dt in days {
            if limit.is_some_and(|limit| rows >= limit as u64) {
                break;
            }
            if !fetched.contains(&dt) {
                let folder = self.folder.join(format!("dt={dt}"));
                fs::create_dir_all(&folder)
                    .map_err(|e| io::failed(BACKEND, "fetch", &folder, e))?;
                self.lake.fetch(dt, &folder).await?;
                fetched.insert(dt);
            }
            if limit.is_some() {
                rows += rows_of(&self.folder, dt);
            }
            ready.push(dt);
        }
        Ok(ready)
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("lake", &self.lake).finish_non_exhaustive()
    }
}

/// Rows of a day, at least; none of what is damaged.
fn rows_of(lake: &Path, dt: Date) -> u64 {
    let Ok(day) = Day::open(lake, dt) else { return 0 };
    let compacted = day.manifest.as_ref().map_or(0, |manifest| manifest.rows);
    let lines = day.objects.iter().filter_map(|object| object.uncovered().ok());
    compacted + lines.map(|lines| lines.iter().filter(|b| **b == b'\n').count() as u64).sum::<u64>()
}
