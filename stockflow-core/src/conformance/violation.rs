//! What a suite answers.

use std::fmt;

use crate::Error;

/// What a behaviour, or a whole suite, answers.
pub type Outcome = Result<(), Violation>;

/// A behaviour that a backend does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation {
    behaviour: &'static str,
    detail: String,
}

impl Violation {
    /// One that shows itself by `detail`.
    pub fn new(detail: impl Into<String>) -> Self {
        Self { behaviour: "contract", detail: detail.into() }
    }

    pub(crate) fn of(mut self, behaviour: &'static str) -> Self {
        self.behaviour = behaviour;
        self
    }

    /// Name of the function that found it.
    #[must_use]
    pub const fn behaviour(&self) -> &'static str {
        self.behaviour
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.behaviour, self.detail)
    }
}

impl fmt::Debug for Violation {
    /// As `Display`, so that a test that unwraps an outcome can be read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violation {}

impl From<Error> for Violation {
    fn from(error: Error) -> Self {
        Self::new(format!("a call failed that has no reason to: {}", error.chain()))
    }
}

/// Fails the behaviour with a formatted message unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::conformance::Violation::new(format!($($message)+)));
        }
    };
}

/// Fails the behaviour unless both sides are equal, and shows both.
macro_rules! ensure_eq {
    ($found:expr, $expected:expr, $($message:tt)+) => {
        match (&$found, &$expected) {
            (found, expected) => ensure!(
                found == expected,
                "{}: expected {expected:?}, found {found:?}",
                format_args!($($message)+)
            ),
        }
    };
}

/// Runs behaviours one after another, up to the first that is violated.
macro_rules! run {
    ($harness:ident: $($behaviour:ident),+ $(,)?) => {{
        $($behaviour($harness).await.map_err(|violation| violation.of(stringify!($behaviour)))?;)+
        Ok(())
    }};
}
