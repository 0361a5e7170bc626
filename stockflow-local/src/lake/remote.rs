//! Lakes that lie elsewhere.

use std::{fmt, path::Path};

use async_trait::async_trait;
use stockflow_core::{Date, Result};

/// A lake that lies elsewhere, in a bucket say, with the same names as in a folder.
///
/// # Contract
/// `days` tells every day that has objects, ascending. `fetch` copies the files of one day (raw objects, and the manifest with its
/// Parquet file if the day was compacted) into a folder, under their names; what it was asked for is there as a whole when it
/// returns, and files of other programs may be left out. The manifest is copied before the objects that it speaks of are listed: an
/// object that is written meanwhile is then seen too.
///
/// # Errors
/// What the other side says, or the disk. A day that is not there is no error: nothing is copied.
#[async_trait]
pub trait RemoteLake: fmt::Debug + Send + Sync {
    /// The days that have objects, ascending.
    async fn days(&self) -> Result<Vec<Date>>;

    /// Copies the files of the day `dt` into `folder`, which is there.
    async fn fetch(&self, dt: Date, folder: &Path) -> Result<()>;
}
