//! What one record of an event has in common with the next: everything but a few values.
//!
//! Records of one event differ in five values and are otherwise the same bytes. The first one is read as JSON; where its values
//! stand is remembered, and the next ones are compared with what stood around them. One that differs is read as JSON again.

use std::ops::Range;

use memchr::memchr;

/// A value that differs from record to record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    PartitionKey,
    Sequence,
    Data,
    Arrival,
    EventId,
}

const SLOTS: usize = 5;

/// Where the values stand in a text.
pub(super) type Places = [Range<usize>; SLOTS];

/// The bytes around the values, each with the value that comes after it, and those after the last.
#[derive(Debug)]
pub(super) struct Template {
    before: Vec<(Vec<u8>, Slot)>,
    after: Vec<u8>,
}

impl Template {
    /// The template of a record that stands at `record` and has its values at `places`; none if it does not have them all.
    pub(super) fn learn(text: &[u8], record: Range<usize>, places: &Places) -> Option<Self> {
        const ALL: [Slot; SLOTS] =
            [Slot::PartitionKey, Slot::Sequence, Slot::Data, Slot::Arrival, Slot::EventId];
        let mut slots = ALL.map(|slot| (places[slot as usize].clone(), slot));
        slots.sort_by_key(|(place, _)| place.start);
        let mut at = record.start;
        let mut before = Vec::with_capacity(SLOTS);
        for (place, slot) in slots {
            // A value that was not found stands at 0, before every record.
            before.push((text.get(at..place.start)?.to_vec(), slot));
            at = place.end;
        }
        Some(Self { before, after: text.get(at..record.end)?.to_vec() })
    }

    /// The values of the record that begins at `at`, and where it ends; none if it is not like the one that was learnt from.
    ///
    /// A quote inside a JSON string has a backslash before it, and the bytes after a value begin with a quote, or with what no
    /// number has in it: so what fits was cut where JSON cuts it.
    pub(super) fn places(&self, text: &[u8], mut at: usize) -> Option<(Places, usize)> {
        let mut places = Places::default();
        for (before, slot) in &self.before {
            let rest = text.get(at..)?.strip_prefix(&before[..])?;
            at += before.len();
            let length = match slot {
                Slot::Arrival => {
                    rest.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'.'))?
                }
                // Short, so that a search that is made for long texts would not pay.
                Slot::PartitionKey => rest.iter().position(|byte| *byte == b'"')?,
                _ => memchr(b'"', rest)?,
            };
            places[*slot as usize] = at..at + length;
            at += length;
        }
        text.get(at..)?.starts_with(&self.after).then_some((places, at + self.after.len()))
    }
}
