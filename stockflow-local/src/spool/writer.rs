//! Appending.

use std::{
    collections::{BTreeMap, VecDeque},
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
};

use stockflow_core::{Cursor, Result, Timestamp};

use super::{
    Fault, Shared,
    block::{Blocks, MOST_DATA},
    segment::{Segment, path_of},
};
use crate::io::sync_folder;

/// If all cursors take up to so many bytes, each append repeats them, so that damage to one append does not lose them.
const FEW_CURSOR_BYTES: usize = 4096;
/// A buffer that has grown beyond this is given back.
const KEEP_BUFFER: usize = 16 << 20;

/// Appends to a [`Spool`](super::Spool). Calls block on the disk.
#[derive(Debug)]
pub struct SpoolWriter {
    pub(super) shared: Arc<Shared>,
}

/// The end of the log.
#[derive(Debug)]
pub(super) struct Tail {
    /// None: the next append starts a new segment.
    pub(super) file: Option<File>,
    pub(super) number: Option<u64>,
    pub(super) offset: u64,
    pub(super) next: u64,
    pub(super) append: u64,
    pub(super) cursors: BTreeMap<String, String>,
    pub(super) buffer: Vec<u8>,
    /// An earlier failure left the end unknown.
    pub(super) broken: bool,
}

impl SpoolWriter {
    /// Appends `records` (when they arrived, and their bytes) and notes `cursors`, in one durable step: after a crash all
    /// of it is there, or none. The sequence number of the newest record.
    ///
    /// # Errors
    /// [`ErrorKind::Exhausted`](stockflow_core::ErrorKind::Exhausted) if more than the spool's bound would wait for
    /// acknowledgement, or the disk is full: nothing was stored, and the same call can be made again later.
    /// [`Rejected`](stockflow_core::ErrorKind::Rejected) for a record of more than 16 MiB. After any other error the state of
    /// the disk is unknown: open the spool again.
    pub fn append<D: AsRef<[u8]>>(
        &mut self,
        records: impl IntoIterator<Item = (Timestamp, D)>,
        cursors: &[Cursor],
    ) -> Result<u64> {
        let shared = &self.shared;
        let mut tail = shared.tail();
        let before: Vec<_> = tail.note(cursors);
        match tail.append(shared, records, cursors) {
            Ok(last) => Ok(last),
            Err(fault) => {
                tail.forget(before);
                Err(fault.at("append"))
            }
        }
    }

    /// Sequence number of the newest record, 0 if there never was one.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.shared.tail().next - 1
    }

    /// Bytes that wait for acknowledgement.
    #[must_use]
    pub fn waiting_bytes(&self) -> u64 {
        self.shared.log().waiting_bytes()
    }
}

impl Tail {
    /// The end of the last of `segments`, to be written on if it is `sound`.
    pub(super) fn open(
        folder: &Path,
        segments: &VecDeque<Segment>,
        sound: bool,
    ) -> io::Result<Self> {
        let last = segments.back();
        let mut file = match last.filter(|_| sound) {
            Some(last) => Some(File::options().write(true).open(path_of(folder, last.number))?),
            None => None,
        };
        let offset = last.map_or(0, |last| last.end);
        if let Some(file) = &mut file {
            file.seek(SeekFrom::Start(offset))?;
        }
        Ok(Self {
            file,
            number: last.map(|last| last.number),
            offset,
            next: 1,
            append: 0,
            cursors: BTreeMap::new(),
            buffer: Vec::new(),
            broken: false,
        })
    }

    pub(super) fn with(
        mut self,
        next: u64,
        append: u64,
        cursors: BTreeMap<String, String>,
    ) -> Self {
        (self.next, self.append, self.cursors) = (next, append, cursors);
        self
    }

