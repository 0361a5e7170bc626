//! A day of the lake: raw objects and compacted Parquet, each record once.
//!
//! | file in `dt=…/` | what |
//! |---|---|
//! | `SHARD-POSITION.ndjson.zst` | a raw object: records of one batch, named by the first |
//! | `compacted-HASH.parquet` | records of many objects, sorted |
//! | `compacted.json` | the [`Manifest`]: which Parquet file counts, and what it covers |
//!
//! Only what the manifest names counts; its replacement by a rename is the one step that makes a compaction happen. A reader takes
//! the named Parquet file, and of the raw objects what the manifest does not cover ([`RawObject::uncovered`]). It holds
//! a [`Lease`] meanwhile, so that nothing is deleted under it.

mod lease;
mod manifest;
mod object;

use std::{
    fs,
    path::{Path, PathBuf},
};

use stockflow_core::{Date, Result};

pub(crate) use self::{
    lease::{Exclusive, Lease},
    manifest::{Covered, Manifest},
    object::{RawObject, RawState},
};
use crate::{io, lake::objects};

pub(crate) const BACKEND: &str = "lake";

/// One day of the lake, as it was when it was listed.
#[derive(Debug)]
pub(crate) struct Day {
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Option<Manifest>,
    /// By name.
    pub(crate) objects: Vec<RawObject>,
    /// Parquet files that no manifest names: left by a compaction that was interrupted, or replaced by a later one.
    pub(crate) garbage: Vec<PathBuf>,
}

impl Day {
    /// Lists the day `dt` of the lake in the folder `lake`.
    ///
    /// # Errors
    /// The folder or the manifest cannot be read.
    pub(crate) fn open(lake: &Path, dt: Date) -> Result<Self> {
        let folder = lake.join(format!("dt={dt}"));
        // The manifest first: an object that is written after it is read is seen as well, and is not covered by it.
        let manifest = Manifest::read(&folder)?;
        let objects = objects(lake, dt)?.into_iter();
        let objects = objects.map(|object| RawObject::new(object, manifest.as_ref())).collect();
        let failed = |e| io::failed(BACKEND, "list", &folder, e);
        let mut garbage = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let counts = manifest.as_ref().is_some_and(|m| path.ends_with(&m.parquet));
            if manifest::is_ours(&path) && !counts {
                garbage.push(path);
            }
        }
        Ok(Self { folder, manifest, objects, garbage })
    }

    /// The Parquet file that counts.
    pub(crate) fn parquet(&self) -> Option<PathBuf> {
        self.manifest.as_ref().map(|manifest| self.folder.join(&manifest.parquet))
    }
}
