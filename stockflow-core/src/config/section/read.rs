//! Values by type.

use std::{ops::RangeInclusive, time::Duration};

use super::Section;
use crate::{
    config::{
        ConfigError,
        item::{Item, Value},
        span,
    },
    params::Span,
};

impl Section {
    /// A text.
    ///
    /// # Errors
    /// [`ConfigProblem::Value`](crate::config::ConfigProblem::Value) for a value of another type; so with all that follow.
    pub fn text(&self, key: &str) -> Result<Option<&str>, ConfigError> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.invalid(key, "a text in quotes")),
        }
    }

    /// A text that has to be there.
    ///
    /// # Errors
    /// As [`text`](Self::text), and where it is absent.
    pub fn required_text(&self, key: &str, allowed: &str) -> Result<&str, ConfigError> {
        self.text(key)?.ok_or_else(|| self.invalid(key, allowed))
    }

    /// Texts: a list of them, or a single one.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn texts(&self, key: &str) -> Result<Option<Vec<&str>>, ConfigError> {
        let text = |item| match item {
            &Item { value: Value::Text(ref text), .. } => Some(text.as_str()),
            _ => None,
        };
        let texts = match self.find(key) {
            None => return Ok(None),
            Some(Item { value: Value::List(items), .. }) => items.iter().map(text).collect(),
            Some(item) => text(item).map(|text| vec![text]),
        };
        texts.map(Some).ok_or_else(|| self.invalid(key, "a list of texts in quotes"))
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn boolean(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Boolean(value)) => Ok(Some(*value)),
            Some(_) => Err(self.invalid(key, "true or false")),
        }
    }

    /// A whole number within `bounds`.
    ///
    /// # Errors
    /// As [`text`](Self::text), and out of bounds.
    pub fn integer(
        &self,
        key: &str,
        bounds: RangeInclusive<i64>,
    ) -> Result<Option<i64>, ConfigError> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Integer(value)) if bounds.contains(value) => Ok(Some(*value)),
            Some(_) => {
                let (min, max) = bounds.into_inner();
                Err(self.invalid(key, format!("a whole number, {min} to {max}")))
            }
        }
    }

    /// A time span such as `"90s"` within `bounds`.
    ///
    /// # Errors
    /// As [`text`](Self::text), and out of bounds.
    pub fn duration(
        &self,
        key: &str,
        bounds: RangeInclusive<Duration>,
    ) -> Result<Option<Duration>, ConfigError> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let span = if let Value::Text(text) = value { span::parse(text) } else { None };
        span.filter(|span| bounds.contains(span)).map(Some).ok_or_else(|| {
            let (min, max) = (Span(*bounds.start()), Span(*bounds.end()));
            self.invalid(key, format!("a time span such as \"90s\" or \"5m\", {min} to {max}"))
        })
    }

    /// One of the names in `choices`, and what it stands for.
    ///
    /// # Errors
    /// As [`text`](Self::text), and for another name, with what may have been meant.
    pub fn choice<T: Copy>(
        &self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let given = if let Value::Text(text) = value { text } else { "" };
        match choices.iter().find(|(name, _)| *name == given) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => Err(self.not_among(key, choices.iter().map(|(name, _)| *name))),
        }
    }

    /// A table within this one.
    ///
    /// # Errors
    /// Another type than a table.
    pub fn table(&self, key: &str) -> Result<Option<Self>, ConfigError> {
        match self.find(key) {
            None => Ok(None),
            Some(Item { line, value: Value::Table(fields) }) => Ok(Some(Self {
                path: self.full(key),
                line: *line,
                fields: fields.clone(),
                ..self.clone()
            })),
            Some(_) => Err(self.invalid(key, format!("a table, [{}]", self.full(key)))),
        }
    }

    /// The tables of a list `[[key]]`, whose values may be secrets.
    pub(in crate::config) fn discreet_tables(&self, key: &str) -> Result<Vec<Self>, ConfigError> {
        let Some(item) = self.find(key) else { return Ok(Vec::new()) };
        let error = || self.invalid_discreet(key, format!("a list of tables, [[{key}]]"));
        let Value::List(items) = &item.value else { return Err(error()) };
        let table = |(index, item): (usize, &Item)| match &item.value {
            Value::Table(fields) => Ok(Self {
                path: format!("{}[{index}]", self.full(key)),
                line: item.line,
                fields: fields.clone(),
                discreet: true,
                ..self.clone()
            }),
            _ => Err(error()),
        };
        items.iter().enumerate().map(table).collect()
    }
}