    fn append<D: AsRef<[u8]>>(
        &mut self,
        shared: &Shared,
        records: impl IntoIterator<Item = (Timestamp, D)>,
        cursors: &[Cursor],
    ) -> Result<u64, Fault> {
        if self.broken {
            return Err(Fault::Broken { folder: shared.folder.clone() });
        }
        let roll = self.file.is_none() || self.offset >= shared.options.segment_bytes;
        let all_cursors = roll || self.offset == 0;
        let mut buffer = std::mem::take(&mut self.buffer);
        let next = self.encode(&mut buffer, all_cursors, records, cursors);
        let outcome = match next {
            Ok(next) if next == self.next && cursors.is_empty() => Ok(()),
            Ok(next) => self.store(shared, &buffer, roll, next),
            Err(fault) => Err(fault),
        };
        if buffer.capacity() <= KEEP_BUFFER {
            self.buffer = buffer;
        }
        outcome.map(|()| self.next - 1)
    }

    fn encode<D: AsRef<[u8]>>(
        &self,
        buffer: &mut Vec<u8>,
        all_cursors: bool,
        records: impl IntoIterator<Item = (Timestamp, D)>,
        cursors: &[Cursor],
    ) -> Result<u64, Fault> {
        let mut blocks = Blocks::new(buffer, self.append + 1, self.next);
        let size = self.cursors.iter().map(|(feed, offset)| feed.len() + offset.len() + 8);
        if all_cursors || size.sum::<usize>() <= FEW_CURSOR_BYTES {
            self.cursors.iter().for_each(|(feed, offset)| blocks.cursor(feed, offset));
        } else {
            cursors.iter().for_each(|cursor| blocks.cursor(&cursor.feed, &cursor.offset));
        }
        for (arrival, data) in records {
            let data = data.as_ref();
            if data.len() > MOST_DATA {
                return Err(Fault::Large { bytes: data.len() });
            }
            blocks.record(arrival, data);
        }
        Ok(blocks.finish())
    }

    fn store(&mut self, shared: &Shared, bytes: &[u8], roll: bool, next: u64) -> Result<(), Fault> {
        let waiting = shared.log().waiting_bytes();
        let most = shared.options.max_bytes;
        if waiting + bytes.len() as u64 > most {
            return Err(Fault::Full { waiting, more: bytes.len(), most });
        }
        let number = match self.number {
            Some(number) => number + u64::from(roll),
            None => 0,
        };
        let path = path_of(&shared.folder, number);
        if roll {
            let fault = |source| Fault::Io { path: path.clone(), source };
            let file = File::options().write(true).create(true).truncate(true).open(&path);
            let file = file.map_err(fault)?;
            if let Err(source) = write(&file, bytes).and_then(|()| sync_folder(&shared.folder)) {
                // What is left of it is cut off when the spool is opened, or overwritten by the next attempt.
                let _ = std::fs::remove_file(&path);
                return Err(Fault::Io { path, source });
            }
            (self.file, self.number, self.offset) = (Some(file), Some(number), 0);
        } else if let Some(file) = &mut self.file
            && let Err(source) = write(file, bytes)
        {
            self.broken = take_back(file, self.offset).is_err();
            return Err(Fault::Io { path, source });
        }
        self.offset += bytes.len() as u64;
        (self.next, self.append) = (next, self.append + 1);
        shared.grown(Segment { number, end: self.offset, next });
        Ok(())
    }

    /// Notes cursors: what they were before.
    fn note(&mut self, cursors: &[Cursor]) -> Vec<(String, Option<String>)> {
        let mut note = |cursor: &Cursor| {
            let before = self.cursors.insert(cursor.feed.clone(), cursor.offset.clone());
            (cursor.feed.clone(), before)
        };
        cursors.iter().map(&mut note).collect()
    }

    fn forget(&mut self, before: Vec<(String, Option<String>)>) {
        for (feed, offset) in before.into_iter().rev() {
            match offset {
                Some(offset) => self.cursors.insert(feed, offset),
                None => self.cursors.remove(&feed),
            };
        }
    }
}

fn write(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_data()
}

/// Cuts off what a failed write may have left.
fn take_back(mut file: &File, offset: u64) -> io::Result<()> {
    file.set_len(offset)?;
    file.seek(SeekFrom::Start(offset))?;
    file.sync_data()
}
