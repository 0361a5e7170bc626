//! Tables of constructors: what a configuration can name, with parameters, bounds and defaults.

use std::{fmt, time::Duration};

use crate::{Price, Severity};

/// Longest lookback of a detector, in quotes. It bounds what a cold start has to read.
pub const MAX_LOOKBACK: usize = 512;

/// A row in a table of detectors: everything that a configuration, a command line or a bench needs to know of one.
pub struct Entry<D: ?Sized> {
    /// Stable name, in snake case; also the default name of its rule.
    pub name: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// Whether it is part of the default set.
    pub default: bool,
    /// Urgency of its alerts, unless configured otherwise.
    pub severity: Severity,
    /// Whether it keeps the promise that its state can be rebuilt to the bit.
    pub exact: bool,
    /// Makes one.
    pub build: fn(&Values) -> Result<Box<D>, InvalidConfig>,
}

impl<D: ?Sized> Entry<D> {
    /// Makes one with every parameter at its default.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a parameter without a default.
    pub fn build_default(&self) -> Result<Box<D>, InvalidConfig> {
        (self.build)(&Values::defaults(self.params))
    }
}

impl<D: ?Sized> fmt::Debug for Entry<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A parameter of a detector.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its key in a configuration.
    pub name: &'static str,
    /// What it means, with its unit.
    pub about: &'static str,
    /// Type, bounds (inclusive) and default.
    pub kind: ParamKind,
}

/// Type, bounds (inclusive) and default of a parameter.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ParamKind {
    /// A whole number.
    Integer {
        /// Where nothing is configured.
        default: i64,
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// A finite number.
    Number {
        /// Where nothing is configured.
        default: f64,
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// A time span, such as `"90s"`, `"5m"`, `"2h"`, `"1d"`.
    Duration {
        /// Where nothing is configured.
        default: Duration,
        /// Shortest.
        min: Duration,
        /// Longest.
        max: Duration,
    },
    /// A price; absent unless configured.
    Price,
}

/// Value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Of [`ParamKind::Integer`].
    Integer(i64),
    /// Of [`ParamKind::Number`].
    Number(f64),
    /// Of [`ParamKind::Duration`].
    Duration(Duration),
    /// Of [`ParamKind::Price`].
    Price(Price),
}

/// Checked values of a detector's parameters, with defaults filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Vec<(&'static str, Value)>);

impl Values {
    /// Every parameter at its default; prices are absent.
    #[must_use]
    pub fn defaults(params: &[Param]) -> Self {
        Self(
            params
                .iter()
                .filter_map(|param| {
                    let value = match param.kind {
                        ParamKind::Integer { default, .. } => Value::Integer(default),
                        ParamKind::Number { default, .. } => Value::Number(default),
                        ParamKind::Duration { default, .. } => Value::Duration(default),
                        ParamKind::Price => return None,
                    };
                    Some((param.name, value))
                })
                .collect(),
        )
    }

    /// Sets a parameter.
    ///
    /// # Errors
    /// [`InvalidConfig`] if the type does not fit or the value is out of bounds.
    pub fn set(&mut self, param: &Param, value: Value) -> Result<(), InvalidConfig> {
        match (param.kind, value) {
            (ParamKind::Integer { min, max, .. }, Value::Integer(v)) => {
                within(param.name, v, min, max)?
            }
            (ParamKind::Number { min, max, .. }, Value::Number(v)) => {
                within(param.name, v, min, max)?
            }
            (ParamKind::Duration { min, max, .. }, Value::Duration(v)) => {
                within(param.name, Span(v), Span(min), Span(max))?;
            }
            (ParamKind::Price, Value::Price(_)) => {}
            (_, v) => {
                return Err(InvalidConfig::new(
                    param.name,
                    format!("{v:?}"),
                    param.kind.to_string(),
                ));
            }
        }
        self.0.retain(|(name, _)| *name != param.name);
        self.0.push((param.name, value));
        Ok(())
    }

