//! The records in an object of the quarantine, or of a batch that was given up.

use serde_json::Value;
use stockflow_core::{Quote, wire};

/// Records of an object, by their place in it.
#[derive(Debug)]
pub(crate) struct Object;

/// What can be read now, and what cannot.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Found {
    /// With their place.
    pub(crate) quotes: Vec<(usize, Quote)>,
    /// With their place, and why.
    pub(crate) unreadable: Vec<(usize, String)>,
}

impl Object {
    /// Reads lines of the quarantine.
    ///
    /// # Errors
    /// No such lines.
    pub(crate) fn read(text: &[u8]) -> Result<Found, String> {
        let mut found = Found::default();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        for (index, line) in lines.enumerate() {
            let line: Value = serde_json::from_slice(line)
                .map_err(|error| format!("line {} is none of a quarantine: {error}", index + 1))?;
            let data = data(&line)
                .ok_or_else(|| format!("line {} has neither `data` nor `data_hex`", index + 1))?;
            found.add(index, &data);
        }
        Ok(found)
    }
}

impl Found {
    /// Takes in a record.
    pub(crate) fn add(&mut self, index: usize, data: &[u8]) {
        match wire::decode(data) {
            Ok(decoded) => self.quotes.push((index, decoded.quote)),
            Err(error) => self.unreadable.push((index, error.to_string())),
        }
    }
}

/// The bytes of a line of the quarantine.
fn data(line: &Value) -> Option<Vec<u8>> {
    if let Some(text) = line["data"].as_str() {
        return Some(text.as_bytes().to_vec());
    }
    let hex = line["data_hex"].as_str()?;
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTE: &str = r#"{\"symbol\":\"AAPL\",\"open\":1,\"high\":2,\"low\":1,\"price\":1.5,\"previous_close\":1,\"volume\":7,\"timestamp\":\"2026-11-23T14:30:00Z\"}"#;

    #[test]
    fn lines_of_a_quarantine_are_read_by_their_place() {
        let text = format!(
            "{{\"origin\":\"s/1\",\"reason\":\"x\",\"data\":\"no quote\"}}\n{{\"origin\":\"s/2\",\"data\":\"{QUOTE}\"}}\n{{\"data_hex\":\"f3ff\"}}\n"
        );
        let found = Object::read(text.as_bytes()).unwrap();
        assert_eq!(found.quotes.len(), 1);
        assert_eq!(
            (found.quotes[0].0, found.quotes[0].1.symbol.to_string()),
            (1, "AAPL".to_owned())
        );
        let left: Vec<usize> = found.unreadable.iter().map(|(index, _)| *index).collect();
        assert_eq!(left, [0, 2]);
    }

    #[test]
    fn what_is_no_quarantine_is_refused() {
        for (text, why) in
            [("x\n", "line 1"), ("{}\n", "neither"), ("{\"data_hex\":\"f\"}", "neither")]
        {
            assert!(Object::read(text.as_bytes()).unwrap_err().contains(why), "{text}");
        }
    }
}
