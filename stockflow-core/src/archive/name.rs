//! Names of objects as names of files, and back.

use std::fmt::Write as _;

use crate::{Date, ObjectName, Position, SequenceNumber};

impl ObjectName {
    /// `<shard>-<first position>`, where anything but letters, digits, `.`, `_` and `-` is written as `%` and two digits: what
    /// archives call an object within its day, followed by their suffix.
    ///
    /// ```
    /// use stockflow_core::{ObjectName, Position};
    ///
    /// let name = ObjectName { dt: "2026-11-23".parse()?, shard: "a/b".into(), first: Position::new(7.into()) };
    /// assert_eq!(name.to_stem(), "a%2Fb-00000000000000000007");
    /// assert_eq!(ObjectName::from_stem(name.dt, &name.to_stem()), Some(name));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_stem(&self) -> String {
        let mut text = String::with_capacity(64);
        escape(&self.shard, &mut text);
        text.push('-');
        escape(&self.first.to_string(), &mut text);
        text
    }

    /// The name whose [stem](Self::to_stem) that is; `None` if it is none of ours.
    #[must_use]
    pub fn from_stem(dt: Date, stem: &str) -> Option<Self> {
        let (shard, position) = stem.rsplit_once('-')?;
        let position = unescape(position)?;
        let (sequence, index) = match position.split_once('.') {
            Some((sequence, index)) => (sequence, index.parse().ok()?),
            None => (position.as_str(), 0),
        };
        // Numbers of 64 bits are written with twenty digits.
        let number = if sequence.len() == 20 { sequence.parse::<u64>().ok() } else { None };
        let sequence =
            number.map_or_else(|| SequenceNumber::from_text(sequence), SequenceNumber::from);
        Some(Self { dt, shard: unescape(shard)?.into(), first: Position { sequence, index } })
    }
}

fn escape(text: &str, out: &mut String) {
    for (at, byte) in text.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        // A dot in front would hide the file.
        if plain && (at, byte) != (0, b'.') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let (digits, after) = after.split_first_chunk::<2>()?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}
