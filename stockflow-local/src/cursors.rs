//! Cursors in a file.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use stockflow_core::{Cursor, CursorStore, Result};

use crate::io::{blocking, corrupt, failed, sync_folder};

const BACKEND: &str = "cursors";

/// A [`CursorStore`] in a JSON file, for a program that reads a stream by itself.
///
/// Each `store` writes a new file, makes it durable, and renames it over the old one: whatever is killed, one of the two is there as a
/// whole. That is for tens of feeds (the shards of a stream), not for millions.
///
/// ```
/// use stockflow_core::{Cursor, CursorStore as _};
/// use stockflow_local::FileCursors;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("cursors.json");
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let cursors = FileCursors::new(&path);
/// cursors.store(&[Cursor { feed: "stock-market-stream/shard-0".into(), offset: "7".into() }]).await?;
/// assert_eq!(FileCursors::new(&path).load().await?[0].offset, "7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FileCursors {
    path: PathBuf,
    /// One writer at a time, or one's draft would be renamed as the other's.
    turn: Arc<Mutex<()>>,
}

impl FileCursors {
    /// Those in the file at `path`; none if there is no such file, which the first `store` makes. Its folder must be there.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), turn: Arc::default() }
    }
}

#[async_trait]
impl CursorStore for FileCursors {
    async fn load(&self) -> Result<Vec<Cursor>> {
        let path = self.path.clone();
        let offsets = blocking(BACKEND, "load", move || read(&path)).await?;
        Ok(offsets.into_iter().map(|(feed, offset)| Cursor { feed, offset }).collect())
    }

    async fn store(&self, cursors: &[Cursor]) -> Result<()> {
        if cursors.is_empty() {
            return Ok(());
        }
        let (this, cursors) = (self.clone(), cursors.to_vec());
        let store = move || {
            let _turn = this.turn.lock().unwrap_or_else(PoisonError::into_inner);
            let mut offsets = read(&this.path)?;
            offsets.extend(cursors.into_iter().map(|Cursor { feed, offset }| (feed, offset)));
            replace(&this.path, &offsets).map_err(|e| failed(BACKEND, "store", &this.path, e))
        };
        blocking(BACKEND, "store", store).await
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, String>> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|e| corrupt(BACKEND, "load", path, e)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(failed(BACKEND, "load", path, error)),
    }
}

fn replace(path: &Path, offsets: &BTreeMap<String, String>) -> io::Result<()> {
    let draft = path.with_added_extension("draft");
    let mut file = File::create(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(offsets)?)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use stockflow_core::{ErrorKind, conformance};

    use super::*;

    fn cursor(feed: &str, offset: &str) -> Cursor {
        Cursor { feed: feed.into(), offset: offset.into() }
    }

    #[tokio::test]
    async fn the_suite_of_cursors_passes() {
        let (folder, next) = (tempfile::tempdir().unwrap(), AtomicUsize::new(0));
        let harness = || {
            let name = next.fetch_add(1, Ordering::Relaxed).to_string();
            let cursors = FileCursors::new(folder.path().join(name));
            async move { cursors }
        };
        conformance::cursors::all(&harness).await.unwrap();
    }

    #[tokio::test]
    async fn a_new_program_goes_on_and_a_draft_of_a_killed_one_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cursors.json");
        FileCursors::new(&path).store(&[cursor("a", "1")]).await.unwrap();
        fs::write(folder.path().join("cursors.json.draft"), "{\"a\":\"9").unwrap();
        let again = FileCursors::new(&path);
        assert_eq!(again.load().await.unwrap(), [cursor("a", "1")]);
        again.store(&[cursor("b", "2")]).await.unwrap();
        assert_eq!(again.load().await.unwrap(), [cursor("a", "1"), cursor("b", "2")]);
    }

    #[tokio::test]
    async fn a_damaged_file_is_told_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cursors.json");
        fs::write(&path, "{\"a\":\"1").unwrap();
        let cursors = FileCursors::new(&path);
        assert_eq!(cursors.load().await.unwrap_err().kind(), ErrorKind::Corrupt);
        let error = cursors.store(&[cursor("b", "2")]).await.unwrap_err();
        assert!(error.chain().contains("cursors.json"), "{}", error.chain());
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"a\":\"1");
    }
}
