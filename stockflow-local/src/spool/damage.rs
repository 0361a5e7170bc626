//! What of a spool cannot be read.

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
};

use stockflow_core::Error;

use super::BACKEND;
use crate::io;

/// A part of a spool that cannot be read: what was stored there is lost, everything else is readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Where the damaged part starts, in bytes.
    pub offset: u64,
    /// How long it is, in bytes; 0 where something is missing altogether.
    pub length: u64,
    /// Sequence numbers of the records that were in it; at the end of a spool at most these.
    pub lost: Range<u64>,
}

impl Damage {
    /// As an error, for those who would rather stop.
    #[must_use]
    pub fn to_error(&self) -> Error {
        io::corrupt(BACKEND, "read", &self.file, self.what())
    }

    /// Of files beside the records, those that are marked: no record is lost with them.
    pub(super) fn of_files<'a>(
        folder: &'a Path,
        files: impl IntoIterator<Item = (bool, &'a str)>,
    ) -> impl Iterator<Item = Self> {
        let damaged = files.into_iter().filter(|(damaged, _)| *damaged);
        damaged.map(|(_, name)| Self { file: folder.join(name), offset: 0, length: 0, lost: 0..0 })
    }

    fn what(&self) -> String {
        let Self { offset, length, lost, .. } = self;
        let records = match lost.end.saturating_sub(lost.start) {
            0 => "no record is lost".to_owned(),
            _ => format!("records {} to {} are lost", lost.start, lost.end - 1),
        };
        match length {
            0 => format!("nothing at offset {offset}, where something was: {records}"),
            _ => format!("{length} bytes at offset {offset} cannot be read: {records}"),
        }
    }

    pub(super) fn tell(&self) {
        tracing::warn!(file = %self.file.display(), "spool is damaged: {}", self.what());
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.what())
    }
}
