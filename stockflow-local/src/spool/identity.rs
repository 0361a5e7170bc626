//! The name of a spool, which no other has: sequence numbers start from 1 in each.

use std::{
    fs::{self, File},
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io::{self, Write as _},
    path::Path,
    time::SystemTime,
};

use stockflow_core::Timestamp;

use crate::io::sync_folder;

pub(super) const FILE_NAME: &str = "id";
const UNFINISHED: &str = "id.tmp";

/// When the spool was made, and a random number: `20261123T143000Z-5eed5eed`. The text order of ids is the order in time, so
/// that who reads a lake by name reads what an earlier spool left first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity(String);

impl Identity {
    /// Reads the id of the spool in `folder`, or gives it one; `true` if what was there cannot be read.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, bool)> {
        let found = Self::read(folder)?;
        if let Some(Ok(identity)) = found {
            return Ok((identity, false));
        }
        let identity = Self::new();
        identity.store(folder)?;
        Ok((identity, found.is_some()))
    }

    /// The id of the spool in `folder`, or what is there in place of one; none, if there is none.
    pub(super) fn read(folder: &Path) -> io::Result<Option<Result<Self, Vec<u8>>>> {
        let bytes = match fs::read(folder.join(FILE_NAME)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let sound = bytes.len() == 25 && bytes.iter().all(is_plain);
        Ok(Some(match String::from_utf8(bytes) {
            Ok(text) if sound => Ok(Self(text)),
            Ok(text) => Err(text.into_bytes()),
            Err(error) => Err(error.into_bytes()),
        }))
    }

    fn new() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        let made = Timestamp::from_micros(micros).unwrap_or(Timestamp::MAX).to_string();
        let made: String = made.chars().filter(|c| !"-:".contains(*c)).take(15).collect();
        // The only source of chance in the standard library, and enough for two spools of one second.
        let chance = RandomState::new().build_hasher().finish() as u32;
        Self(format!("{made}Z-{chance:08x}"))
    }

    fn store(&self, folder: &Path) -> io::Result<()> {
        let unfinished = folder.join(UNFINISHED);
        let mut file = File::create(&unfinished)?;
        file.write_all(self.0.as_bytes())?;
        file.sync_all()?;
        fs::rename(unfinished, folder.join(FILE_NAME))?;
        sync_folder(folder)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_keeps_its_id_and_no_other_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Identity::open(folder.path()).unwrap();
        let (first, damaged) = open();
        assert!(!damaged && first.as_str().len() == 25, "{first:?}");
        assert_eq!(open(), (first.clone(), false));
        let other = tempfile::tempdir().unwrap();
        assert_ne!(Identity::open(other.path()).unwrap().0, first);
    }

    #[test]
    fn an_id_that_cannot_be_read_is_told_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for damage in
            [&b""[..], b"20261123T143000Z-5eed", b"../61123T143000Z-5eed5eed", &[0xff; 25]]
        {
            fs::write(folder.path().join(FILE_NAME), damage).unwrap();
            let (identity, damaged) = Identity::open(folder.path()).unwrap();
            assert!(damaged);
            assert_eq!(Identity::open(folder.path()).unwrap(), (identity, false));
        }
    }
}
