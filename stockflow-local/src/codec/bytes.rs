//! Integers, texts and floats as bytes.

/// Why stored bytes cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("written in format {found}, this program reads up to format {known}")]
    Version { found: u8, known: u8 },
    #[error("cut short")]
    Short,
    #[error("{0} bytes too many")]
    Long(usize),
    #[error("{0} is out of range")]
    Value(&'static str),
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small numbers of either sign take few bytes.
pub(crate) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn put_f64(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(&value.to_bits().to_le_bytes());
}

/// Takes values off the front.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed::Value("number"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64, Malformed> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A count or a length, which can never be larger than what is left.
    pub(crate) fn length(&mut self) -> Result<usize, Malformed> {
        let length = self.varint()?;
        if length > self.0.len() as u64 { Err(Malformed::Short) } else { Ok(length as usize) }
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = self.length()?;
        std::str::from_utf8(self.bytes(length)?).map_err(|_| Malformed::Value("text"))
    }

    pub(crate) fn f64(&mut self) -> Result<f64, Malformed> {
        Ok(f64::from_bits(u64::from_le_bytes(self.array()?)))
    }

    /// There is nothing left.
    pub(crate) const fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed::Long(self.0.len())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back() {
        let mut out = Vec::new();
        for value in [0, 1, -1, 63, -64, 64, i64::MAX, i64::MIN] {
            out.clear();
            put_signed(&mut out, value);
            let mut reader = Reader(&out);
            assert_eq!((reader.signed(), reader.end()), (Ok(value), Ok(())));
        }
        assert_eq!(Reader(&[0x80]).varint(), Err(Malformed::Short));
        assert_eq!(Reader(&[0xff; 11]).varint(), Err(Malformed::Value("number")));
        assert_eq!(Reader(&[0xff, 0x7f, 1]).length(), Err(Malformed::Short));
    }
}
