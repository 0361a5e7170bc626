//! Compaction: the raw objects of a day into one sorted Parquet file.
//!
//! # Steps
//! 1. Read the day's Parquet file, if there is one, and the raw objects that are final; sort and merge them into a new file under a
//!    temporary name; make it durable; rename it.
//! 2. Publish the manifest, which names the new file and the objects that it covers: one rename, and the moment at which
//!    readers change over.
//! 3. Delete the covered objects and the old file, unless somebody reads; then publish the manifest without the objects.
//!
//! A crash before 2 leaves a file that nobody counts, after 2 objects that nobody counts: the next compaction deletes them.
//!
//! # Redelivery
//! An object is overwritten by what its batch becomes when it is delivered again, which may be more or fewer records than
//! before, cut in other places. So only what is *final* is compacted: objects whose first record the spool has acknowledged, durably.
//! If a covered object changes all the same, its records still count once: what was appended to it counts as new, and an object that
//! comes back under a name before the last compacted one is left out by readers until a compaction has compared it with
//! the Parquet file, record by record.

mod collect;
pub(crate) mod columns;
mod compactor;
pub(crate) mod file;
mod merge;
pub(crate) mod partition;
pub(crate) mod rows;

use std::path::Path;

use stockflow_core::{Date, Result};

use self::partition::{Lease, Manifest};
pub use compactor::{CompactedDay, Compactor};

const BACKEND: &str = "compaction";

/// Compares the Parquet file of the day `dt` of the lake in the folder `lake` with its hash, and changes nothing: its rows; none,
/// if the day was never compacted.
///
/// # Errors
/// [`ErrorKind::Corrupt`](stockflow_core::ErrorKind::Corrupt) if it or its manifest was truncated or altered; what the disk says.
pub fn verify_compacted(lake: impl AsRef<Path>, dt: Date) -> Result<Option<u64>> {
    let folder = lake.as_ref().join(format!("dt={dt}"));
    if Manifest::read(&folder)?.is_none() {
        return Ok(None);
    }
    let _lease = Lease::new(lake.as_ref());
    // Again, now that nothing is deleted.
    let Some(manifest) = Manifest::read(&folder)? else { return Ok(None) };
    manifest.verified(&folder).map(|_| Some(manifest.rows))
}
