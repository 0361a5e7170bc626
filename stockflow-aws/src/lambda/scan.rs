//! Walks through JSON in place: no tree is built, and what nobody asks for is stepped over.

use std::borrow::Cow;

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

    /// A string as it stands there, without its quotes, and whether there is an escape in it.
    pub(super) fn string(&mut self) -> Result<(&'a [u8], bool)> {
        self.take(b'"', "a string")?;
        let begin = self.at;
        let mut escaped = false;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(found) = memchr2(b'"', b'\\', rest) else {
                return Err(self.error("the end of a string"));
            };
            self.at += found;
            if self.text[self.at] == b'"' {
                let string = &self.text[begin..self.at];
                self.at += 1;
                return Ok((string, escaped));
            }
            escaped = true;
            self.at += 2;
        }
    }

    /// A string's text.
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>> {
        let begin = self.at;
        let (raw, escaped) = self.string()?;
        let text = if escaped {
            unescaped(raw).map(Cow::Owned)
        } else {
            str::from_utf8(raw).ok().map(Cow::Borrowed)
        };
        text.ok_or_else(|| EventError::new(begin, "a string of valid UTF-8"))
    }

    /// An object's key, with the colon after it. One with an escape in it is none that anybody asks for.
    pub(super) fn key(&mut self) -> Result<&'a [u8]> {
        let (key, _) = self.string()?;
        self.take(b':', "a colon")?;
        Ok(key)
    }

    /// A number's digits.
    pub(super) fn number(&mut self) -> Result<&'a str> {
        self.peek();
        let rest = &self.text[self.at.min(self.text.len())..];
        let length = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        let Some(number) = str::from_utf8(&rest[..length]).ok().filter(|number| !number.is_empty())
        else {
            return Err(self.error("a number"));
        };
        self.at += length;
        Ok(number)
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

    /// How many objects there may be at most, to reserve room for them.
    pub(super) fn count(&self, needle: &[u8]) -> usize {
        memchr::memmem::find_iter(self.text, needle).count()
    }
}

/// The text that a string with escapes stands for.
pub(super) fn unescaped(raw: &[u8]) -> Option<String> {
    let quoted = [b"\"", raw, b"\""].concat();
    serde_json::from_slice(&quoted).ok()
}
