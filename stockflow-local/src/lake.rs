//! The lake: objects of raw quotes by day, in a folder.

mod object;
mod remote;

use std::{
    collections::HashSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use stockflow_core::{
    Archive, Date, Object, ObjectName, Position, Result, SequenceNumber, Timestamp, Unreadable,
    write_unreadable,
};

pub use self::{
    object::{LakeObject, days, objects},
    remote::RemoteLake,
};
use crate::io::{blocking, failed, sync_folder};

const BACKEND: &str = "lake";
/// Objects on their way: left behind by a crash, they are removed when the lake is opened.
const UNFINISHED: &str = ".ndjson.zst.tmp";
/// Fast, and a tenth of the size.
const LEVEL: i32 = 1;

/// An [`Archive`] in a folder: `dt=2026-11-23/<shard>-<first position>.ndjson.zst`; the lake, or the quarantine.
///
/// Objects are compressed with checksum, written under another name, made durable, and renamed: a reader sees each as a whole
/// or not at all. Any program that knows Zstandard reads them. What is damaged later is told by the one object that it
/// hits ([`LakeObject::read`]); the others stay readable.
///
/// ```
/// use stockflow_core::{Archive as _, Object, ObjectName, Position};
/// use stockflow_local::lake::{Lake, days, objects};
///
/// # let folder = tempfile::tempdir()?;
/// # let dir = folder.path();
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let lake = Lake::open(dir)?;
/// let name = ObjectName { dt: "2026-11-23".parse()?, shard: "spool-0".into(), first: Position::new(1.into()) };
/// lake.put(Object { name, lines: "{}\n".into() }).await?;
///
/// let object = &objects(dir, days(dir)?[0])?[0];
/// assert!(object.path().ends_with("dt=2026-11-23/spool-0-00000000000000000001.ndjson.zst"));
/// assert_eq!(object.read()?, "{}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lake {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    /// Days whose folders are there for good.
    days: Mutex<HashSet<Date>>,
    /// Tells two puts of one name apart.
    puts: AtomicU64,
}

impl Lake {
    /// Opens or creates the lake in the folder `root`, and removes what a crash left half-written.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`](stockflow_core::ErrorKind::Denied) if the folder cannot be written, otherwise what the disk says.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let root = root.as_ref();
        let fault = |error| failed(BACKEND, "open", root, error);
        fs::create_dir_all(root).map_err(fault)?;
        for day in days(root)? {
            object::remove_unfinished(&folder(root, day)).map_err(fault)?;
        }
        let days = Mutex::default();
        let inner = Inner { root: root.to_owned(), days, puts: AtomicU64::new(0) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// Keeps what a feed could not read, as one object of the day of `now`; for a quarantine. It is named by the first item:
    /// the same items again on the same day replace it, however they are cut.
    ///
    /// # Errors
    /// As [`Archive::put`].
    pub async fn put_unreadable(&self, items: &[Unreadable], now: Timestamp) -> Result<()> {
        let Some(first) = items.first() else { return Ok(()) };
        let mut lines = Vec::new();
        for item in items {
            write_unreadable(&item.origin, now, &item.reason, &item.data, &mut lines);
        }
        let mut name = blake3::Hasher::new();
        name.update(first.origin.as_bytes()).update(&[0]).update(&first.data);
        let first = Position::new(SequenceNumber::from_text(&name.finalize().to_hex()[..32]));
        let name = ObjectName { dt: now.date(), shard: "unreadable".into(), first };
        self.put(Object { name, lines: lines.into() }).await
    }
}

#[async_trait]
impl Archive for Lake {
    async fn put(&self, object: Object) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        blocking(BACKEND, "put", move || inner.put(&object)).await
    }
}

impl Inner {
    fn put(&self, object: &Object) -> Result<()> {
        let folder = folder(&self.root, object.name.dt);
        let fault = |error| failed(BACKEND, "put", &folder, error);
        self.make_folder(object.name.dt, &folder).map_err(fault)?;
        let name = object.name.to_stem();
        let number = self.puts.fetch_add(1, Ordering::Relaxed);
        let unfinished = folder.join(format!("{name}.{number}{UNFINISHED}"));
        let written = write(&unfinished, &object.lines)
            .and_then(|()| fs::rename(&unfinished, folder.join(name + object::SUFFIX)));
        if let Err(error) = written {
            // If this fails too, it is removed when the lake is opened.
            let _ = fs::remove_file(&unfinished);
            return Err(failed(BACKEND, "put", &unfinished, error));
        }
        sync_folder(&folder).map_err(fault)
    }

    /// Makes the folder of a day, for good.
    fn make_folder(&self, day: Date, folder: &Path) -> io::Result<()> {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        if days.contains(&day) {
            return Ok(());
        }
        fs::create_dir_all(folder)?;
        sync_folder(&self.root)?;
        days.insert(day);
        Ok(())
    }
}

fn folder(root: &Path, day: Date) -> PathBuf {
    root.join(format!("dt={day}"))
}

fn write(path: &Path, lines: &[u8]) -> io::Result<()> {
    let file = File::options().write(true).create(true).truncate(true).open(path)?;
    let mut encoder = zstd::Encoder::new(file, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(Some(lines.len() as u64))?;
    io::Write::write_all(&mut encoder, lines)?;
    encoder.finish()?.sync_all()
}

#[cfg(test)]
mod tests;
