//! The file that holds rows, feed, alerts and policy states.

mod batch;
mod commit;
mod fault;
mod feed;
mod memory;
mod open;
mod outbox;
mod plan;
mod read;
mod recent;
pub(crate) mod schema;
mod snapshot;
mod tips;
mod write;

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use redb::Database;
use stockflow_core::Result;
use tokio::sync::watch;

use self::memory::Memory;
pub use self::snapshot::LocalReader;
pub(crate) use self::{
    batch::Batch,
    fault::Faults,
    outbox::{Outbox, PendingAlert},
};
use crate::io;

pub(crate) const BACKEND: &str = "table";

/// The embedded database: `stockflow.redb`, shared by [`LocalTable`](crate::LocalTable) and
/// [`LocalLedger`](crate::LocalLedger). Cheap to clone.
///
/// One process writes; others may look with [`LocalReader`] at the same time. A commit is durable when the call returns. A
/// kill at any moment leaves the last commit.
///
/// It also holds the table's change feed, the embedded counterpart of DynamoDB Streams: every checkpoint row that is put
/// gets the next number ([`feed`](Self::feed), [`ack_feed`](Self::ack_feed)).
///
/// Claims of alerts, policy states and acknowledgements become durable with the next commit of whatever kind, in the order in
/// which they were made, and at the latest with [`sync`](Self::sync): a crash that loses them loses the acknowledgement of
/// what caused them, so that it comes again.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    database: Database,
    faults: Faults,
    limits: plan::Limits,
    /// Held by whoever writes.
    writer: Mutex<()>,
    memory: RwLock<Memory>,
    outbox: Mutex<Outbox>,
    /// Number of the last entry of the feed.
    fed: watch::Sender<u64>,
}

impl Store {
    /// Name of the file in a data folder.
    pub const FILE_NAME: &str = "stockflow.redb";
    /// Memory that the database uses as a cache, in bytes, unless [`open_with_cache`](Self::open_with_cache) says otherwise.
    pub const CACHE_BYTES: usize = 32 << 20;

    /// Opens or creates `stockflow.redb` in the folder `data`, which is created too.
    ///
    /// After a kill, a file of less than 128 MiB is read through first, which takes some tenths of a second.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`](stockflow_core::ErrorKind::Denied) if another process writes it, or the folder cannot be written;
    /// [`Exhausted`](stockflow_core::ErrorKind::Exhausted) if the disk is full;
    /// [`Corrupt`](stockflow_core::ErrorKind::Corrupt) if it is damaged, or of a later format.
    pub fn open(data: impl AsRef<Path>) -> Result<Self> {
        Self::open_with_cache(data, Self::CACHE_BYTES)
    }

    /// As [`open`](Self::open), with another size of the cache in bytes.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with_cache(data: impl AsRef<Path>, cache_bytes: usize) -> Result<Self> {
        open::open(data.as_ref(), cache_bytes)
    }

    /// Makes durable what waits for the next commit; for a clean end, and when nothing comes for a while.
    ///
    /// # Errors
    /// As for any write.
    pub async fn sync(&self) -> Result<()> {
        let store = self.clone();
        io::blocking(BACKEND, "sync", move || store.inner.sync()).await
    }
}

impl Inner {
    pub(crate) const fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Err(error) = self.sync() {
            tracing::warn!(error = error.chain(), "the last small changes are not stored");
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.inner.faults.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