    fn find(&self, name: &str) -> Option<Value> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, value)| *value)
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`InvalidConfig`] if the table has no such parameter: a fault of the detector's table row.
    pub fn integer(&self, name: &'static str) -> Result<i64, InvalidConfig> {
        match self.find(name) {
            Some(Value::Integer(value)) => Ok(value),
            _ => Err(InvalidConfig::missing(name)),
        }
    }

    /// A whole number of quotes.
    ///
    /// # Errors
    /// As [`Values::integer`], and for a negative number.
    pub fn count(&self, name: &'static str) -> Result<usize, InvalidConfig> {
        let value = self.integer(name)?;
        usize::try_from(value)
            .map_err(|_| InvalidConfig::new(name, value, "a number of quotes, 0 or more"))
    }

    /// A number.
    ///
    /// # Errors
    /// As [`Values::integer`].
    pub fn number(&self, name: &'static str) -> Result<f64, InvalidConfig> {
        match self.find(name) {
            Some(Value::Number(value)) => Ok(value),
            _ => Err(InvalidConfig::missing(name)),
        }
    }

    /// A time span.
    ///
    /// # Errors
    /// As [`Values::integer`].
    pub fn duration(&self, name: &'static str) -> Result<Duration, InvalidConfig> {
        match self.find(name) {
            Some(Value::Duration(value)) => Ok(value),
            _ => Err(InvalidConfig::missing(name)),
        }
    }

    /// A price, if one is configured.
    #[must_use]
    pub fn price(&self, name: &'static str) -> Option<Price> {
        match self.find(name) {
            Some(Value::Price(value)) => Some(value),
            _ => None,
        }
    }
}

/// Checks that `value` is within `min` to `max`, both inclusive; for constructors.
///
/// # Errors
/// [`InvalidConfig`] that names the key, the value and the bounds. NaN is outside every range.
pub fn within<T: PartialOrd + fmt::Display>(
    key: &str,
    value: T,
    min: T,
    max: T,
) -> Result<(), InvalidConfig> {
    if value >= min && value <= max {
        return Ok(());
    }
    Err(InvalidConfig::new(key, value, format!("{min} to {max}")))
}

/// A setting that cannot be used: which, what it was, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} is {value}, allowed is {allowed}")]
pub struct InvalidConfig {
    /// The key, with the tables that it stands in (`anomaly.return_zscore.period`).
    pub key: String,
    /// What it was.
    pub value: String,
    /// What would do.
    pub allowed: String,
}

impl InvalidConfig {
    /// `key` has `value`, and only `allowed` can be used.
    pub fn new(
        key: impl Into<String>,
        value: impl fmt::Display,
        allowed: impl Into<String>,
    ) -> Self {
        Self { key: key.into(), value: value.to_string(), allowed: allowed.into() }
    }

    fn missing(key: &str) -> Self {
        Self::new(key, "absent", "a value of the type that the detector's table states")
    }

    /// The same within the table `table`.
    #[must_use]
    pub fn within_table(mut self, table: &str) -> Self {
        self.key = format!("{table}.{}", self.key);
        self
    }
}

/// A time span as people write it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
            if millis != 0 && millis.is_multiple_of(size) {
                return write!(f, "{}{unit}", millis / size);
            }
        }
        write!(f, "{millis}ms")
    }
}

impl fmt::Display for Value {
    /// As a configuration has it, without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Duration(value) => Span(*value).fmt(f),
            Self::Price(value) => value.fmt(f),
        }
    }
}

impl ParamKind {
    /// Smallest and largest value, both allowed.
    #[must_use]
    pub const fn bounds(&self) -> (Value, Value) {
        match *self {
            Self::Integer { min, max, .. } => (Value::Integer(min), Value::Integer(max)),
            Self::Number { min, max, .. } => (Value::Number(min), Value::Number(max)),
            Self::Duration { min, max, .. } => (Value::Duration(min), Value::Duration(max)),
            Self::Price => (Value::Price(Price::MIN), Value::Price(Price::MAX)),
        }
    }
}

impl fmt::Display for ParamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer { min, max, .. } => write!(f, "a whole number, {min} to {max}"),
            Self::Number { min, max, .. } => write!(f, "a number, {min} to {max}"),
            Self::Duration { min, max, .. } => {
                write!(f, "a time span such as \"90s\" or \"5m\", {} to {}", Span(*min), Span(*max))
            }
            Self::Price => {
                write!(f, "a price as text, such as \"187.50\", {} to {}", Price::MIN, Price::MAX)
            }
        }
    }
}
