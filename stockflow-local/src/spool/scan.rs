//! Going through a segment block by block, over damaged parts too.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use bytes::Bytes;

use super::block::{self, HEADER, Header};

/// So much is read at once, unless a block is larger.
const READ_BYTES: u64 = 1 << 20;

/// A segment, from some offset to some end.
#[derive(Debug)]
pub(super) struct Scan {
    file: File,
    offset: u64,
    /// Bytes from `start` on.
    buffer: Bytes,
    start: u64,
}

/// What stands next in a segment.
#[derive(Debug)]
pub(super) enum Found {
    /// A sound block.
    Block { header: Header, payload: Bytes, offset: u64 },
    /// Something else, up to the next sound block or the end.
    Gap { offset: u64, length: u64 },
}

impl Scan {
    pub(super) const fn new(file: File, offset: u64) -> Self {
        Self { file, offset, buffer: Bytes::new(), start: offset }
    }

    /// Where the next block starts.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// What stands at the offset, if that is before `end`; goes on behind it.
    pub(super) fn next(&mut self, end: u64) -> io::Result<Option<Found>> {
        if self.offset >= end {
            return Ok(None);
        }
        if let Some((header, payload)) = self.block_at(self.offset, end)? {
            let offset = self.offset;
            self.offset += header.size() as u64;
            return Ok(Some(Found::Block { header, payload, offset }));
        }
        let offset = self.offset;
        self.offset = self.next_sound(offset + 1, end)?;
        Ok(Some(Found::Gap { offset, length: self.offset - offset }))
    }

    /// The bytes from `offset` to `end`, at most `most`.
    pub(super) fn peek(&mut self, offset: u64, end: u64, most: u64) -> io::Result<Bytes> {
        self.fill(offset, most.min(end.saturating_sub(offset)), end)
    }

    fn block_at(&mut self, offset: u64, end: u64) -> io::Result<Option<(Header, Bytes)>> {
        if end - offset < HEADER as u64 {
            return Ok(None);
        }
        let head = self.fill(offset, HEADER as u64, end)?;
        let Some(header) = Header::read(&head) else { return Ok(None) };
        if header.size() as u64 > end - offset {
            return Ok(None);
        }
        let mut block = self.fill(offset, header.size() as u64, end)?;
        let payload = block.split_off(HEADER);
        Ok(header.accepts(&payload).then_some((header, payload)))
    }

    /// Offset of the first sound block from `from` on, or `end`.
    fn next_sound(&mut self, mut from: u64, end: u64) -> io::Result<u64> {
        while from < end {
            let held = (self.start + self.buffer.len() as u64).min(end);
            let in_hand = from >= self.start && from + HEADER as u64 <= held;
            let length = if in_hand { held - from } else { READ_BYTES.min(end - from) };
            let bytes = self.fill(from, length, end)?;
            let Some(at) = block::find(&bytes, 0) else {
                // The magic may lie across the border.
                let step = (bytes.len() as u64).saturating_sub(3).max(1);
                from += if from + bytes.len() as u64 >= end { end - from } else { step };
                continue;
            };
            from += at as u64;
            if self.block_at(from, end)?.is_some() {
                return Ok(from);
            }
            from += 1;
        }
        Ok(end)
    }

    /// `length` bytes from `offset` on, which are all before `end`.
    fn fill(&mut self, offset: u64, length: u64, end: u64) -> io::Result<Bytes> {
        let held = self.start + self.buffer.len() as u64;
        if offset < self.start || offset + length > held {
            let mut bytes = vec![0; length.max(READ_BYTES.min(end - offset)) as usize];
            self.file.seek(SeekFrom::Start(offset))?;
            self.file.read_exact(&mut bytes)?;
            (self.buffer, self.start) = (bytes.into(), offset);
        }
        let from = (offset - self.start) as usize;
        Ok(self.buffer.slice(from..from + length as usize))
    }
}
