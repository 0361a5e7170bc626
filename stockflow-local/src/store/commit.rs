//! Commits, one at a time.

use std::sync::{MutexGuard, PoisonError, RwLockReadGuard, RwLockWriteGuard};

use redb::{ReadableDatabase, WriteTransaction};
use stockflow_core::Result;

use super::{
    Inner, Memory,
    batch::Batch,
    plan::Plan,
    schema::{ROWS, ReadTable},
    write::Writing,
};

/// From this size on, the file notes its free space with each commit, so that a start after a kill need not read all of it.
const LARGE: u64 = 128 << 20;

impl Inner {
    pub(super) fn memory(&self) -> RwLockReadGuard<'_, Memory> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn memory_mut(&self) -> RwLockWriteGuard<'_, Memory> {
        self.memory.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows as they are after the last commit.
    pub(super) fn table(&self, operation: &'static str) -> Result<ReadTable> {
        let txn = self.database.begin_read().map_err(self.faults.at(operation))?;
        txn.open_table(ROWS).map_err(self.faults.at(operation))
    }

    fn begin(&self, operation: &'static str) -> Result<WriteTransaction> {
        let mut txn = self.database.begin_write().map_err(self.faults.at(operation))?;
        if std::fs::metadata(&*self.faults.path).is_ok_and(|file| file.len() >= LARGE) {
            txn.set_quick_repair(true);
        }
        Ok(txn)
    }

    /// Stores the rows of `batch`, tells the feed of its checkpoints, and makes durable what the outbox holds.
    pub(crate) fn put(&self, mut batch: Batch, only_absent: bool) -> Result<()> {
        const OPERATION: &str = "put";
        if batch.is_empty() {
            return Ok(());
        }
        let _writer = self.writer();
        let txn = self.begin(OPERATION)?;
        let writing = Writing { txn: &txn, faults: &self.faults, operation: OPERATION };
        // Only writers change the memory, so it stays as it is until the commit.
        let memory = self.memory();
        if only_absent {
            writing.retain_absent(&mut batch, &memory.recent)?;
        }
        let plan = Plan::make(&batch, &memory.recent, &self.limits);
        let chunks = writing.rows(&batch, &plan, &memory.recent)?;
        drop(memory);
        let next = writing.feed(&batch)?;
        let changes = self.outbox().seal();
        writing.changes(&changes)?;
        txn.commit().map_err(self.faults.at(OPERATION))?;
        self.memory_mut().committed(&batch, &plan, &chunks);
        self.outbox().committed();
        if let Some(next) = next {
            self.fed.send_replace(next - 1);
        }
        Ok(())
    }

    /// Makes durable what the outbox holds.
    pub(super) fn sync(&self) -> Result<()> {
        let made = self.outbox().made();
        self.settle(made, "sync")
    }

    /// Returns once `change` of the outbox is durable. Several callers at a time share a commit.
    pub(crate) fn settle(&self, change: u64, operation: &'static str) -> Result<()> {
        let _writer = self.writer();
        if self.outbox().is_durable(change) {
            return Ok(());
        }
        let changes = self.outbox().seal();
        if changes.is_empty() {
            return Ok(());
        }
        let txn = self.begin(operation)?;
        Writing { txn: &txn, faults: &self.faults, operation }.changes(&changes)?;
        txn.commit().map_err(self.faults.at(operation))?;
        self.outbox().committed();
        Ok(())
    }
}
