//! What is wrong in a configuration file, and where.

use std::fmt;

use crate::InvalidConfig;

/// A mistake in a configuration file: where it is, which key, what its value is and what would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Name of the file, as it was given.
    pub file: String,
    /// Line of the key, from 1; none if no single line is to blame.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: Box<ConfigProblem>,
}

/// What can be wrong in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigProblem {
    /// The text is not TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// A key that nobody would look at.
    #[error("{key} is not a known key (it is {value}), allowed is {allowed}{}", hint(nearest.as_deref()))]
    UnknownKey {
        /// The key, with the tables that it stands in.
        key: String,
        /// Its value.
        value: String,
        /// The keys that may stand there.
        allowed: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// A value that cannot be used.
    #[error("{invalid}{}", hint(nearest.as_deref()))]
    Value {
        /// Key, value and what is allowed.
        invalid: InvalidConfig,
        /// What may have been meant.
        nearest: Option<String>,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for ConfigError {}
