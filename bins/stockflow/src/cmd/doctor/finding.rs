//! What a check found.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    /// It does not work.
    Broken,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Broken => "BROKEN",
        })
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check's name.
    pub check: &'static str,
    /// How bad it is.
    pub state: State,
    /// What is so.
    pub what: String,
    /// What to do, unless all is well.
    pub todo: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, state: State::Ok, what: what.into(), todo: None }
    }

    /// It works, and somebody should look at it.
    pub fn warning(check: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, state: State::Warning, what: what.into(), todo: Some(todo.into()) }
    }

    /// It does not work.
    pub fn broken(check: &'static str, what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, state: State::Broken, what: what.into(), todo: Some(todo.into()) }
    }
}
