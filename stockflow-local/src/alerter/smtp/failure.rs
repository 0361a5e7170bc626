//! What the errors of a mail server mean.

use std::{error::Error as _, io};

use lettre::transport::smtp::Error as SmtpError;
use stockflow_core::{Error, ErrorKind};

use super::BACKEND;

/// What went wrong; names the host, never the log-in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the mail could not be put together: {0}")]
    Mail(String),
    #[error("{host} refused the log-in ({code})")]
    LogIn { host: String, code: u16 },
    #[error("{host} answered {code}: {text}")]
    Refused { host: String, code: u16, text: String },
    #[error("{host} did not answer in time")]
    Timeout { host: String },
    #[error("no protected connection to {host}: {why}")]
    Protection { host: String, why: String },
    #[error("the connection to {host} failed: {why}")]
    Connection { host: String, why: String },
}

impl Failure {
    pub(super) fn of(host: &str, error: &SmtpError) -> Self {
        let host = host.to_owned();
        let why = || printable(&error.to_string());
        if let Some(code) = error.status() {
            let code = u16::from(code);
            return match code {
                // What a server says of a log-in may repeat it.
                432 | 454 | 530 | 534 | 535 | 538 => Self::LogIn { host, code },
                _ => Self::Refused { host, code, text: why() },
            };
        }
        if is_timeout(error) {
            Self::Timeout { host }
        } else if error.is_tls() || error.is_client() {
            Self::Protection { host, why: why() }
        } else {
            Self::Connection { host, why: why() }
        }
    }

    const fn kind(&self) -> ErrorKind {
        match self {
            Self::Mail(_) => ErrorKind::Rejected,
            Self::LogIn { code: 500.., .. } => ErrorKind::Denied,
            Self::Refused { code: 500.., .. } => ErrorKind::Rejected,
            Self::Protection { .. } => ErrorKind::Unexpected,
            Self::LogIn { .. }
            | Self::Refused { .. }
            | Self::Timeout { .. }
            | Self::Connection { .. } => ErrorKind::Unavailable,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::new(failure.kind(), BACKEND, "send").with_source(failure)
    }
}

/// A read that runs out of time fails as one that would block.
fn is_timeout(error: &SmtpError) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock);
        }
        cause = error.source();
    }
    false
}

/// What the other side says, as one line of bounded length for a log.
fn printable(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
