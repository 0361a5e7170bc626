//! What a function answers, and how Lambda reads it.

use std::fmt;

use serde_json::{Value, json};
use stockflow_core::SequenceNumber;

use super::Record;

/// What becomes of an invocation that is neither stopped nor killed from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The function returned this JSON.
    Response(Value),
    /// The function returned an error, or panicked where panics are caught: the batch failed, the container lives on.
    Error,
    /// The process ended: the batch failed, and the container is gone with what it remembered.
    Crash,
}

impl Reply {
    /// All records are done.
    #[must_use]
    pub fn success() -> Self {
        Self::failed(std::iter::empty::<&str>())
    }

    /// These records failed, by sequence number: the lowest one and all after it come again.
    #[must_use]
    pub fn failed(sequences: impl IntoIterator<Item = impl fmt::Display>) -> Self {
        let failures: Vec<Value> = sequences
            .into_iter()
            .map(|sequence| json!({ "itemIdentifier": sequence.to_string() }))
            .collect();
        Self::Response(json!({ "batchItemFailures": failures }))
    }
}

/// How far a batch is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All of it.
    Complete,
    /// The records before this index.
    From(usize),
    /// Nothing.
    Failed,
}

/// Reads a response as documented for `ReportBatchItemFailures`.
///
/// Not documented, and read as a failure here: a response that is no object, a list of failures that is none.
pub(super) fn read<T>(response: &Value, records: &[Record<T>]) -> Verdict {
    let failures = match response {
        Value::Null => return Verdict::Complete,
        // Another key than this one, misspelt ones too, says nothing: data is lost silently.
        Value::Object(response) => match response.get("batchItemFailures") {
            None | Some(Value::Null) => return Verdict::Complete,
            Some(Value::Array(failures)) => failures,
            Some(_) => return Verdict::Failed,
        },
        _ => return Verdict::Failed,
    };
    let mut lowest = None;
    for failure in failures {
        let id = failure.get("itemIdentifier").and_then(Value::as_str).unwrap_or_default();
        let id = SequenceNumber::from_text(id);
        match records.iter().position(|record| record.sequence == id) {
            Some(index) => lowest = Some(lowest.map_or(index, |lowest: usize| lowest.min(index))),
            None => return Verdict::Failed,
        }
    }
    lowest.map_or(Verdict::Complete, Verdict::From)
}
