//! A durable local log: what was appended stays until it is acknowledged.

mod block;
mod damage;
mod fault;
mod identity;
mod log;
mod options;
mod position;
mod reader;
mod recover;
mod scan;
mod segment;
mod writer;

use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use stockflow_core::{Cursor, Result, ShardId};
use tokio::sync::watch;

pub use self::{damage::Damage, options::SpoolOptions, reader::SpoolReader, writer::SpoolWriter};
use self::{
    fault::Fault,
    identity::Identity,
    log::Log,
    position::{Marks, Position},
    recover::Recovered,
    segment::{Segment, path_of},
    writer::Tail,
};

const BACKEND: &str = "spool";
/// What the name of a spool's shard starts with.
const DEFAULT_SHARD: &str = "spool";
const LOCK_NAME: &str = "lock";

/// A durable local log with acknowledgement: the embedded stream.
///
/// # Promises
/// - What [`append`](SpoolWriter::append) returned for is there after any crash, until it is acknowledged; an append that did not
///   return is there as a whole or not at all. Cursors of feeds are stored in the same step as the records.
/// - Sequence numbers count up from 1 and never repeat. The shard's name has an id in it that the spool got when it was made and
///   no other has: objects that are named by shard and number are never those of another spool.
/// - Damage is reported ([`damages`](Self::damages), [`SpoolReader::damages`]) with the file, the place and the records that are
///   lost; everything else stays readable. If it hits the last append, the cursors of that append do not count: its feed is
///   asked for it again.
/// - Two processes cannot open one spool.
///
/// ```
/// use stockflow_core::{Cursor, Timestamp};
/// use stockflow_local::{Spool, SpoolOptions};
///
/// # let folder = tempfile::tempdir()?;
/// # let dir = folder.path();
/// let spool = Spool::open(dir, SpoolOptions::default())?;
/// let read_to = Cursor { feed: "ticks.csv".into(), offset: "2".into() };
/// let last = spool.writer().append([(Timestamp::MIN, "one"), (Timestamp::MIN, "two")], &[read_to])?;
///
/// let mut reader = spool.reader();
/// let batch = reader.read(100, 1 << 20)?;
/// assert_eq!((last, &batch.records[1].data[..]), (2, &b"two"[..]));
/// reader.ack(&batch.records[1].position)?;
/// assert_eq!(spool.cursors()[0].offset, "2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Spool {
    shared: Arc<Shared>,
    damages: Vec<Damage>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    options: SpoolOptions,
    shard: ShardId,
    log: Mutex<Log>,
    tail: Mutex<Tail>,
    /// Sequence number of the next record.
    news: watch::Sender<u64>,
    /// Held until this is dropped.
    _lock: File,
}

impl Spool {
    /// Opens or creates the spool in the folder `dir`.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`](stockflow_core::ErrorKind::Denied) if another process has it open or the folder cannot be
    /// written, otherwise what the disk says. Damage is no error, see [`damages`](Self::damages).
    pub fn open(dir: impl AsRef<Path>, options: SpoolOptions) -> Result<Self> {
        Self::recover(dir.as_ref(), options).map_err(|fault| fault.at("open"))
    }

    fn recover(folder: &Path, options: SpoolOptions) -> Result<Self, Fault> {
        let fault = |path: &Path| {
            let path = path.to_owned();
            move |source| Fault::Io { path, source }
        };
        fs::create_dir_all(folder).map_err(fault(folder))?;
        let lock = lock(folder)?;
        let (identity, nameless) = Identity::open(folder).map_err(fault(folder))?;
        let (position, damaged) = Position::open(folder).map_err(fault(folder))?;
        let recovered = Recovered::mend(folder, position.marks()).map_err(fault(folder))?;
        let mut damages = recovered.damages;
        let files = [(nameless, identity::FILE_NAME), (damaged, position::FILE_NAME)];
        for damage in Damage::of_files(folder, files) {
            damage.tell();
            damages.push(damage);
        }
        let tail = Tail::open(folder, &recovered.segments, recovered.sound_end)
            .map_err(fault(folder))?
            .with(recovered.next, recovered.append, recovered.cursors);
        let log = Log {
            segments: recovered.segments,
            acked_at: recovered.acked_at,
            position,
            gaps: recovered.gaps,
        };
        let shared = Shared {
            folder: folder.to_owned(),
            shard: format!("{}-{}", options.shard, identity.as_str()).into(),
            options,
            log: Mutex::new(log),
            tail: Mutex::new(tail),
            news: watch::Sender::new(recovered.next),
            _lock: lock,
        };
        Ok(Self { shared: Arc::new(shared), damages })
    }

    /// What of the spool in the folder `dir` cannot be read, without a change to it: nothing is cut off, and no file is made.
    ///
    /// # Errors
    /// As for [`open`](Self::open); [`ErrorKind::Denied`](stockflow_core::ErrorKind::Denied) while it is open.
    pub fn examine(dir: impl AsRef<Path>) -> Result<Vec<Damage>> {
        Self::look_into(dir.as_ref()).map_err(|fault| fault.at("examine"))
    }

