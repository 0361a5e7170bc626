//! A table of a configuration file that knows where it stands, so that each mistake can be located.

mod read;

use std::{fmt, sync::Arc};

use super::{
    error::{ConfigError, ConfigProblem},
    item::{Item, Value},
    nearest::nearest,
};
use crate::InvalidConfig;

/// A table of a configuration file, with its place in it. `Debug` shows keys, not values.
#[derive(Clone)]
pub struct Section {
    file: Arc<str>,
    path: String,
    line: Option<usize>,
    fields: Vec<(String, Item)>,
    /// Whether values of keys that are not known stay out of messages, as they may be secrets.
    discreet: bool,
}

impl Section {
    /// An empty table, not of any file, to be filled with [`with_text`](Self::with_text) and the like.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            file: "configuration".into(),
            path: path.into(),
            line: None,
            fields: Vec::new(),
            discreet: true,
        }
    }

    /// With a text under `key`.
    #[must_use]
    pub fn with_text(self, key: &str, value: impl Into<String>) -> Self {
        self.with(key, Value::Text(value.into()))
    }

    /// With a whole number under `key`.
    #[must_use]
    pub fn with_integer(self, key: &str, value: i64) -> Self {
        self.with(key, Value::Integer(value))
    }

    /// With a list of texts under `key`.
    #[must_use]
    pub fn with_texts<T: Into<String>>(
        self,
        key: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let item = |text: T| Item { line: None, value: Value::Text(text.into()) };
        self.with(key, Value::List(values.into_iter().map(item).collect()))
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.fields.retain(|(k, _)| k != key);
        self.fields.push((key.to_owned(), Item { line: None, value }));
        self
    }

    /// Reads a whole file; `file` is its name, for errors.
    ///
    /// # Errors
    /// [`ConfigProblem::Syntax`], with the line.
    pub fn parse(text: &str, file: &str) -> Result<Self, ConfigError> {
        let (file, path, discreet) = (file.into(), String::new(), false);
        match Item::parse(text) {
            Ok(fields) => Ok(Self { file, path, line: None, fields, discreet }),
            Err((line, problem)) => Err(ConfigError {
                file: file.to_string(),
                line,
                problem: Box::new(ConfigProblem::Syntax(problem)),
            }),
        }
    }

    /// The tables that it stands in and its own name, such as `anomaly.hampel`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its keys, in the order of the file.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(key, _)| key.as_str())
    }

    /// Whether the key is there.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    fn find(&self, key: &str) -> Option<&Item> {
        self.fields.iter().find(|(k, _)| k == key).map(|(_, item)| item)
    }

    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.find(key).map(|item| &item.value)
    }

    /// Refuses every key but those of `allowed`.
    ///
    /// # Errors
    /// [`ConfigProblem::UnknownKey`], with what may have been meant.
    pub fn only<'a>(
        &self,
        allowed: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Result<(), ConfigError> {
        let stranger =
            self.fields.iter().find(|(key, _)| !allowed.clone().into_iter().any(|a| a == key));
        let Some((key, item)) = stranger else { return Ok(()) };
        let value = if self.discreet { "not shown".into() } else { item.value.to_string() };
        let nearest = nearest(key, allowed.clone()).map(str::to_owned);
        let mut allowed: Vec<&str> = allowed.into_iter().collect();
        allowed.sort_unstable();
        Err(self.error(
            item.line,
            ConfigProblem::UnknownKey {
                key: self.full(key),
                value,
                allowed: allowed.join(", "),
                nearest,
            },
        ))
    }

    /// The error that the value of `key` cannot be used and `allowed` could be.
    #[must_use]
    pub fn invalid(&self, key: &str, allowed: impl Into<String>) -> ConfigError {
        let value = self.value(key).map_or_else(|| "absent".into(), Value::to_string);
        self.invalid_value(InvalidConfig::new(key, value, allowed), None)
    }

    /// As [`invalid`](Self::invalid), without the value, which is a secret.
    #[must_use]
    pub fn invalid_discreet(&self, key: &str, allowed: impl Into<String>) -> ConfigError {
        let value = if self.has(key) { "a value that is not shown" } else { "absent" };
        self.invalid_value(InvalidConfig::new(key, value, allowed), None)
    }

    /// As [`invalid`](Self::invalid) where a name out of `choices` is allowed, with what may have been meant.
    #[must_use]
    pub fn not_among<'a>(
        &self,
        key: &str,
        choices: impl IntoIterator<Item = &'a str>,
    ) -> ConfigError {
        let choices: Vec<&str> = choices.into_iter().collect();
        let given = self.text(key).ok().flatten().unwrap_or_default();
        let nearest = nearest(given, choices.iter().copied()).map(str::to_owned);
        let value = self.value(key).map_or_else(|| "absent".into(), Value::to_string);
        self.invalid_value(InvalidConfig::new(key, value, choices.join(", ")), nearest)
    }

    /// The error that `value`, a part of what stands under `key`, cannot be used.
    pub(super) fn wrong(&self, key: &str, value: &str, allowed: impl Into<String>) -> ConfigError {
        self.invalid_value(InvalidConfig::new(key, format!("{value:?}"), allowed), None)
    }

    /// The error that this table's own name cannot be used, with what may have been meant.
    pub(super) fn misnamed<'a>(
        &self,
        name: &str,
        allowed: impl Into<String>,
        known: impl IntoIterator<Item = &'a str>,
    ) -> ConfigError {
        let nearest = nearest(name, known).map(str::to_owned);
        let invalid = InvalidConfig::new(&self.path, format!("{name:?}"), allowed);
        self.error(self.line, ConfigProblem::Value { invalid, nearest })
    }

    /// Locates an error about a key of this table.
    pub(super) fn invalid_value(
        &self,
        mut invalid: InvalidConfig,
        nearest: Option<String>,
    ) -> ConfigError {
        let line = self.find(&invalid.key).map_or(self.line, |item| item.line);
        invalid.key = self.full(&invalid.key);
        self.error(line, ConfigProblem::Value { invalid, nearest })
    }

    fn error(&self, line: Option<usize>, problem: ConfigProblem) -> ConfigError {
        ConfigError { file: self.file.to_string(), line, problem: Box::new(problem) }
    }

    fn full(&self, key: &str) -> String {
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let key = if !key.is_empty() && key.chars().all(bare) {
            key.to_owned()
        } else {
            format!("{key:?}")
        };
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section")
            .field("path", &self.path)
            .field("keys", &self.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
