//! Which Parquet file of a day counts, and which raw objects it covers.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use stockflow_core::Result;

use super::BACKEND;
use crate::io;

const FILE_NAME: &str = "compacted.json";
const TEMPORARY: &str = "compacted.json.tmp";
const VERSION: u32 = 1;

/// The commit of a compaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    version: u32,
    /// File name of the Parquet file that counts.
    pub(crate) parquet: String,
    /// Its length.
    pub(crate) bytes: u64,
    /// BLAKE3 of its content, in hexadecimal.
    pub(crate) blake3: String,
    /// Its rows.
    pub(crate) rows: u64,
    /// For each shard, the position of the last object that was compacted: what comes later under an earlier name was
    /// delivered again, and is not counted before a compaction has compared it.
    pub(crate) through: BTreeMap<String, String>,
    /// Covered objects that may not be deleted yet, by name.
    pub(crate) objects: BTreeMap<String, Covered>,
}

/// As much of an object as was compacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Covered {
    /// Length of its lines, uncompressed.
    pub(crate) bytes: u64,
    /// BLAKE3 of these, in hexadecimal.
    pub(crate) blake3: String,
}

impl Covered {
    pub(crate) fn of(lines: &[u8]) -> Self {
        Self { bytes: lines.len() as u64, blake3: blake3::hash(lines).to_hex().to_string() }
    }

    /// What follows in `lines` after what was compacted; `None` if they do not start with that.
    pub(crate) fn rest<'a>(&self, lines: &'a [u8]) -> Option<&'a [u8]> {
        let (known, rest) = lines.split_at_checked(usize::try_from(self.bytes).ok()?)?;
        (Self::of(known) == *self).then_some(rest)
    }
}

impl Manifest {
    pub(crate) fn new(parquet: String, bytes: u64, blake3: String, rows: u64) -> Self {
        Self { version: VERSION, parquet, bytes, blake3, rows, ..Self::default() }
    }

    /// The manifest in the folder of a day; none: nothing was compacted there.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE_NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io::failed(BACKEND, "read_manifest", &path, error)),
        };
        let corrupt =
            |what: &dyn std::fmt::Display| io::corrupt(BACKEND, "read_manifest", &path, what);
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| corrupt(&error))?;
        if manifest.version != VERSION {
            let found = manifest.version;
            return Err(corrupt(&format_args!("version is {found}, this program knows {VERSION}")));
        }
        if !is_ours(&manifest.parquet) || manifest.parquet.contains(['/', '\\']) {
            return Err(corrupt(&"the Parquet file is not one of this folder"));
        }
        Ok(Some(manifest))
    }

    /// The Parquet file, after its content was compared with its hash.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](stockflow_core::ErrorKind::Corrupt) if it was truncated or altered; what the disk says.
    pub(crate) fn verified(&self, folder: &Path) -> Result<PathBuf> {
        let path = folder.join(&self.parquet);
        let hash = || {
            let mut hasher = blake3::Hasher::new();
            std::io::copy(&mut File::open(&path)?, &mut hasher)?;
            std::io::Result::Ok(hasher.finalize())
        };
        let found = hash().map_err(|e| io::failed(BACKEND, "read", &path, e))?;
        if found.to_hex().as_str() != self.blake3 {
            return Err(io::corrupt(BACKEND, "read", &path, "truncated or altered"));
        }
        Ok(path)
    }

    /// Makes this the manifest of the folder, durably and in one step.
    pub(crate) fn publish(&self, folder: &Path) -> Result<()> {
        let temporary = folder.join(TEMPORARY);
        let failed = |e| io::failed(BACKEND, "publish", &temporary, e);
        let text = serde_json::to_vec_pretty(self).map_err(|e| failed(e.into()))?;
        let mut file = File::create(&temporary).map_err(failed)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&temporary, folder.join(FILE_NAME)).map_err(failed)?;
        io::sync_folder(folder).map_err(failed)
    }
}

/// Whether `name` is that of a compacted file: nothing that could lead out of the folder.
pub(super) fn is_ours(path: impl AsRef<Path>) -> bool {
    let name = path.as_ref().file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.strip_prefix("compacted-")
        .and_then(|rest| rest.strip_suffix(".parquet"))
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let mut manifest = Manifest::new("compacted-ab12.parquet".into(), 7, "ff".into(), 3);
        manifest.through.insert("spool-0".into(), "00000000000000000009".into());
        manifest.objects.insert("a".into(), Covered::of(b"line\n"));
        manifest
    }

    #[test]
    fn a_published_manifest_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), None);
        manifest().publish(folder.path()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), Some(manifest()));
    }

    #[test]
    fn what_is_damaged_or_leads_elsewhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let text = serde_json::to_string(&manifest()).unwrap();
        let later = text.replace("\"version\":1", "\"version\":2");
        let outside = text.replace("compacted-ab12.parquet", "compacted-../../x.parquet");
        for text in ["", "{}", &text[..30], &later, &outside] {
            fs::write(&path, text).unwrap();
            assert!(Manifest::read(folder.path()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_grown_object_is_covered_up_to_its_old_end() {
        let covered = Covered::of(b"one\n");
        assert_eq!(covered.rest(b"one\ntwo\n"), Some(b"two\n".as_slice()));
        assert_eq!(covered.rest(b"one\n"), Some(b"".as_slice()));
        assert_eq!(covered.rest(b"other\n"), None);
        assert_eq!(covered.rest(b"on"), None);
    }
}
