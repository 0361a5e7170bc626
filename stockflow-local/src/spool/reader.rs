//! Reading and acknowledging.

use std::{collections::VecDeque, fs::File, sync::Arc};

use bytes::Bytes;
use stockflow_core::{Position, RecordBatch, Result, StreamRecord};
use tokio::sync::watch;

use super::{
    Damage, Fault, Shared,
    block::{self, Header},
    scan::{Found, Scan},
    segment::path_of,
};
use crate::codec::bytes::{Malformed, Reader};

/// Reads a [`Spool`](super::Spool) from the first record that is not acknowledged on. Calls block on the disk.
#[derive(Debug)]
pub struct SpoolReader {
    shared: Arc<Shared>,
    news: watch::Receiver<u64>,
    segment: u64,
    scan: Option<Scan>,
    /// Where `scan` starts when it is opened, then where the block starts that is being read.
    offset: u64,
    /// Sequence number of the next record.
    next: u64,
    /// Records of the block that is being read.
    rest: Bytes,
    left: u32,
    /// Last records of blocks that were read, and where the blocks end.
    read: VecDeque<(u64, (u64, u64))>,
    /// A damaged part whose extent shows with the next block.
    gap: Option<Damage>,
    damages: Vec<Damage>,
}

impl SpoolReader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let (segment, offset, acked) = {
            let log = shared.log();
            (log.acked_at.0, log.acked_at.1, log.position.marks().acked)
        };
        Self {
            news: shared.news.subscribe(),
            shared,
            segment,
            scan: None,
            offset,
            next: acked + 1,
            rest: Bytes::new(),
            left: 0,
            read: VecDeque::new(),
            gap: None,
            damages: Vec::new(),
        }
    }

    /// The next records, at most `max_records` and about `max_bytes` of data, but at least one if there is one. They come
    /// in the order in which they were appended; without [`ack`](Self::ack) they come again to the next reader.
    ///
    /// Parts that cannot be read are passed over, see [`damages`](Self::damages).
    ///
    /// # Errors
    /// The disk failed; the same call can be made again.
    pub fn read(&mut self, max_records: usize, max_bytes: usize) -> Result<RecordBatch> {
        let shard = self.shared.shard.clone();
        let mut records = Vec::new();
        let mut bytes = 0;
        while records.len() < max_records {
            if self.left == 0 && !self.next_block().map_err(|fault| fault.at("read"))? {
                break;
            }
            let size = block::peek_length(&self.rest);
            if !records.is_empty() && bytes + size > max_bytes {
                break;
            }
            match self.record() {
                Ok(record) => {
                    bytes += record.data.len();
                    records.push(record);
                }
                Err(_) => self.skip_block(),
            }
        }
        Ok(RecordBatch { shard, records })
    }

    /// Waits until there is something to read.
    pub async fn ready(&mut self) {
        loop {
            self.news.mark_unchanged();
            if self.left > 0 || self.has_more() {
                return;
            }
            // The sender is in `shared`, which lives at least as long as this.
            let _ = self.news.changed().await;
        }
    }

    fn has_more(&self) -> bool {
        let log = self.shared.log();
        let offset = self.scan.as_ref().map_or(self.offset, Scan::offset);
        log.extent(self.segment).is_some_and(|end| offset < end)
            || log.after(self.segment).is_some()
    }

    /// Records up to `position` are done with: they do not come again, and segments without any other are removed.
    ///
    /// Durable when it returns.
    ///
    /// # Errors
    /// The disk failed; the same call can be made again.
    pub fn ack(&mut self, position: &Position) -> Result<()> {
        let Some(sequence) = position.sequence.as_u64() else { return Ok(()) };
        let mut done = None;
        while let Some((last, end)) = self.read.front()
            && *last <= sequence
        {
            done = Some(*end);
            self.read.pop_front();
        }
        self.shared.acknowledge(sequence, done).map_err(|fault| fault.at("ack"))
    }

    /// Goes back to the first record that is not acknowledged.
    pub fn rewind(&mut self) {
        let damages = std::mem::take(&mut self.damages);
        *self = Self { damages, ..Self::new(Arc::clone(&self.shared)) };
    }

    /// Damage that was found while reading and not when the spool was opened; each is told once, and logged as a warning.
    pub fn damages(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damages)
    }

    fn record(&mut self) -> Result<StreamRecord, Malformed> {
        let (arrival, data) = block::read_record(&mut self.rest)?;
        let position = Position::new(self.next.into());
        self.next += 1;
        self.left -= 1;
        Ok(StreamRecord { position, arrival, data })
    }

    /// The checksum fits and the content does not: written by a program with a fault.
    fn skip_block(&mut self) {
        let file = path_of(&self.shared.folder, self.segment);
        let lost = self.next..self.next + u64::from(self.left);
        self.next = lost.end;
        self.left = 0;
        self.told(Damage { file, offset: self.offset, length: self.rest.len() as u64, lost });
    }

    /// Opens the next block with records; whether there is one.
    fn next_block(&mut self) -> Result<bool, Fault> {
        loop {
            let Some(end) = self.shared.log().extent(self.segment) else {
                if !self.next_segment() {
                    return Ok(false);
                }
                continue;
            };
            let path = path_of(&self.shared.folder, self.segment);
            let fault = |source| Fault::Io { path: path.clone(), source };
            let scan = match &mut self.scan {
                Some(scan) => scan,
                None => {
                    let file = File::open(&path).map_err(fault)?;
                    self.scan.insert(Scan::new(file, self.offset))
                }
            };
            match scan.next(end).map_err(fault)? {
                None => {
                    if !self.next_segment() {
                        return Ok(false);
                    }
                }
                Some(Found::Gap { offset, length }) => {
                    let lost = self.next..self.next;
                    self.gap = Some(Damage { file: path, offset, length, lost });
                }
                Some(Found::Block { header, payload, offset }) => {
                    if self.open(&header, payload, offset) {
                        return Ok(true);
                    }
                }
            }
        }
    }

    fn next_segment(&mut self) -> bool {
        let Some(number) = self.shared.log().after(self.segment) else { return false };
        (self.segment, self.offset, self.scan) = (number, 0, None);
        true
    }

    /// Takes in a block; whether it has records to read.
    fn open(&mut self, header: &Header, payload: Bytes, offset: u64) -> bool {
        let gap = self.gap.take();
        let lost = self.next..header.first.max(self.next);
        if gap.is_some() || !lost.is_empty() {
            let file = path_of(&self.shared.folder, self.segment);
            let damage = gap.unwrap_or(Damage { file, offset, length: 0, lost: 0..0 });
            self.told(Damage { lost, ..damage });
        }
        let first = header.first.max(self.next);
        if header.end() <= first {
            self.next = first;
            return false;
        }
        let mut reader = Reader(&payload);
        let cursors = block::read_cursors(header, &mut reader);
        let rest = payload.len() - reader.0.len();
        (self.rest, self.left, self.offset) = (payload.slice(rest..), header.records, offset);
        self.next = header.first;
        let end = offset + header.size() as u64;
        self.read.push_back((header.end() - 1, (self.segment, end)));
        // What was acknowledged is passed over.
        while self.left > 0 && (self.next < first || cursors.is_err()) {
            if cursors.is_err() || self.record().is_err() {
                self.skip_block();
            }
        }
        self.left > 0
    }

    fn told(&mut self, damage: Damage) {
        if !self.shared.knows(&damage) {
            damage.tell();
            self.damages.push(damage);
        }
    }
}
