//! Newline-delimited JSON in the wire format: what the lake holds.

use stockflow_core::{Quote, wire};

use super::text::ParseLine;

/// The times in it are keys already: they are not numbered again.
#[derive(Debug)]
pub(super) struct Ndjson;

impl ParseLine for Ndjson {
    fn parse(&mut self, line: &[u8]) -> Result<Quote, String> {
        match wire::decode(line) {
            Ok(decoded) => Ok(decoded.quote),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Whether `line` is a JSON object, of whatever.
pub(super) fn is_object(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.first() == Some(&b'{') && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}
