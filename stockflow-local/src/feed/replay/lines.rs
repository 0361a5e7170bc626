//! Lines of a stream that may be anything.

use std::{fmt, io, io::Read, ops::Range};

/// Longest line that is read; a quote takes about 200 bytes.
pub(super) const MAX_LINE: usize = 1024 * 1024;
/// What is kept of a line that is longer.
const KEPT: usize = 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Cuts bytes into lines, in bounded memory.
pub(super) struct Lines {
    bytes: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What of the buffer was read and not handed out.
    start: usize,
    end: usize,
    finished: bool,
    /// Why there is nothing more, if that is not the end.
    damage: Option<io::Error>,
    /// Beginning of a line that is too long.
    kept: Vec<u8>,
    number: u64,
}

/// A line, or what is there in place of one.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// Without its line feed, and without a carriage return before it.
    Whole(&'a [u8]),
    /// The beginning of one that is longer than [`MAX_LINE`].
    TooLong(&'a [u8]),
    /// What there is of the line in which the bytes turned out to be damaged; nothing can be read after it.
    Damaged(&'a [u8], io::Error),
}

impl Lines {
    pub(super) fn new(bytes: Box<dyn Read + Send>) -> Self {
        Self {
            bytes,
            buffer: vec![0; 128 * 1024],
            start: 0,
            end: 0,
            finished: false,
            damage: None,
            kept: Vec::new(),
            number: 0,
        }
    }

    /// Number of the line that was handed out last, from 1.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// The next line; none at the end. An error is one of the disk, not of the content.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr(b'\n', &unread[searched..]) {
                let line = self.start..self.start + searched + at;
                self.start = line.end + 1;
                return Ok(Some(Line::Whole(self.line(line))));
            }
            searched = unread.len();
            if searched > MAX_LINE {
                self.skip_long_line()?;
                return Ok(Some(Line::TooLong(&self.kept)));
            }
            if self.finished {
                let rest = self.start..self.end;
                self.start = self.end;
                return Ok(match self.damage.take() {
                    Some(error) => Some(Line::Damaged(self.line(rest), error)),
                    None if rest.is_empty() => None,
                    None => Some(Line::Whole(self.line(rest))),
                });
            }
            self.fill()?;
        }
    }

    fn line(&mut self, range: Range<usize>) -> &[u8] {
        self.number += 1;
        let line = &self.buffer[range];
        let line = if self.number == 1 { line.strip_prefix(BOM).unwrap_or(line) } else { line };
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// Reads on, behind what is there.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        loop {
            match self.bytes.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.end += read;
                    self.finished = read == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What a decompressor says of its input carries no number of the system.
                Err(error) if error.raw_os_error().is_some() => return Err(error),
                Err(error) => {
                    self.finished = true;
                    self.damage = Some(error);
                    return Ok(());
                }
            }
        }
    }

    fn skip_long_line(&mut self) -> io::Result<()> {
        self.number += 1;
        self.kept.clear();
        self.kept.extend_from_slice(&self.buffer[self.start..self.start + KEPT]);
        while !self.finished {
            self.start = self.end;
            self.fill()?;
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[..self.end]) {
                self.start = at + 1;
                return Ok(());
            }
        }
        self.start = self.end;
        Ok(())
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("number", &self.number).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(Box::new(io::Cursor::new(bytes.to_vec())));
        let mut out = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            let text = match line {
                Line::Whole(text) => String::from_utf8_lossy(text).into_owned(),
                Line::TooLong(text) => format!("too long: {}", text.len()),
                Line::Damaged(text, error) => {
                    format!("{error}: {}", String::from_utf8_lossy(text))
                }
            };
            out.push(format!("{} {text}", lines.number()));
        }
        out
    }

    #[test]
    fn line_ends_and_byte_order_mark_are_no_part_of_a_line() {
        assert_eq!(all(b""), [""; 0]);
        assert_eq!(all(b"a\nb"), ["1 a", "2 b"]);
        assert_eq!(all(b"\xef\xbb\xbfa\r\n\r\nb\n"), ["1 a", "2 ", "3 b"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let mut bytes = vec![b'x'; 5 * MAX_LINE];
        bytes.extend_from_slice(b"\nshort\n");
        assert_eq!(all(&bytes), ["1 too long: 1024", "2 short"]);
        bytes.truncate(3 * MAX_LINE);
        assert_eq!(all(&bytes), ["1 too long: 1024"]);
    }

    #[test]
    fn a_line_may_be_larger_than_a_read() {
        let line = "y".repeat(MAX_LINE);
        assert_eq!(
            all(format!("{line}\n{line}").as_bytes()),
            [format!("1 {line}"), format!("2 {line}")]
        );
    }

    #[test]
    fn damage_ends_the_lines_and_is_told_with_the_rest() {
        #[derive(Debug)]
        struct Broken(u8);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 > 1 {
                    return Err(io::Error::other("bad block"));
                }
                buffer[..5].copy_from_slice(b"ab\ncd");
                Ok(5)
            }
        }
        let mut lines = Lines::new(Box::new(Broken(0)));
        assert!(matches!(lines.next_line(), Ok(Some(Line::Whole(b"ab")))));
        assert!(matches!(lines.next_line(), Ok(Some(Line::Damaged(b"cd", _)))));
        assert!(matches!(lines.next_line(), Ok(None)));
    }
}
