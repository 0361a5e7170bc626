//! Ticker symbols.

use std::{borrow::Borrow, cmp::Ordering, fmt, hash, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A ticker symbol: 1 to 23 characters out of `A-Z a-z 0-9 . - _ = ^ & + : $ # @ ! *`.
///
/// That covers what feeds send (`BRK-B`, `^GSPC`, `EURUSD=X`, `BTC-USD`, option symbols of 21
/// characters) and leaves out what could be a path, a query or a control sequence: `/`, `\`, `%`,
/// quotes, white space, anything outside ASCII, and the names `.` and `..`. It is stored in place, so that a copy
/// costs no allocation.
///
/// Symbols compare byte by byte; `aapl` and `AAPL` are two symbols.
///
/// ```
/// use stockflow_core::Symbol;
///
/// let symbol: Symbol = "BRK-B".parse()?;
/// assert_eq!(symbol.as_str(), "BRK-B");
/// assert!("../etc/passwd".parse::<Symbol>().is_err());
/// # Ok::<(), stockflow_core::InvalidSymbol>(())
/// ```
#[derive(Clone, Copy)]
pub struct Symbol {
    // Unused bytes are zero, which no legal character is: equality may compare the whole array.
    bytes: [u8; Symbol::MAX_LEN],
    len: u8,
}

impl Symbol {
    /// Longest symbol, in bytes.
    pub const MAX_LEN: usize = 23;

    /// Checks `text` and takes it as a symbol.
    ///
    /// # Errors
    /// [`InvalidSymbol`] if it is empty, too long, has a character outside the list, or is `.` or `..`.
    pub fn new(text: &str) -> Result<Self, InvalidSymbol> {
        Self::from_bytes(text.as_bytes())
    }

    /// As [`Symbol::new`], from bytes that need not be UTF-8.
    ///
    /// # Errors
    /// As [`Symbol::new`].
    pub fn from_bytes(text: &[u8]) -> Result<Self, InvalidSymbol> {
        if text.is_empty() {
            return Err(InvalidSymbol::Empty);
        }
        if text.len() > Self::MAX_LEN {
            return Err(InvalidSymbol::TooLong { len: text.len() });
        }
        if let Some(at) = text.iter().position(|&b| !LEGAL[b as usize]) {
            return Err(InvalidSymbol::Character { byte: text[at], at });
        }
        if text == b"." || text == b".." {
            return Err(InvalidSymbol::PathSegment);
        }
        let mut bytes = [0; Self::MAX_LEN];
        bytes[..text.len()].copy_from_slice(text);
        Ok(Self { bytes, len: text.len() as u8 })
    }

    /// The symbol at the start of `text`, up to a double quote, and its length; for the codec.
    #[inline]
    pub(crate) fn until_quote(text: &[u8]) -> Option<(Self, usize)> {
        Self::capitals_until_quote(text).or_else(|| {
            let len = text.iter().take(Self::MAX_LEN + 1).position(|&b| b == b'"')?;
            Some((Self::from_bytes(&text[..len]).ok()?, len))
        })
    }

    /// What most symbols are, at once: at most seven letters from A to Z.
    #[inline]
    fn capitals_until_quote(text: &[u8]) -> Option<(Self, usize)> {
        const EACH: u64 = 0x0101_0101_0101_0101;
        const TOP: u64 = 0x80 * EACH;
        let eight = u64::from_le_bytes(*text.first_chunk::<8>()?);
        // Flags what is below A or above Z. Only a byte above 0x7f could carry, and it flags itself by then.
        let below = !eight.wrapping_add((0x80 - 0x41) * EACH);
        let above = eight.wrapping_add((0x80 - 0x5b) * EACH);
        let len = ((below | above | eight) & TOP).trailing_zeros() as usize / 8;
        if len == 0 || text.get(len) != Some(&b'"') {
            return None;
        }
        let mut bytes = [0; Self::MAX_LEN];
        bytes[..8].copy_from_slice(&(eight & ((1 << (8 * len)) - 1)).to_le_bytes());
        Some((Self { bytes, len: len as u8 }, len))
    }

    /// The text followed by zeros, and its length; for the codec.
    pub(crate) const fn padded(&self) -> (&[u8; Self::MAX_LEN], usize) {
        (&self.bytes, self.len as usize)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII passes the check, so this never falls back.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The text as bytes, all ASCII.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len as usize]
    }
}

const LEGAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 256 {
        let c = b as u8;
        table[b] = c.is_ascii_alphanumeric()
            || matches!(
                c,
                b'.' | b'-'
                    | b'_'
                    | b'='
                    | b'^'
                    | b'&'
                    | b'+'
                    | b':'
                    | b'$'
                    | b'#'
                    | b'@'
                    | b'!'
                    | b'*'
            );
        b += 1;
    }
    table
};

/// Why a text is not a [`Symbol`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSymbol {
    /// No characters.
    #[error("symbol is empty")]
    Empty,
    /// More than [`Symbol::MAX_LEN`] bytes.
    #[error("symbol has {len} bytes, at most {} are allowed", Symbol::MAX_LEN)]
    TooLong {
        /// Bytes that were given.
        len: usize,
    },
    /// A character outside the list.
    #[error(
        "symbol has byte 0x{byte:02x} at position {at}, allowed are letters, digits and . - _ = ^ & + : $ # @ ! *"
    )]
    Character {
        /// The byte.
        byte: u8,
        /// Its position, from 0.
        at: usize,
    },
    /// `.` or `..`.
    #[error("symbol is a path segment (. or ..)")]
    PathSegment,
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
impl Eq for Symbol {}

impl hash::Hash for Symbol {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        // As `str` does, since `Borrow<str>` promises equal hashes; without asking again whether it is UTF-8.
        state.write(self.as_bytes());
        state.write_u8(0xff);
    }
}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Symbol {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Borrow<str> for Symbol {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({})", self.as_str())
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Symbol {
    type Err = InvalidSymbol;
    fn from_str(text: &str) -> Result<Self, InvalidSymbol> {
        Self::new(text)
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_hashes_as_its_text() {
        use std::hash::BuildHasher;

        let (std, hashbrown) =
            (std::hash::RandomState::new(), hashbrown::DefaultHashBuilder::default());
        for text in ["A", "BRK-B", "AAPL261218C00250000", "ABCDEFGHIJKLMNOPQRSTUVW"] {
            let symbol = Symbol::new(text).unwrap();
            assert_eq!(std.hash_one(symbol), std.hash_one(text));
            assert_eq!(hashbrown.hash_one(symbol), hashbrown.hash_one(text));
        }
    }

    #[test]
    fn symbols_of_real_feeds_are_legal() {
        for text in
            ["A", "BRK-B", "^GSPC", "EURUSD=X", "BTC-USD", "ES=F", "0700.HK", "AAPL261218C00250000"]
        {
            assert_eq!(text.parse::<Symbol>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn paths_control_characters_and_long_texts_are_refused() {
        assert_eq!(Symbol::new(""), Err(InvalidSymbol::Empty));
        assert_eq!(Symbol::new(".."), Err(InvalidSymbol::PathSegment));
        assert_eq!(Symbol::new("a/b"), Err(InvalidSymbol::Character { byte: b'/', at: 1 }));
        for text in ["../x", "A\0", "A B", "A\n", "Ä", "A%2e", "A'", "\"", "x\\y"] {
            assert!(matches!(Symbol::new(text), Err(InvalidSymbol::Character { .. })), "{text:?}");
        }
        assert_eq!(Symbol::new(&"X".repeat(24)), Err(InvalidSymbol::TooLong { len: 24 }));
        assert!(Symbol::from_bytes(&[0xff]).is_err());
    }

    #[test]
    fn order_is_text_order() {
        let mut symbols: Vec<Symbol> =
            ["B", "AB", "A", "a"].iter().map(|s| s.parse().unwrap()).collect();
        symbols.sort();
        assert_eq!(symbols.iter().map(Symbol::as_str).collect::<Vec<_>>(), ["A", "AB", "B", "a"]);
    }
}
