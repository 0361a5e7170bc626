//! As much of protobuf as aggregated records need.

const LENGTH_DELIMITED: u64 = 2;

/// Length of `number` as a varint.
pub(super) const fn varint_len(number: u64) -> usize {
    let bits = 64 - (number | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Appends `number` as a varint.
pub(super) fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends field `number` with the bytes `value`.
pub(super) fn put_bytes(number: u32, value: &[u8], out: &mut Vec<u8>) {
    put_varint(u64::from(number) << 3 | LENGTH_DELIMITED, out);
    put_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of four or eight bytes: nothing here has such a field.
    Fixed,
}

impl<'a> Value<'a> {
    pub(super) const fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn index(self) -> Option<usize> {
        match self {
            Self::Number(number) => number.try_into().ok(),
            _ => None,
        }
    }
}

/// The fields of a message; its last item is `None` if the bytes are no message.
#[derive(Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            LENGTH_DELIMITED => {
                let len = self.varint()?.try_into().ok()?;
                Value::Bytes(self.take(len)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        Some((tag >> 3, value))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_have_the_length_that_is_said_and_come_back() {
        for number in [0, 1, 127, 128, 300, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(number, &mut bytes);
            assert_eq!(bytes.len(), varint_len(number), "{number}");
            assert_eq!(Fields(&bytes).varint(), Some(number));
        }
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_no_message() {
        let mut whole = vec![0x08, 0x96, 0x01];
        put_bytes(2, b"key", &mut whole);
        let fields: Vec<_> = Fields(&whole).collect();
        assert_eq!(fields, [Some((1, Value::Number(150))), Some((2, Value::Bytes(b"key")))]);
        assert_eq!(Fields(&whole[..whole.len() - 1]).last(), Some(None));
        assert_eq!(Fields(&[0x08, 0x96]).last(), Some(None));
        assert_eq!(Fields(&[0xff; 20]).last(), Some(None));
        // A length beyond any memory.
        assert_eq!(
            Fields(&[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).last(),
            Some(None)
        );
    }
}
