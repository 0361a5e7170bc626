//! The error of every trait that does I/O.

use std::{error::Error as StdError, fmt};

/// What a caller can decide on without knowing the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request was slowed down or refused for its rate: try again, more slowly.
    Throttled,
    /// The backend could not be reached or failed on its side: try again.
    Unavailable,
    /// The item can never be accepted as it is: do not try again, keep it elsewhere.
    Rejected,
    /// Credentials or permissions are missing or not sufficient.
    Denied,
    /// The stream, table, file or topic does not exist.
    NotFound,
    /// What was stored cannot be read: truncated, altered, or of a later version.
    Corrupt,
    /// No space, quota or limit is left on the backend.
    Exhausted,
    /// Nothing of the above.
    Unexpected,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Rejected => "rejected",
            Self::Denied => "denied",
            Self::NotFound => "not found",
            Self::Corrupt => "corrupt",
            Self::Exhausted => "out of space or quota",
            Self::Unexpected => "unexpected",
        })
    }
}

/// What went wrong in which backend; the cause is in [`StdError::source`], never repeated in `Display`.
///
/// ```
/// use stockflow_core::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Throttled, "kinesis", "PutRecords").with_source("rate exceeded");
/// assert!(error.is_retryable());
/// assert_eq!(error.to_string(), "kinesis: PutRecords failed (throttled)");
/// ```
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    backend: &'static str,
    operation: &'static str,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A failure of `operation` (the backend's own name for it) in `backend`.
    #[must_use]
    pub const fn new(kind: ErrorKind, backend: &'static str, operation: &'static str) -> Self {
        Self { kind, backend, operation, source: None }
    }

    /// Attaches the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The category.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Which backend failed, as it calls itself.
    #[must_use]
    pub const fn backend(&self) -> &'static str {
        self.backend
    }

    /// What the backend was asked to do.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Throttled | ErrorKind::Unavailable)
    }

    /// This level and all causes, separated by `: `; for logs.
    #[must_use]
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// An error and all its causes, separated by `: `.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} failed ({})", self.backend, self.operation, self.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

/// Shorthand for results of I/O.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_leaves_the_cause_to_the_chain() {
        let error = Error::new(ErrorKind::Unavailable, "spool", "append")
            .with_source(std::io::Error::other("cable cut"));
        assert_eq!(error.to_string(), "spool: append failed (unavailable)");
        assert_eq!(error.chain(), "spool: append failed (unavailable): cable cut");
    }
}
