//! Backends that live in memory: for tests, benches, and first steps.
//!
//! They keep every contract but durability, and pass the same suites as the others. What they hold can be looked at
//! with a method of the backend itself.

mod alerter;
mod archive;
mod cursors;
mod flaky;
mod ledger;
mod sink;
mod source;
mod table;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use alerter::MemoryAlerter;
pub use archive::MemoryArchive;
pub use cursors::MemoryCursors;
pub use flaky::{Faults, Flaky};
pub use ledger::MemoryLedger;
pub use sink::MemorySink;
pub use source::MemorySource;
pub use table::MemoryTable;

/// Every change under these locks is a single step, so what a panicking thread leaves behind is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
