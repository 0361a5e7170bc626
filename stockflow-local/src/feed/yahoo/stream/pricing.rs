//! A message of the stream: a protobuf message in base64, plain or wrapped in JSON.

use base64_simd::STANDARD;
use serde::Deserialize;
use stockflow_core::Timestamp;

/// What a message says of a symbol; a field that is absent is 0 or empty, as protobuf has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pricing {
    pub(super) id: String,
    pub(super) price: f32,
    /// Market time in milliseconds.
    pub(super) time: i64,
    pub(super) market_hours: u64,
    pub(super) day_volume: i64,
    pub(super) day_high: f32,
    pub(super) day_low: f32,
    pub(super) open: f32,
    pub(super) previous_close: f32,
}

/// `market_hours` of the regular session; crypto and currencies have no other.
pub(super) const REGULAR: u64 = 1;

#[derive(Deserialize)]
struct Envelope {
    r#type: Option<String>,
    message: Option<String>,
}

/// Why a message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unreadable(&'static str);

const NO_PROTOBUF: Unreadable = Unreadable("not protobuf");

impl Pricing {
    /// Reads a message; none, if it is of another kind.
    pub(super) fn read(text: &str) -> Result<Option<Self>, Unreadable> {
        let text = text.trim();
        if !text.starts_with('{') {
            return Self::decode(text).map(Some);
        }
        let envelope: Envelope =
            serde_json::from_str(text).map_err(|_| Unreadable("neither base64 nor JSON"))?;
        match (envelope.r#type.as_deref(), envelope.message) {
            (None | Some("pricing"), Some(message)) => Self::decode(&message).map(Some),
            _ => Ok(None),
        }
    }

    /// Market time.
    pub(super) fn at(&self) -> Option<Timestamp> {
        let micros = self.time.checked_mul(1_000).filter(|micros| *micros > 0)?;
        Timestamp::from_micros(micros).ok()
    }

    fn decode(text: &str) -> Result<Self, Unreadable> {
        let bytes = STANDARD.decode_to_vec(text).map_err(|_| Unreadable("not base64"))?;
        let (mut pricing, mut rest) = (Self::default(), &bytes[..]);
        while !rest.is_empty() {
            let tag = varint(&mut rest)?;
            let value = Value::read(tag & 7, &mut rest)?;
            if tag >> 3 == 0 {
                return Err(NO_PROTOBUF);
            }
            pricing.set(tag >> 3, value);
        }
        Ok(pricing)
    }

    fn set(&mut self, field: u64, value: Value<'_>) {
        match (field, value) {
            (1, Value::Bytes(text)) => self.id = String::from_utf8_lossy(text).into_owned(),
            (2, Value::Float(value)) => self.price = value,
            (3, Value::Varint(value)) => self.time = signed(value),
            (7, Value::Varint(value)) => self.market_hours = value,
            (9, Value::Varint(value)) => self.day_volume = signed(value),
            (10, Value::Float(value)) => self.day_high = value,
            (11, Value::Float(value)) => self.day_low = value,
            (15, Value::Float(value)) => self.open = value,
            (16, Value::Float(value)) => self.previous_close = value,
            // What is of no interest, or of another type than it was.
            _ => {}
        }
    }
}

enum Value<'a> {
    Varint(u64),
    Float(f32),
    Bytes(&'a [u8]),
    Other,
}

impl<'a> Value<'a> {
    fn read(kind: u64, rest: &mut &'a [u8]) -> Result<Self, Unreadable> {
        Ok(match kind {
            0 => Self::Varint(varint(rest)?),
            1 => {
                take(rest, 8)?;
                Self::Other
            }
            2 => {
                let length = usize::try_from(varint(rest)?).map_err(|_| NO_PROTOBUF)?;
                Self::Bytes(take(rest, length)?)
            }
            5 => {
                let bytes = take(rest, 4)?.first_chunk().ok_or(NO_PROTOBUF)?;
                Self::Float(f32::from_le_bytes(*bytes))
            }
            _ => return Err(NO_PROTOBUF),
        })
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Unreadable> {
    let (taken, more) = rest.split_at_checked(length).ok_or(NO_PROTOBUF)?;
    *rest = more;
    Ok(taken)
}

fn varint(rest: &mut &[u8]) -> Result<u64, Unreadable> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(NO_PROTOBUF)
}

/// Zigzag: 0, −1, 1, −2, …
const fn signed(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests;
