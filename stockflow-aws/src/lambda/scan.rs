//! Walks through JSON in place: no tree is built, and what nobody asks for is stepped over.

use std::ops::Range;

use memchr::memchr2;

use super::EventError;

type Result<T> = std::result::Result<T, EventError>;

/// A place in a JSON text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub(super) const fn error(&self, expected: &'static str) -> EventError {
        EventError::new(self.at, expected)
    }

    /// The next byte that is no white space, not taken.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    pub(super) fn take(&mut self, byte: u8, expected: &'static str) -> Result<()> {
        if self.peek() != Some(byte) {
            return Err(self.error(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// Whether the list or object goes on after a member, or at its begin.
    pub(super) fn more(
        &mut self,
        first: &mut bool,
        end: u8,
        expected: &'static str,
    ) -> Result<bool> {
        match self.peek() {
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !*first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if *first => {
                *first = false;
                Ok(true)
            }
            _ => Err(self.error(expected)),
        }
    }

    /// Where a string stands, without its quotes; what is escaped in it stays so.
    pub(super) fn string(&mut self) -> Result<Range<usize>> {
        self.take(b'"', "a string")?;
        let begin = self.at;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(found) = memchr2(b'"', b'\\', rest) else {
                return Err(self.error("the end of a string"));
            };
            self.at += found;
            if self.text[self.at] == b'"' {
                self.at += 1;
                return Ok(begin..self.at - 1);
            }
            self.at += 2;
        }
    }

    /// An object's key, with the colon after it. One with an escape in it is none that anybody asks for.
    pub(super) fn key(&mut self) -> Result<&'a [u8]> {
        let key = self.string()?;
        self.take(b':', "a colon")?;
        Ok(&self.text[key])
    }

    /// Where a number stands.
    pub(super) fn number(&mut self) -> Result<Range<usize>> {
        self.peek();
        let begin = self.at;
        let rest = &self.text[begin.min(self.text.len())..];
        let end = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        self.at += end.unwrap_or(rest.len());
        if self.at == begin { Err(self.error("a number")) } else { Ok(begin..self.at) }
    }

    /// Steps over a value, whatever it is.
    pub(super) fn skip(&mut self) -> Result<()> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{' | b'[') => self.skip_nested(),
            Some(_) => {
                let rest = &self.text[self.at..];
                let end = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']'));
                self.at += end.unwrap_or(rest.len());
                Ok(())
            }
            None => Err(self.error("a value")),
        }
    }

    fn skip_nested(&mut self) -> Result<()> {
        let mut depth = 0_usize;
        loop {
            match self.text.get(self.at) {
                Some(b'{' | b'[') => depth += 1,
                Some(b'}' | b']') => depth -= 1,
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                Some(_) => {}
                None => return Err(self.error("the end of an object or a list")),
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Where it stands.
    pub(super) fn at(&mut self) -> usize {
        self.peek();
        self.at
    }

    /// Goes on from another place.
    pub(super) const fn go_to(&mut self, at: usize) {
        self.at = at;
    }
}

/// The text that a string with escapes stands for.
pub(super) fn unescaped(raw: &[u8]) -> Option<String> {
    let quoted = [b"\"", raw, b"\""].concat();
    serde_json::from_slice(&quoted).ok()
}
