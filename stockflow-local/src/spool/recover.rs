//! Opening a spool: what is there, what is torn, what is damaged.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    fs::File,
    io,
    path::Path,
};

use stockflow_core::Cursor;

use super::{
    Damage,
    block::{self, Header, RECORD_OVERHEAD},
    position::Marks,
    scan::{Found, Scan},
    segment::{Segment, numbers, path_of},
};
use crate::codec::bytes::Reader;

/// What a folder holds.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) segments: VecDeque<Segment>,
    pub(super) cursors: BTreeMap<String, String>,
    /// Sequence number of the next record, and number of the last append.
    pub(super) next: u64,
    pub(super) append: u64,
    /// Segment and offset up to which everything is acknowledged.
    pub(super) acked_at: (u64, u64),
    pub(super) damages: Vec<Damage>,
    /// Segments and offsets of gaps that are told in `damages`.
    pub(super) gaps: HashSet<(u64, u64)>,
    /// Whether the last segment can be written on.
    pub(super) sound_end: bool,
    marks: Marks,
    /// A gap whose lost records show with the next block.
    pending: Option<Damage>,
}

/// The end of the last complete append, and what comes after it.
#[derive(Default)]
struct Tail {
    complete: u64,
    next: u64,
    append: u64,
    /// Cursors of the append that is open, or that is complete but for a gap.
    cursors: Vec<Cursor>,
    gap: Option<(u64, u64)>,
    open: bool,
    /// There is a gap in the append that is open.
    broken: bool,
    /// Damages before it.
    damages: usize,
}

impl Recovered {
    /// Reads all segments in `folder`, cuts off what a crash left unfinished and removes what it kept from being removed.
    pub(super) fn mend(folder: &Path, marks: Marks) -> io::Result<Self> {
        let mut recovered = Self::read(folder, marks, true)?;
        recovered.drop_acked(folder)?;
        recovered.damages.iter().for_each(Damage::tell);
        Ok(recovered)
    }

    /// The same without a change: what cannot be read.
    pub(super) fn examine(folder: &Path, marks: Marks) -> io::Result<Vec<Damage>> {
        Ok(Self::read(folder, marks, false)?.damages)
    }

    fn read(folder: &Path, marks: Marks, mends: bool) -> io::Result<Self> {
        let mut recovered = Self {
            segments: VecDeque::new(),
            cursors: BTreeMap::new(),
            next: marks.acked + 1,
            append: 0,
            acked_at: (0, 0),
            damages: Vec::new(),
            gaps: HashSet::new(),
            sound_end: false,
            marks,
            pending: None,
        };
        let numbers = numbers(folder)?;
        recovered.acked_at.0 = numbers.first().copied().unwrap_or(0);
        for (index, &number) in numbers.iter().enumerate() {
            recovered.segment(folder, number, index + 1 == numbers.len(), mends)?;
        }
        recovered.damages.extend(recovered.pending.take());
        recovered.check_durable(folder);
        Ok(recovered)
    }

    fn segment(&mut self, folder: &Path, number: u64, last: bool, mends: bool) -> io::Result<()> {
        let path = path_of(folder, number);
        let file = File::options().read(true).write(last && mends).open(&path)?;
        let length = file.metadata()?.len();
        let mut scan = Scan::new(file.try_clone()?, 0);
        let mut tail = Tail { next: self.next, append: self.append, ..Tail::default() };
        tail.damages = self.damages.len();
        while let Some(found) = scan.next(length)? {
            match found {
                Found::Gap { offset, length } => {
                    (tail.gap, tail.broken) = (Some((offset, length)), true);
                    self.damages.extend(self.pending.take());
                    let lost = self.next..self.next;
                    self.pending = Some(Damage { file: path.clone(), offset, length, lost });
                }
                Found::Block { header, payload, offset } => {
                    self.block(&path, number, offset, &header, &payload, &mut tail);
                }
            }
        }
        let torn = last && self.is_torn(&tail, &mut scan, length)?;
        let mut end = length;
        if torn {
            // Never durable, so nobody was told that it is: as if it had not been started.
            if mends {
                file.set_len(tail.complete)?;
                file.sync_all()?;
            }
            (self.next, self.append, end) = (tail.next, tail.append, tail.complete);
            self.pending = None;
            self.damages.truncate(tail.damages);
            self.sound_end = true;
        } else {
            if !last {
                self.take_cursors(&mut tail);
            }
            if let Some((offset, _)) = tail.gap {
                self.gaps.insert((number, offset));
                if last {
                    self.end_damaged(&mut scan)?;
                }
            }
            self.sound_end = last && !tail.open && tail.gap.is_none();
        }
        self.segments.push_back(Segment { number, end, next: self.next });
        Ok(())
    }

