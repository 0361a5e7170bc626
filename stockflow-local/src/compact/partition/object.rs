//! Raw objects of a day.

use std::path::Path;

use bytes::Bytes;
use stockflow_core::Result;

use super::{BACKEND, Covered, Manifest};
use crate::{io, lake::LakeObject};

/// A raw object, and what a manifest says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawObject {
    object: LakeObject,
    pub(crate) state: RawState,
}

/// Whether the records of an object are in the Parquet file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RawState {
    /// They are not.
    Open,
    /// They are, as far as the object is what it was.
    Covered(Covered),
    /// It came, or came back, after later ones were compacted: a compaction has to compare it, record by record.
    Again,
}

impl RawObject {
    pub(super) fn new(object: LakeObject, manifest: Option<&Manifest>) -> Self {
        let mut object = Self { object, state: RawState::Open };
        if let Some(manifest) = manifest {
            object.state = object.state_in(manifest);
        }
        object
    }

    fn state_in(&self, manifest: &Manifest) -> RawState {
        if let Some(covered) = manifest.objects.get(self.name()) {
            return RawState::Covered(covered.clone());
        }
        let (shard, position) = self.place();
        match manifest.through.get(shard) {
            Some(last) if position <= last.as_str() => RawState::Again,
            _ => RawState::Open,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.object.path()
    }

    /// Its file name.
    pub(crate) fn name(&self) -> &str {
        self.path().file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Shard and position of the first record, as in the name; the order of positions is that of their texts.
    pub(crate) fn place(&self) -> (&str, &str) {
        let name = self.name();
        let stem = name.strip_suffix(".ndjson.zst").unwrap_or(name);
        stem.rsplit_once('-').unwrap_or((stem, ""))
    }

    /// All of its lines.
    ///
    /// # Errors
    /// It cannot be read, is damaged, or was deleted since it was listed.
    pub(crate) fn lines(&self) -> Result<Bytes> {
        let lines = self.object.read()?;
        if lines.is_empty() {
            // An object has one record at least: an empty file is one that was cut off.
            return Err(io::corrupt(BACKEND, "read", self.path(), "empty"));
        }
        Ok(lines)
    }

    /// The lines whose records are not in the Parquet file.
    ///
    /// # Errors
    /// As [`lines`](Self::lines).
    pub(crate) fn uncovered(&self) -> Result<Bytes> {
        if self.state == RawState::Again {
            return Ok(Bytes::new());
        }
        Ok(self.uncovered_of(&self.lines()?))
    }

    /// Of all of its lines, those whose records are not in the Parquet file, unless they came again.
    pub(crate) fn uncovered_of(&self, lines: &Bytes) -> Bytes {
        let RawState::Covered(covered) = &self.state else { return lines.clone() };
        // Without the old start, the name was given to other records.
        covered.rest(lines).map_or_else(|| lines.clone(), |rest| lines.slice_ref(rest))
    }
}
