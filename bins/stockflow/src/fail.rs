//! How a command ends.

use std::{
    fmt,
    io::{self, Write as _},
    process::ExitCode,
};

use stockflow_core::{Error, InvalidConfig};

/// Nothing to say: the answer is on standard output.
pub type Outcome = Result<(), Failure>;

/// Tells something beside the answer, on standard error; whoever has closed it does not want to know, and the work goes on.
pub(crate) fn note(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// It was asked wrongly, or configured so that it cannot be done: exit code 2.
    Usage(String),
    /// It was tried and failed: exit code 1.
    Failed(String),
    /// Nobody reads the answer any more (`| head`): no failure.
    Unread,
}

impl Failure {
    /// Wrong usage or configuration.
    pub fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// A failure of the work itself.
    pub fn failed(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }

    /// What to tell on standard error, if anything.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Usage(text) | Self::Failed(text) => Some(text),
            Self::Unread => None,
        }
    }

    /// 0, 1 or 2.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Failed(_) => ExitCode::from(1),
            Self::Unread => ExitCode::SUCCESS,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error.chain())
    }
}

impl From<InvalidConfig> for Failure {
    fn from(error: InvalidConfig) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Unread;
        }
        Self::Failed(error.to_string())
    }
}
