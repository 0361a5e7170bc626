//! Blocks: what a segment consists of.
//!
//! An append is one or more blocks, the last of which is marked; it is there as a whole or not at all. A block is checked by
//! itself, so that damage to one leaves the others readable.
//!
//! | bytes | what, little-endian |
//! |---|---|
//! | 4 | magic, which a search for the next block looks for |
//! | 1 | 1: last block of its append |
//! | 1 | unused |
//! | 2 | cursors in it |
//! | 4 | bytes after the header |
//! | 4 | records in it |
//! | 8 | sequence number of its first record, or of the next one if it has none |
//! | 8 | number of the append |
//! | 4, 4 | CRC-32 of what follows the header; of the header before this |
//!
//! Then the cursors (length and text of feed, of offset), then the records (length, arrival in microseconds, data).

use bytes::Bytes;
use stockflow_core::{Cursor, Timestamp};

use crate::codec::bytes::{Malformed, Reader};

pub(super) const HEADER: usize = 40;
const MAGIC: [u8; 4] = *b"SfB1";
/// Bytes of a record beside its data.
pub(super) const RECORD_OVERHEAD: usize = 12;
/// A block is closed when it has grown to this size.
pub(super) const BLOCK_BYTES: usize = 256 << 10;
/// Largest data of one record.
pub(super) const MOST_DATA: usize = 16 << 20;

/// Start of a block, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) last: bool,
    pub(super) cursors: u16,
    pub(super) length: u32,
    pub(super) records: u32,
    pub(super) first: u64,
    pub(super) append: u64,
    payload_crc: u32,
}

impl Header {
    /// Reads a header; `None` if these bytes are none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER] = bytes.first_chunk()?;
        let u32_at = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        let sound = bytes[..4] == MAGIC && crc32fast::hash(&bytes[..36]) == u32_at(36);
        let header = Self {
            last: bytes[4] == 1,
            cursors: u16::from_le_bytes([bytes[6], bytes[7]]),
            length: u32_at(8),
            records: u32_at(12),
            first: u64_at(16),
            append: u64_at(24),
            payload_crc: u32_at(32),
        };
        // Sequence numbers are counted up by whoever opens the spool: one that would run over is no number of ours.
        (sound && header.first.checked_add(u64::from(header.records)).is_some()).then_some(header)
    }

    /// Bytes of the block, header included.
    pub(super) const fn size(&self) -> usize {
        HEADER + self.length as usize
    }

    /// Sequence number after its last record.
    pub(super) const fn end(&self) -> u64 {
        self.first + self.records as u64
    }

    /// Whether `payload` is what was written.
    pub(super) fn accepts(&self, payload: &[u8]) -> bool {
        crc32fast::hash(payload) == self.payload_crc
    }
}

/// Whether these few bytes can be the start of a header.
pub(super) fn could_start(bytes: &[u8]) -> bool {
    bytes.iter().zip(MAGIC).all(|(found, expected)| *found == expected)
}

/// Where a block may start at the earliest in `bytes`, from `from` on.
pub(super) fn find(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(MAGIC.len()).position(|window| window == MAGIC).map(|at| from + at)
}

/// Takes the cursors off the payload of a block.
pub(super) fn read_cursors(
    header: &Header,
    payload: &mut Reader<'_>,
) -> Result<Vec<Cursor>, Malformed> {
    let mut text = || {
        let length = u32::from_le_bytes(payload.array()?) as usize;
        let text = std::str::from_utf8(payload.bytes(length)?);
        text.map(str::to_owned).map_err(|_| Malformed::Value("text"))
    };
    (0..header.cursors).map(|_| Ok(Cursor { feed: text()?, offset: text()? })).collect()
}

/// Bytes of data of the record at the front of `rest`; 0 if there is none.
pub(super) fn peek_length(rest: &[u8]) -> usize {
    rest.first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize)
}

/// Takes a record off the front of `rest`.
pub(super) fn read_record(rest: &mut Bytes) -> Result<(Timestamp, Bytes), Malformed> {
    let mut reader = Reader(rest);
    let length = u32::from_le_bytes(reader.array()?) as usize;
    let arrival = i64::from_le_bytes(reader.array()?);
    if length > reader.0.len() {
        return Err(Malformed::Short);
    }
    let arrival = Timestamp::from_micros(arrival).map_err(|_| Malformed::Value("time"))?;
    let mut record = rest.split_to(RECORD_OVERHEAD + length);
    Ok((arrival, record.split_off(RECORD_OVERHEAD)))
}

/// Writes the blocks of one append into a buffer.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    out: &'a mut Vec<u8>,
    append: u64,
    next: u64,
    /// Of the block that is open.
    start: usize,
    first: u64,
    cursors: u16,
}

impl<'a> Blocks<'a> {
    /// The blocks of append `append`, whose first record is number `next`.
    pub(super) fn new(out: &'a mut Vec<u8>, append: u64, next: u64) -> Self {
        out.clear();
        out.resize(HEADER, 0);
        Self { out, append, next, start: 0, first: next, cursors: 0 }
    }

    /// Adds a cursor; only before any record.
    pub(super) fn cursor(&mut self, feed: &str, offset: &str) {
        if self.cursors == u16::MAX || self.out.len() - self.start > BLOCK_BYTES {
            self.close(false);
        }
        for text in [feed, offset] {
            self.out.extend_from_slice(&(text.len() as u32).to_le_bytes());
            self.out.extend_from_slice(text.as_bytes());
        }
        self.cursors += 1;
    }

    /// Adds a record.
    pub(super) fn record(&mut self, arrival: Timestamp, data: &[u8]) {
        let used = self.out.len() - self.start;
        if used > HEADER && used + RECORD_OVERHEAD + data.len() > BLOCK_BYTES {
            self.close(false);
        }
        self.out.extend_from_slice(&(data.len() as u32).to_le_bytes());
        self.out.extend_from_slice(&arrival.as_micros().to_le_bytes());
        self.out.extend_from_slice(data);
        self.next += 1;
    }

    /// Ends the append: the number of the next record.
    pub(super) fn finish(mut self) -> u64 {
        self.close(true);
        self.next
    }

    fn close(&mut self, last: bool) {
        let (header, payload) = self.out[self.start..].split_at_mut(HEADER);
        header[..4].copy_from_slice(&MAGIC);
        header[4..6].copy_from_slice(&[u8::from(last), 0]);
        header[6..8].copy_from_slice(&self.cursors.to_le_bytes());
        header[8..12].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        header[12..16].copy_from_slice(&((self.next - self.first) as u32).to_le_bytes());
        header[16..24].copy_from_slice(&self.first.to_le_bytes());
        header[24..32].copy_from_slice(&self.append.to_le_bytes());
        header[32..36].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
        let crc = crc32fast::hash(&header[..36]);
        header[36..].copy_from_slice(&crc.to_le_bytes());
        if !last {
            self.start = self.out.len();
            self.out.resize(self.start + HEADER, 0);
            (self.first, self.cursors) = (self.next, 0);
        }
    }
}
