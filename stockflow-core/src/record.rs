//! Records of a stream, before they are decoded.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use crate::Timestamp;

/// Name of a shard: an ordered part of a stream.
pub type ShardId = Arc<str>;

/// A record as the stream delivers it: bytes, a position, and when the stream took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRecord {
    /// Where it stands in its shard.
    pub position: Position,
    /// When the stream took it; the same on every redelivery.
    pub arrival: Timestamp,
    /// What the producer sent, of one quote.
    pub data: Bytes,
}

/// Records of one shard, in stream order.
#[derive(Clone, Debug)]
pub struct RecordBatch {
    /// The shard they all come from.
    pub shard: ShardId,
    /// In stream order, positions ascending.
    pub records: Vec<StreamRecord>,
}

/// Position of a record within its shard: the stream's sequence number, and the index inside an aggregate.
///
/// One position is one record: a quote that the producer sent twice has two.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The stream's number of the record.
    pub sequence: SequenceNumber,
    /// Index within an aggregated record, else 0.
    pub index: u32,
}

impl Position {
    /// Position of a record that is no part of an aggregate.
    #[must_use]
    pub const fn new(sequence: SequenceNumber) -> Self {
        Self { sequence, index: 0 }
    }
}

impl fmt::Display for Position {
    /// Text that is safe in a file name, and whose order within a shard of one kind of stream is the record order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sequence)?;
        if self.index > 0 { write!(f, ".{:06}", self.index) } else { Ok(()) }
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Position({self})")
    }
}

/// A sequence number; opaque, ordered within a shard.
///
/// Kinesis' are decimal numbers of up to 128 digits, longer than any integer type: they compare by
/// length first, then by text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SequenceNumber(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Number(u64),
    /// Those of Kinesis have 56 digits: in place, since each record of an event has one.
    Short {
        length: u8,
        /// Zero after the text.
        text: [u8; SHORT],
    },
    /// Longer than that.
    Text(Arc<str>),
}

const SHORT: usize = 62;

impl Repr {
    fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Number(_) => None,
            Self::Short { length, text } => text.get(..usize::from(*length)),
            Self::Text(text) => Some(text.as_bytes()),
        }
    }
}

impl SequenceNumber {
    /// A stream's own decimal number as text.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut short = [0; SHORT];
        match short.get_mut(..text.len()) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                Self(Repr::Short { length: text.len() as u8, text: short })
            }
            None => Self(Repr::Text(text.into())),
        }
    }

    /// The number, where the stream counts in 64 bits.
    #[must_use]
    pub const fn as_u64(&self) -> Option<u64> {
        match self.0 {
            Repr::Number(number) => Some(number),
            Repr::Short { .. } | Repr::Text(_) => None,
        }
    }
}

impl From<u64> for SequenceNumber {
    fn from(number: u64) -> Self {
        Self(Repr::Number(number))
    }
}

impl PartialOrd for SequenceNumber {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for SequenceNumber {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self.0.text(), other.0.text()) {
            (None, None) => self.as_u64().cmp(&other.as_u64()),
            (Some(a), Some(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (None, Some(_)) => std::cmp::Ordering::Less,
            (Some(_), None) => std::cmp::Ordering::Greater,
        }
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Number(number) => write!(f, "{number:020}"),
            Repr::Short { length, text } => {
                let text = text.get(..usize::from(*length)).unwrap_or_default();
                f.write_str(str::from_utf8(text).unwrap_or_default())
            }
            Repr::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SequenceNumber({self})")
    }
}
