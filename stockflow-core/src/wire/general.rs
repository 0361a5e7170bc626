//! The general way in: any JSON object with our keys.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::DecodeError;
use crate::{Price, Quote, Symbol, Timestamp, Volume};

/// The keys of a record, in canonical order.
const KEYS: [&str; 10] = [
    "symbol",
    "open",
    "high",
    "low",
    "price",
    "previous_close",
    "change",
    "change_percent",
    "volume",
    "timestamp",
];

/// Reads a record of any form.
pub(super) fn read(record: &[u8]) -> Result<Quote, DecodeError> {
    let object = Object::read(text(record)?, &KEYS)?;
    quote(&object)
}

/// The quote in an object whose keys include those of a record.
pub(super) fn quote<const N: usize>(object: &Object<'_, N>) -> Result<Quote, DecodeError> {
    Ok(Quote {
        symbol: Symbol::new(&object.string("symbol")?).map_err(DecodeError::Symbol)?,
        open: price(object, "open")?,
        high: price(object, "high")?,
        low: price(object, "low")?,
        price: price(object, "price")?,
        previous_close: price(object, "previous_close")?,
        volume: Volume::from_bytes(object.number("volume")?.as_bytes())
            .map_err(DecodeError::Volume)?,
        timestamp: Timestamp::from_bytes(object.string("timestamp")?.as_bytes())
            .map_err(DecodeError::Timestamp)?,
    })
}

fn price<const N: usize>(object: &Object<'_, N>, key: &'static str) -> Result<Price, DecodeError> {
    Price::from_bytes(object.number(key)?.as_bytes())
        .map_err(|error| DecodeError::Price { key, error })
}

/// JSON is UTF-8, in keys that we ignore too.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|error| DecodeError::Json(error.to_string()))
}

/// The values of some keys of a JSON object, as their text. Other keys are ignored.
#[derive(Debug)]
pub(crate) struct Object<'a, const N: usize> {
    keys: &'static [&'static str; N],
    values: [Option<&'a RawValue>; N],
}

impl<'a, const N: usize> Object<'a, N> {
    /// Reads `text`, which must be one object that has none of `keys` twice.
    pub(crate) fn read(
        text: &'a str,
        keys: &'static [&'static str; N],
    ) -> Result<Self, DecodeError> {
        // Checked here because serde's message for another type would repeat the whole value.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(DecodeError::Json("it does not start with {".into()));
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let object = Keys(keys).deserialize(&mut json)?;
        json.end()?;
        Ok(object)
    }

    /// The text of a value that is there and not null.
    pub(crate) fn value(&self, key: &'static str) -> Result<&'a str, DecodeError> {
        let index = self.keys.iter().position(|k| *k == key);
        match index.and_then(|index| self.values[index]).map(RawValue::get) {
            None | Some("null") => Err(DecodeError::Missing(key)),
            Some(text) => Ok(text),
        }
    }

    pub(crate) fn number(&self, key: &'static str) -> Result<&'a str, DecodeError> {
        let value = self.value(key)?;
        if value.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Ok(value);
        }
        Err(DecodeError::Type { key, expected: "number" })
    }

    pub(crate) fn string(&self, key: &'static str) -> Result<Cow<'a, str>, DecodeError> {
        let value = self.value(key)?;
        match value.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            None => Err(DecodeError::Type { key, expected: "string" }),
            Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
            Some(_) => Ok(Cow::Owned(serde_json::from_str(value)?)),
        }
    }
}

/// Reads an [`Object`].
struct Keys<const N: usize>(&'static [&'static str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Keys<N> {
    type Value = Object<'de, N>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Keys<N> {
    type Value = Object<'de, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut values = [None; N];
        while let Some(index) = map.next_key_seed(KeyIndex(self.0))? {
            let value = map.next_value::<&'de RawValue>()?;
            let Some(index) = index else { continue };
            if values[index].replace(value).is_some() {
                return Err(M::Error::custom(format_args!("the key {} twice", self.0[index])));
            }
        }
        Ok(Object { keys: self.0, values })
    }
}

/// Reads a key as its index, if it is one of ours.
struct KeyIndex<'a>(&'a [&'static str]);

impl<'de> DeserializeSeed<'de> for KeyIndex<'_> {
    type Value = Option<usize>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyIndex<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|k| *k == key))
    }
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error.to_string())
    }
}
