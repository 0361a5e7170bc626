//! How far a spool was acknowledged, and how far it is known to be durable.
//!
//! Two slots that are written in turn, so that one of them is always whole.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use crate::codec::bytes::{Malformed, Reader};

pub(super) const FILE_NAME: &str = "position";
const MAGIC: [u8; 4] = *b"SfP1";
const SLOT: usize = 32;
/// Slots lie in different sectors.
const DISTANCE: u64 = 4096;

/// What the file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Records up to this sequence number are done with.
    pub(super) acked: u64,
    /// Records before this sequence number were durable.
    pub(super) durable: u64,
}

#[derive(Debug)]
pub(super) struct Position {
    file: File,
    turn: u32,
    marks: Marks,
}

impl Position {
    /// Opens or creates the file; `true` if what it held cannot be read.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, bool)> {
        let path = folder.join(FILE_NAME);
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let ((turn, marks), damaged) = believed(&bytes);
        Ok((Self { file, turn, marks }, damaged))
    }

    /// What the file says, if there is one; `true` if that cannot be read.
    pub(super) fn read(folder: &Path) -> io::Result<(Marks, bool)> {
        match std::fs::read(folder.join(FILE_NAME)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((Marks::default(), false)),
            bytes => {
                let ((_, marks), damaged) = believed(&bytes?);
                Ok((marks, damaged))
            }
        }
    }

    pub(super) const fn marks(&self) -> Marks {
        self.marks
    }

    /// Notes later marks; earlier ones change nothing.
    pub(super) fn advance(&mut self, marks: Marks) -> io::Result<()> {
        let marks = Marks {
            acked: marks.acked.max(self.marks.acked),
            durable: marks.durable.max(self.marks.durable),
        };
        if marks == self.marks {
            return Ok(());
        }
        let turn = self.turn.wrapping_add(1);
        let mut slot = Vec::with_capacity(SLOT);
        slot.extend_from_slice(&MAGIC);
        slot.extend_from_slice(&turn.to_le_bytes());
        slot.extend_from_slice(&marks.acked.to_le_bytes());
        slot.extend_from_slice(&marks.durable.to_le_bytes());
        slot.extend_from_slice(&crc32fast::hash(&slot).to_le_bytes());
        self.file.seek(SeekFrom::Start(u64::from(turn % 2) * DISTANCE))?;
        self.file.write_all(&slot)?;
        (self.turn, self.marks) = (turn, marks);
        Ok(())
    }

    /// Waits until the disk has it.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// What the file in `folder` says is acknowledged, once the disk has it; none, if there is no file.
#[cfg(feature = "parquet")]
pub(super) fn acknowledged(folder: &Path) -> io::Result<Option<u64>> {
    let mut file = match File::options().read(true).write(true).open(folder.join(FILE_NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    file.sync_data()?;
    Ok(Some(newest(&bytes).map_or(0, |(_, marks)| marks.acked)))
}

/// The newest slot, or a beginning; `true` if there is something and none can be read.
fn believed(bytes: &[u8]) -> ((u32, Marks), bool) {
    let newest = newest(bytes);
    (newest.unwrap_or_default(), newest.is_none() && !bytes.is_empty())
}

fn newest(bytes: &[u8]) -> Option<(u32, Marks)> {
    let slots =
        [0, DISTANCE as usize].map(|start| bytes.get(start..).and_then(|rest| read(rest).ok()));
    slots.into_iter().fold(None, Newer::max_by_turn)
}

trait Newer {
    fn max_by_turn(self, other: Self) -> Self;
}

impl Newer for Option<(u32, Marks)> {
    fn max_by_turn(self, other: Self) -> Self {
        match (self, other) {
            // Turns wrap around: the newer one is at most half-way ahead.
            (Some(a), Some(b)) => Some(if (b.0.wrapping_sub(a.0) as i32) > 0 { b } else { a }),
            (a, b) => a.or(b),
        }
    }
}

fn read(slot: &[u8]) -> Result<(u32, Marks), Malformed> {
    let mut reader = Reader(slot);
    let sound = reader.array::<4>()? == MAGIC;
    let turn = u32::from_le_bytes(reader.array()?);
    let acked = u64::from_le_bytes(reader.array()?);
    let durable = u64::from_le_bytes(reader.array()?);
    let crc = u32::from_le_bytes(reader.array()?);
    let sound = sound && crc == crc32fast::hash(&slot[..24]);
    if sound { Ok((turn, Marks { acked, durable })) } else { Err(Malformed::Value("position")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_damaged_slot_falls_back_to_the_other_and_two_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let open = || Position::open(folder.path()).unwrap();
        for acked in 1..=5 {
            open().0.advance(Marks { acked, durable: 2 * acked }).unwrap();
        }
        assert_eq!(open().0.marks(), Marks { acked: 5, durable: 10 });
        open().0.advance(Marks { acked: 1, durable: 1 }).unwrap();
        assert_eq!(open().0.marks(), Marks { acked: 5, durable: 10 });
        let whole = std::fs::read(&path).unwrap();
        for at in [DISTANCE as usize + 9, 9] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let (position, damaged) = open();
            assert!(position.marks().acked >= 4 && !damaged);
        }
        std::fs::write(&path, "torn").unwrap();
        let (position, damaged) = open();
        assert_eq!((position.marks(), damaged), (Marks::default(), true));
    }
}
