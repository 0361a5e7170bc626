//! Events and answers of Lambda's event source mappings: what a function that runs the stages reads and writes.
//!
//! Nothing here needs the SDK or a runtime: a handler built on these is a function from bytes to bytes, and can be tested as one.

#[cfg(feature = "runtime")]
mod environment;
mod invocation;
mod kinesis;
mod metrics;
mod processor;
mod response;
#[cfg(feature = "runtime")]
mod runtime;
mod scan;
mod template;
#[cfg(feature = "dynamodb")]
mod trend;

use std::fmt;

#[cfg(feature = "runtime")]
pub use environment::{Environment, MissingVariable};
pub use invocation::Invocation;
pub use kinesis::read_kinesis_event;
pub use metrics::{MetricLine, NAMESPACE, Unit};
pub use processor::{ProcessorFunction, ProcessorOutcome};
pub use response::PartialBatch;
#[cfg(feature = "runtime")]
pub use runtime::run;
#[cfg(feature = "dynamodb")]
pub use trend::{TrendFunction, TrendOutcome};

/// Why bytes are not the event that the function is made for; the mapping has to bring the whole batch again.
///
/// What is wrong with a single record is no such error: the record goes on as it is, and is quarantined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventError {
    at: usize,
    expected: &'static str,
}

impl EventError {
    pub(crate) const fn new(at: usize, expected: &'static str) -> Self {
        Self { at, expected }
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the event is not of the kind that this function reads: expected {} at byte {}",
            self.expected, self.at
        )
    }
}

impl std::error::Error for EventError {}
