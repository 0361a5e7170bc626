//! What a function answers to a mapping with `ReportBatchItemFailures`.

/// The answer to an event of a stream: done, or from which record on it has to come again.
///
/// The mapping resumes at the lowest sequence number that is named. It takes an answer that it does not understand as complete
/// success, so this is the only way in which the functions here answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialBatch {
    failures: Vec<String>,
}

impl PartialBatch {
    /// Everything is done.
    #[must_use]
    pub const fn complete() -> Self {
        Self { failures: Vec::new() }
    }

    /// The record of this sequence number, and all after it, have to come again.
    #[must_use]
    pub fn from(sequence: impl ToString) -> Self {
        Self { failures: vec![sequence.to_string()] }
    }

    /// Whether everything is done.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.failures.is_empty()
    }

    /// The sequence number from which on records have to come again.
    #[must_use]
    pub fn resume_at(&self) -> Option<&str> {
        self.failures.first().map(String::as_str)
    }

    /// The answer's JSON.
    ///
    /// ```
    /// use stockflow_aws::lambda::PartialBatch;
    ///
    /// assert_eq!(PartialBatch::complete().to_json().to_string(), r#"{"batchItemFailures":[]}"#);
    /// assert_eq!(
    ///     PartialBatch::from("49590").to_json().to_string(),
    ///     r#"{"batchItemFailures":[{"itemIdentifier":"49590"}]}"#,
    /// );
    /// ```
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let failures = self.failures.iter().map(|id| serde_json::json!({ "itemIdentifier": id }));
        serde_json::json!({ "batchItemFailures": failures.collect::<Vec<_>>() })
    }
}
