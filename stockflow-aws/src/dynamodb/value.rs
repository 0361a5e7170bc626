//! Attribute values, from the SDK or from the JSON of a stream, and numbers that stay as they are.

use std::{borrow::Cow, collections::HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, de::IgnoredAny};
use stockflow_core::{InvalidPrice, Price, Timestamp, wire::DecodeError};

/// An item, or a map within it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// An attribute's value; borrowed from where it was read.
#[derive(Debug, Deserialize)]
pub(super) enum Value<'a> {
    S(#[serde(borrow)] Cow<'a, str>),
    N(#[serde(borrow)] Cow<'a, str>),
    #[serde(rename = "BOOL")]
    Bool(bool),
    #[serde(borrow)]
    L(Vec<Value<'a>>),
    #[serde(borrow)]
    M(Fields<'a>),
    // Types that we do not write: other programs may.
    #[serde(alias = "NULL", alias = "B", alias = "SS", alias = "NS", alias = "BS")]
    Other(IgnoredAny),
}

/// An item's attributes by name.
#[derive(Debug, Deserialize)]
pub(super) struct Fields<'a>(#[serde(borrow)] HashMap<Cow<'a, str>, Value<'a>>);

impl<'a> From<&'a AttributeValue> for Value<'a> {
    fn from(value: &'a AttributeValue) -> Self {
        match value {
            AttributeValue::S(text) => Self::S(text.into()),
            AttributeValue::N(number) => Self::N(number.into()),
            AttributeValue::Bool(value) => Self::Bool(*value),
            AttributeValue::L(values) => Self::L(values.iter().map(Self::from).collect()),
            AttributeValue::M(item) => Self::M(item.into()),
            _ => Self::Other(IgnoredAny),
        }
    }
}

impl<'a> From<&'a Item> for Fields<'a> {
    fn from(item: &'a Item) -> Self {
        Self(item.iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<'a> Fields<'a> {
    pub(super) fn find(&self, key: &str) -> Option<&Value<'a>> {
        self.0.get(key)
    }

    fn value(&self, key: &'static str) -> Result<&Value<'a>, DecodeError> {
        self.find(key).ok_or(DecodeError::Missing(key))
    }

    pub(super) fn text(&self, key: &'static str) -> Result<&str, DecodeError> {
        match self.value(key)? {
            Value::S(text) => Ok(text),
            _ => Err(DecodeError::Type { key, expected: "string" }),
        }
    }

    pub(super) fn number(&self, key: &'static str) -> Result<&str, DecodeError> {
        match self.value(key)? {
            Value::N(number) => Ok(number),
            _ => Err(DecodeError::Type { key, expected: "number" }),
        }
    }

    pub(super) fn whole<T: std::str::FromStr>(&self, key: &'static str) -> Result<T, DecodeError> {
        self.number(key)?.parse().map_err(|_| DecodeError::Type { key, expected: "whole number" })
    }

    pub(super) fn price(&self, key: &'static str) -> Result<Price, DecodeError> {
        let error = |error: InvalidPrice| DecodeError::Price { key, error };
        Price::from_bytes(self.number(key)?.as_bytes()).map_err(error)
    }

    /// A time in its canonical form: the only one whose order is the order of its texts.
    pub(super) fn time(&self, key: &'static str) -> Result<Timestamp, DecodeError> {
        Timestamp::from_canonical(self.text(key)?.as_bytes())
            .ok_or(DecodeError::Type { key, expected: "time with six decimals and Z" })
    }

    /// As [`Self::time`]; `None` if there is no such attribute.
    pub(super) fn time_if_any(&self, key: &'static str) -> Result<Option<Timestamp>, DecodeError> {
        self.find(key).map(|_| self.time(key)).transpose()
    }

    /// A float that [`float`] wrote.
    pub(super) fn float(&self, key: &'static str) -> Result<f64, DecodeError> {
        match self.value(key)? {
            Value::N(text) | Value::S(text) => text.parse().ok(),
            _ => None,
        }
        .ok_or(DecodeError::Type { key, expected: "number" })
    }

    pub(super) fn is_true(&self, key: &'static str) -> Result<bool, DecodeError> {
        match self.find(key) {
            None => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(DecodeError::Type { key, expected: "boolean" }),
        }
    }

    /// A list; empty if there is no such attribute.
    pub(super) fn list(&self, key: &'static str) -> Result<&[Value<'a>], DecodeError> {
        match self.find(key) {
            None => Ok(&[]),
            Some(Value::L(values)) => Ok(values),
            Some(_) => Err(DecodeError::Type { key, expected: "list" }),
        }
    }
}

pub(super) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(super) fn whole(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// `value` times 10^-`scale`, without needless zeros.
pub(super) fn decimal(value: i128, scale: usize) -> AttributeValue {
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    AttributeValue::N(format!("{sign}{whole}{point}{fraction}"))
}

/// A float, to the last bit: as a number where the service's numbers reach (38 digits from 10⁻¹³⁰ to 10¹²⁶), as a text where
/// they do not.
pub(super) fn float(value: f64) -> AttributeValue {
    let size = value.abs();
    let plain = (1e-6..1e16).contains(&size) || (value == 0.0 && value.is_sign_positive());
    if plain {
        AttributeValue::N(value.to_string())
    } else if (1e-129..1e125).contains(&size) {
        AttributeValue::N(format!("{value:e}"))
    } else {
        AttributeValue::S(format!("{value:e}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_have_no_needless_zeros() {
        for (value, scale, expected) in [
            (0, 8, "0"),
            (1, 8, "0.00000001"),
            (-1, 4, "-0.0001"),
            (875_000_000, 8, "8.75"),
            (-5_000, 4, "-0.5"),
            (100_000_000_000_000_000, 8, "1000000000"),
        ] {
            assert_eq!(decimal(value, scale), AttributeValue::N(expected.into()));
        }
    }

    proptest! {
        #[test]
        fn floats_read_back_to_the_last_bit(value: f64) {
            let item = Item::from([("x".to_owned(), float(value))]);
            let back = Fields::from(&item).float("x").unwrap();
            prop_assert!(back.to_bits() == value.to_bits() || (value.is_nan() && back.is_nan()));
            if let AttributeValue::N(number) = &item["x"] {
                let digits = number.split('e').next().unwrap().bytes().filter(u8::is_ascii_digit);
                prop_assert!(value.is_finite() && digits.count() <= 38, "{number}");
            }
        }
    }

    #[test]
    fn what_a_number_cannot_be_is_a_text() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX, 5e-324] {
            let item = Item::from([("x".to_owned(), float(value))]);
            assert!(item["x"].is_s(), "{value}");
            let back = Fields::from(&item).float("x").unwrap();
            assert!(back.to_bits() == value.to_bits() || value.is_nan(), "{value}");
        }
    }
}
