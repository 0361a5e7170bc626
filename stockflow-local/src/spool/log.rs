//! What writer and readers share about the segments.

use std::{
    collections::{HashSet, VecDeque},
    io,
    path::Path,
};

use super::{
    position::{Marks, Position},
    segment::{Segment, path_of},
};

/// Which segments there are, how far they are durable, and how far they are done with.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) segments: VecDeque<Segment>,
    /// Segment and offset up to which everything is acknowledged.
    pub(super) acked_at: (u64, u64),
    pub(super) position: Position,
    /// Segments and offsets of damage that was told when the spool was opened.
    pub(super) gaps: HashSet<(u64, u64)>,
}

impl Log {
    /// How far a segment is durable; none if there is no such segment.
    pub(super) fn extent(&self, number: u64) -> Option<u64> {
        self.segments.iter().find(|segment| segment.number == number).map(|segment| segment.end)
    }

    /// The segment after that one.
    pub(super) fn after(&self, number: u64) -> Option<u64> {
        self.segments.iter().map(|segment| segment.number).find(|next| *next > number)
    }

    pub(super) fn waiting_bytes(&self) -> u64 {
        let all: u64 = self.segments.iter().map(|segment| segment.end).sum();
        let first = self.segments.front().map(|segment| segment.number);
        let done = if first == Some(self.acked_at.0) { self.acked_at.1 } else { 0 };
        all.saturating_sub(done)
    }

    /// The log has grown.
    pub(super) fn grown(&mut self, segment: Segment) {
        match self.segments.back_mut().filter(|last| last.number == segment.number) {
            Some(last) => *last = segment,
            None => self.segments.push_back(segment),
        }
    }

    /// Records up to `acked` are done with, and what was read up to `done`.
    pub(super) fn acknowledge(
        &mut self,
        folder: &Path,
        acked: u64,
        done: Option<(u64, u64)>,
    ) -> io::Result<()> {
        let Some(last) = self.segments.back().copied() else { return Ok(()) };
        let acked = acked.min(last.next - 1);
        self.position.advance(Marks { acked, durable: last.next })?;
        // Not left to the next one: what came again after a power cut could be cut into other batches than before, and
        // objects that are named by their first record would overlap.
        self.position.sync()?;
        self.acked_at = self.acked_at.max(done.unwrap_or_default());
        self.tidy(folder)
    }

    /// Removes segments that are done with, but for the last one.
    pub(super) fn tidy(&mut self, folder: &Path) -> io::Result<()> {
        let acked = self.position.marks().acked;
        if let Some(last) = self.segments.back()
            && last.next == acked + 1
        {
            self.acked_at = (last.number, last.end);
        }
        let done = |segment: &Segment| segment.next <= acked + 1;
        if self.segments.len() < 2 || !done(&self.segments[0]) {
            return Ok(());
        }
        while self.segments.len() > 1 && done(&self.segments[0]) {
            match std::fs::remove_file(path_of(folder, self.segments[0].number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.segments.pop_front(),
            };
            self.acked_at = self.acked_at.max((self.segments[0].number, 0));
        }
        Ok(())
    }
}
