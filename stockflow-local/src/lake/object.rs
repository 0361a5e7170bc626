//! Reading a lake back; it need not be open for that.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use stockflow_core::{Date, ObjectName, Result};

use super::{BACKEND, UNFINISHED, folder};
use crate::io::{corrupt, failed};

pub(super) const SUFFIX: &str = ".ndjson.zst";

/// The days of the lake in the folder `root`, ascending.
///
/// # Errors
/// [`ErrorKind::NotFound`](stockflow_core::ErrorKind::NotFound) if there is no such folder, otherwise what the disk says.
pub fn days(root: impl AsRef<Path>) -> Result<Vec<Date>> {
    let root = root.as_ref();
    let names = names(root).map_err(|error| failed(BACKEND, "list", root, error))?;
    let day = |name: &String| name.strip_prefix("dt=").and_then(|day| day.parse().ok());
    let mut days: Vec<Date> = names.iter().filter_map(day).collect();
    days.sort_unstable();
    Ok(days)
}

/// The objects of a day in the lake in the folder `root`, by name; none if there is no such day. What is not finished is
/// not among them.
///
/// # Errors
/// What the disk says.
pub fn objects(root: impl AsRef<Path>, dt: Date) -> Result<Vec<LakeObject>> {
    let folder = folder(root.as_ref(), dt);
    let names = match names(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names.map_err(|error| failed(BACKEND, "list", &folder, error))?,
    };
    let ours = |name: &String| name.ends_with(SUFFIX) && !name.starts_with('.');
    let mut objects: Vec<LakeObject> = names
        .into_iter()
        .filter(ours)
        .map(|name| LakeObject { dt, path: folder.join(name) })
        .collect();
    objects.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(objects)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string());
    }
    Ok(names)
}

pub(super) fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for name in names(folder)?.iter().filter(|name| name.ends_with(UNFINISHED)) {
        fs::remove_file(folder.join(name))?;
    }
    Ok(())
}

/// An object of a lake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeObject {
    dt: Date,
    path: PathBuf,
}

impl LakeObject {
    /// Its day.
    #[must_use]
    pub const fn dt(&self) -> Date {
        self.dt
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name; none for a file that some other program put there.
    #[must_use]
    pub fn name(&self) -> Option<ObjectName> {
        let file = self.path.file_name()?.to_str()?;
        ObjectName::from_stem(self.dt, file.strip_suffix(SUFFIX)?)
    }

    /// All of its lines, each with its line feed, checked against the object's checksum before any is given out.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](stockflow_core::ErrorKind::Corrupt) with the path if it is truncated or altered, otherwise what
    /// the disk says.
    pub fn read(&self) -> Result<Bytes> {
        let fault = |error: io::Error| match error.raw_os_error() {
            Some(_) => failed(BACKEND, "read", &self.path, error),
            // Told by the decompressor, not by the disk.
            None => corrupt(BACKEND, "read", &self.path, format!("truncated or altered: {error}")),
        };
        let file = File::open(&self.path).map_err(fault)?;
        if file.metadata().map_err(fault)?.len() == 0 {
            return Err(corrupt(BACKEND, "read", &self.path, "truncated: it is empty"));
        }
        let mut lines = Vec::new();
        zstd::Decoder::new(file).and_then(|mut d| d.read_to_end(&mut lines)).map_err(fault)?;
        if lines.last().is_some_and(|last| *last != b'\n') {
            let what = "truncated: the last line has no end";
            return Err(corrupt(BACKEND, "read", &self.path, what));
        }
        Ok(lines.into())
    }
}