    fn look_into(folder: &Path) -> Result<Vec<Damage>, Fault> {
        let fault = |path: &Path| {
            let path = path.to_owned();
            move |source| Fault::Io { path, source }
        };
        // Held while looking, so that nothing is written meanwhile.
        let _lock = lock_for_reading(folder)?;
        let identity = Identity::read(folder).map_err(fault(&folder.join(identity::FILE_NAME)))?;
        let position = Position::read(folder);
        let (marks, damaged) = position.map_err(fault(&folder.join(position::FILE_NAME)))?;
        let mut damages = Recovered::examine(folder, marks).map_err(fault(folder))?;
        let nameless = matches!(identity, Some(Err(_)));
        let files = [(nameless, identity::FILE_NAME), (damaged, position::FILE_NAME)];
        damages.extend(Damage::of_files(folder, files));
        Ok(damages)
    }

    /// Damage that was found when the spool was opened; each was logged as a warning.
    #[must_use]
    pub fn damages(&self) -> &[Damage] {
        &self.damages
    }

    /// How far each feed was read, by name of the feed.
    #[must_use]
    pub fn cursors(&self) -> Vec<Cursor> {
        let cursor = |(feed, offset): (&String, &String)| Cursor {
            feed: feed.clone(),
            offset: offset.clone(),
        };
        self.shared.tail().cursors.iter().map(cursor).collect()
    }

    /// Appends to this spool.
    #[must_use]
    pub fn writer(&self) -> SpoolWriter {
        SpoolWriter { shared: Arc::clone(&self.shared) }
    }

    /// Reads this spool from the first record that is not acknowledged on.
    #[must_use]
    pub fn reader(&self) -> SpoolReader {
        SpoolReader::new(Arc::clone(&self.shared))
    }
}

/// The id that the name of its shard ends with, and the sequence number up to which the spool in `folder` is acknowledged, for
/// good: not even a power cut brings these records again. A spool that is open elsewhere can be asked, too; none, if there is
/// no spool.
#[cfg(feature = "parquet")]
pub(crate) fn acknowledged(folder: &Path) -> Result<Option<(String, u64)>> {
    const OPERATION: &str = "acknowledged";
    let fault = |name: &str| {
        let path = folder.join(name);
        |source| Fault::Io { path, source }.at(OPERATION)
    };
    let identity = Identity::read(folder).map_err(fault(identity::FILE_NAME))?;
    let acknowledged = position::acknowledged(folder).map_err(fault(position::FILE_NAME))?;
    // A spool that has lost its id gets another one, and writes no object under the old one again.
    let Some(Ok(identity)) = identity else { return Ok(None) };
    Ok(acknowledged.map(|sequence| (identity.as_str().to_owned(), sequence)))
}

fn lock(folder: &Path) -> Result<File, Fault> {
    let path = folder.join(LOCK_NAME);
    let file = File::options().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|source| Fault::Io { path: path.clone(), source })?;
    locked(folder, path, file, File::try_lock)
}

/// The same for those who only look; none, if the spool was never opened.
fn lock_for_reading(folder: &Path) -> Result<Option<File>, Fault> {
    let path = folder.join(LOCK_NAME);
    match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Fault::Io { path, source }),
        Ok(file) => locked(folder, path, file, File::try_lock_shared).map(Some),
    }
}

fn locked(
    folder: &Path,
    path: PathBuf,
    file: File,
    lock: impl FnOnce(&File) -> Result<(), TryLockError>,
) -> Result<File, Fault> {
    match lock(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Fault::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(Fault::Io { path, source }),
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An append is durable.
    fn grown(&self, segment: Segment) {
        let mut log = self.log();
        log.grown(segment);
        // An append of cursors alone is done with at once; if the disk fails here, a later call tells.
        let _ = log.tidy(&self.folder);
        drop(log);
        self.news.send_replace(segment.next);
    }

    fn acknowledge(&self, sequence: u64, done: Option<(u64, u64)>) -> Result<(), Fault> {
        let outcome = self.log().acknowledge(&self.folder, sequence, done);
        outcome.map_err(|source| Fault::Io { path: self.folder.clone(), source })
    }

    /// Whether this was told when the spool was opened.
    fn knows(&self, damage: &Damage) -> bool {
        let log = self.log();
        let is = |(number, offset): &(u64, u64)| {
            *offset == damage.offset && path_of(&self.folder, *number) == damage.file
        };
        log.gaps.iter().any(is)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let mut log = self.log();
        let durable = log.segments.back().map_or(0, |last| last.next);
        let acked = log.position.marks().acked;
        let noted = log.position.advance(Marks { acked, durable });
        if let Err(error) = noted.and_then(|()| log.position.sync()) {
            tracing::warn!(%error, "the end of the spool is not noted");
        }
    }
}

#[cfg(test)]
mod tests;