    fn block(
        &mut self,
        path: &Path,
        number: u64,
        offset: u64,
        header: &Header,
        payload: &[u8],
        tail: &mut Tail,
    ) {
        let lost = self.next..header.first.max(self.next);
        let missing = Damage { file: path.to_owned(), offset, length: 0, lost: lost.clone() };
        let at = tail.gap.take().map_or(offset, |(at, _)| at);
        let damage = match self.pending.take() {
            Some(damage) => Some(Damage { lost, ..damage }),
            None => (!lost.is_empty()).then_some(missing),
        };
        if let Some(damage) = damage {
            self.gaps.insert((number, at));
            // What was acknowledged is of no interest any more.
            if header.first > self.marks.acked + 1 || !damage.lost.is_empty() {
                self.damages.push(damage);
            }
        }
        if header.append != self.append {
            self.take_cursors(tail);
            tail.broken = at != offset;
        }
        if let Ok(cursors) = block::read_cursors(header, &mut Reader(payload)) {
            tail.cursors.extend(cursors);
        }
        let end = offset + header.size() as u64;
        self.next = self.next.max(header.end());
        self.append = header.append;
        if header.end() <= self.marks.acked + 1 {
            self.acked_at = (number, end);
        }
        tail.open = !header.last;
        if header.last {
            // If part of the last append cannot be read, its cursors do not count: the feed is asked for it again.
            if !tail.broken {
                self.take_cursors(tail);
            }
            (tail.complete, tail.next, tail.append) = (end, self.next, self.append);
            tail.broken = false;
            tail.damages = self.damages.len();
        }
    }

    fn take_cursors(&mut self, tail: &mut Tail) {
        let taken = tail.cursors.drain(..).map(|cursor| (cursor.feed, cursor.offset));
        self.cursors.extend(taken);
    }

    /// Whether the segment ends with the beginning of one append that was never durable.
    fn is_torn(&self, tail: &Tail, scan: &mut Scan, length: u64) -> io::Result<bool> {
        if tail.next < self.marks.durable || tail.complete == length {
            return Ok(false);
        }
        // More than one append: the first of them was durable before the next was started.
        if tail.open && self.append != tail.append + 1 {
            return Ok(false);
        }
        let Some((offset, gap)) = tail.gap else { return Ok(true) };
        let start = scan.peek(offset, length, block::HEADER as u64)?;
        if gap < block::HEADER as u64 {
            return Ok(block::could_start(&start));
        }
        let cut = |header: &Header| header.size() as u64 > gap && header.append == tail.append + 1;
        Ok(Header::read(&start).as_ref().is_some_and(cut))
    }

    /// The last segment ends with damage.
    fn end_damaged(&mut self, scan: &mut Scan) -> io::Result<()> {
        let Some(damage) = self.pending.take() else { return Ok(()) };
        let Damage { offset, length, .. } = damage;
        let start = scan.peek(offset, offset + length, block::HEADER as u64)?;
        // If the header can be read, it says how many there were; otherwise no more than would have found room.
        let room = self.next + length / RECORD_OVERHEAD as u64 + 1;
        let end = Header::read(&start).map_or(room, |header| header.end());
        let end = end.max(self.next).max(self.marks.durable);
        self.damages.push(Damage { lost: self.next..end, ..damage });
        self.next = end;
        Ok(())
    }

    /// Reports what was durable and is not there at the end.
    fn check_durable(&mut self, folder: &Path) {
        if self.next >= self.marks.durable {
            return;
        }
        let (number, offset) = self.segments.back().map_or((0, 0), |last| (last.number, last.end));
        let lost = self.next..self.marks.durable;
        self.damages.push(Damage { file: path_of(folder, number), offset, length: 0, lost });
        self.next = self.marks.durable;
        self.gaps.insert((number + 1, 0));
        self.sound_end = false;
    }

    /// Removes segments that a crash kept from being removed.
    fn drop_acked(&mut self, folder: &Path) -> io::Result<()> {
        while self.segments.len() > 1 && self.segments[0].next <= self.marks.acked + 1 {
            std::fs::remove_file(path_of(folder, self.segments[0].number))?;
            self.segments.pop_front();
            self.acked_at = self.acked_at.max((self.segments[0].number, 0));
        }
        Ok(())
    }
}
