//! The objects that a batch leaves in the lake and in the quarantine.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::inbox::{Inbox, Letter};
use crate::{Date, Object, ObjectName, RecordBatch, StreamRecord, wire};

struct Draft {
    first: usize,
    lines: Vec<u8>,
}

/// Every readable record before `frontier`, one object for each day of market time; a function of the stream alone.
pub(super) fn lake(batch: &RecordBatch, inbox: &Inbox, frontier: usize) -> Vec<Object> {
    let mut drafts: BTreeMap<Date, Draft> = BTreeMap::new();
    for (index, letter) in inbox.letters[..frontier].iter().enumerate() {
        let Letter::Quote { decoded, .. } = letter else { continue };
        let lines = &mut drafts
            .entry(decoded.quote.timestamp.date())
            .or_insert_with(|| Draft::new(index))
            .lines;
        if decoded.canonical {
            lines.extend_from_slice(&batch.records[index].data);
        } else {
            wire::encode(&decoded.quote, lines);
        }
        lines.push(b'\n');
    }
    finish(batch, drafts)
}

/// Every record before `frontier` that cannot be read, with the reason, by the day of its arrival.
pub(super) fn quarantine(batch: &RecordBatch, inbox: &Inbox, frontier: usize) -> Vec<Object> {
    let mut drafts: BTreeMap<Date, Draft> = BTreeMap::new();
    for (index, letter) in inbox.letters[..frontier].iter().enumerate() {
        let Letter::Unreadable(reason) = letter else { continue };
        let record = &batch.records[index];
        let lines =
            &mut drafts.entry(record.arrival.date()).or_insert_with(|| Draft::new(index)).lines;
        quarantine_line(batch, record, reason, lines);
    }
    finish(batch, drafts)
}

impl Draft {
    const fn new(first: usize) -> Self {
        Self { first, lines: Vec::new() }
    }
}

fn finish(batch: &RecordBatch, drafts: BTreeMap<Date, Draft>) -> Vec<Object> {
    drafts
        .into_iter()
        .map(|(dt, draft)| Object {
            name: ObjectName {
                dt,
                shard: batch.shard.clone(),
                first: batch.records[draft.first].position.clone(),
            },
            lines: Bytes::from(draft.lines),
        })
        .collect()
}

/// A line of the quarantine: where the bytes came from, why they are there, and the bytes themselves.
#[derive(Serialize)]
struct QuarantineLine<'a> {
    origin: &'a str,
    arrival: String,
    reason: &'a str,
    /// The bytes as text, if they are UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
    /// The bytes in hexadecimal otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_hex: Option<String>,
}

fn quarantine_line(batch: &RecordBatch, record: &StreamRecord, reason: &str, out: &mut Vec<u8>) {
    let origin = format!("{}/{}", batch.shard, record.position);
    write_unreadable(&origin, record.arrival, reason, &record.data, out);
}

/// Appends a line of the quarantine, with its line feed: where the bytes came from, when, why they are there, and the bytes.
pub fn write_unreadable(
    origin: &str,
    arrival: crate::Timestamp,
    reason: &str,
    data: &[u8],
    out: &mut Vec<u8>,
) {
    use std::fmt::Write as _;
    let text = std::str::from_utf8(data).ok();
    let data_hex = text.is_none().then(|| {
        data.iter().fold(String::with_capacity(2 * data.len()), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    });
    let line =
        QuarantineLine { origin, arrival: arrival.to_string(), reason, data: text, data_hex };
    // Strings only: this cannot fail, and if it did, the origin must not be lost.
    let json = serde_json::value::to_raw_value(&line).unwrap_or_else(|_| RawValue::NULL.to_owned());
    out.extend_from_slice(json.get().as_bytes());
    out.push(b'\n');
}
