//! Decimal numbers as text, both ways, eight digits at a time.

use crate::digits::{ZEROS, fold, others, unfold};

const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Reads an unsigned decimal at the start of `text`, without sign, exponent or needless leading zeros: its value in units of
/// 10⁻⁸, and its length in bytes. At most ten digits before the point and eight after it.
#[inline]
pub(super) fn read_units(text: &[u8]) -> Option<(i64, usize)> {
    let Some(short) = Short::find(text) else { return read_long_units(text) };
    let units = fold(short.digits) * POWERS[short.whole];
    (short.is_plain(text)).then_some((units as i64, short.len))
}

/// Passes over a decimal such as [`read_units`] reads, of up to 16 digits before the point.
#[inline]
pub(super) fn skip(text: &[u8]) -> Option<usize> {
    match Short::find(text) {
        Some(short) => short.is_plain(text).then_some(short.len),
        None => {
            let (_, whole) = read_whole(text, 16)?;
            Some(whole + read_fraction(&text[whole..])?.1)
        }
    }
}

/// A decimal that ends within the next eight bytes, as nearly all do.
struct Short {
    /// Its digits without the point, followed by zeros.
    digits: u64,
    /// How many digits stand before the point.
    whole: usize,
    len: usize,
}

impl Short {
    #[inline]
    fn find(text: &[u8]) -> Option<Self> {
        let values = u64::from_le_bytes(*text.first_chunk::<8>()?) ^ ZEROS;
        let ends = others(values);
        if ends == 0 {
            return None;
        }
        let whole = ends.trailing_zeros() as usize / 8;
        if text.get(whole) != Some(&b'.') {
            let digits = values & low_bytes(whole);
            return Some(Self { digits, whole, len: whole });
        }
        // The point is flagged and the next flag is the end.
        let len = (ends & (ends - 1)).trailing_zeros() as usize / 8;
        let (before, after) = (low_bytes(whole), low_bytes(len) & !low_bytes(whole + 1));
        let digits = (values & before) | ((values & after) >> 8);
        (len < 8).then_some(Self { digits, whole, len })
    }

    /// Whether it has digits before and, if there is one, after the point, and no needless zero before it.
    #[inline]
    const fn is_plain(&self, text: &[u8]) -> bool {
        self.whole > 0 && self.len != self.whole + 1 && (text[0] != b'0' || self.whole == 1)
    }
}

/// Selects the first `count` (up to 8) bytes.
#[inline]
const fn low_bytes(count: usize) -> u64 {
    if count >= 8 { u64::MAX } else { (1 << (8 * count)) - 1 }
}

fn read_long_units(text: &[u8]) -> Option<(i64, usize)> {
    let (whole, len) = read_whole(text, 10)?;
    let (fraction, more) = read_fraction(&text[len..])?;
    // Ten digits and eight decimals stay under 10^18.
    Some(((whole * POWERS[8] + fraction) as i64, len + more))
}

/// Reads point and decimals, if there are any, in units of 10⁻⁸.
fn read_fraction(text: &[u8]) -> Option<(u64, usize)> {
    let [b'.', decimals @ ..] = text else { return Some((0, 0)) };
    let (digits, count) = leading_digits(decimals);
    (count > 0).then(|| (fold(digits), 1 + count))
}

/// Reads an unsigned whole number of at most `most` (up to 16) digits at the start of `text`: its value and its length.
pub(super) fn read_whole(text: &[u8], most: usize) -> Option<(u64, usize)> {
    let (digits, count) = leading_digits(text);
    if count == 0 || (count > 1 && text[0] == b'0') {
        return None;
    }
    let first = fold(digits << (8 * (8 - count)));
    if count < 8 {
        return Some((first, count));
    }
    let (digits, more) = leading_digits(&text[8..]);
    let len = 8 + more;
    (len <= most).then(|| (first * POWERS[more] + fold(digits) / POWERS[8 - more], len))
}

/// The digits that the next eight bytes start with, followed by zeros, and how many they are.
fn leading_digits(text: &[u8]) -> (u64, usize) {
    let Some(eight) = text.first_chunk::<8>() else { return (0, 0) };
    let values = u64::from_le_bytes(*eight) ^ ZEROS;
    let count = others(values).trailing_zeros() as usize / 8;
    (values & low_bytes(count), count)
}

/// Text of known greatest length that is being written. What lies after `len` is scratch.
#[derive(Debug)]
pub(super) struct Text<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl<'a> Text<'a> {
    /// Appends to `out` what `write` writes, `most` bytes at the most, eight of them scratch.
    pub(super) fn append(out: &mut Vec<u8>, most: usize, write: impl FnOnce(&mut Text<'_>)) {
        let start = out.len();
        out.resize(start + most, 0);
        let mut text = Text { bytes: &mut out[start..], len: 0 };
        write(&mut text);
        let len = text.len;
        out.truncate(start + len);
    }

    pub(super) fn raw<const N: usize>(&mut self, bytes: &[u8; N]) {
        self.padded(bytes, N);
    }

    /// The first `len` of `bytes`; copying a fixed number is faster.
    pub(super) fn padded<const N: usize>(&mut self, bytes: &[u8; N], len: usize) {
        self.bytes[self.len..self.len + N].copy_from_slice(bytes);
        self.len += len;
    }

    /// `units` of 10⁻⁸, as short as possible.
    pub(super) fn units(&mut self, units: i64) {
        if units < 0 {
            self.raw(b"-");
        }
        let magnitude = units.unsigned_abs();
        self.whole(magnitude / POWERS[8]);
        self.fraction(magnitude % POWERS[8]);
    }

    /// `number` of 10⁻⁴, as short as possible.
    pub(super) fn e4(&mut self, number: i64) {
        if number < 0 {
            self.raw(b"-");
        }
        let magnitude = number.unsigned_abs();
        self.whole(magnitude / POWERS[4]);
        self.fraction(magnitude % POWERS[4] * POWERS[4]);
    }

    /// `number` of 10⁻¹⁰, as short as possible.
    pub(super) fn e10(&mut self, number: u64) {
        const ONE: u64 = 100 * POWERS[8];
        self.whole(number / ONE);
        let (eight, two) = (number % ONE / 100, number % 100);
        if two == 0 {
            return self.fraction(eight);
        }
        self.raw(b".");
        self.eight_digits(unfold(eight), 0, 8);
        self.eight_digits(unfold(two), 6, if two.is_multiple_of(10) { 7 } else { 8 });
    }

    pub(super) fn whole(&mut self, number: u64) {
        if number >= POWERS[8] {
            self.whole(number / POWERS[8]);
            self.eight_digits(unfold(number % POWERS[8]), 0, 8);
        } else {
            let digits = unfold(number);
            // The last digit stays, even of zero.
            let leading = (digits.trailing_zeros() as usize / 8).min(7);
            self.eight_digits(digits, leading, 8);
        }
    }

    /// Point and decimals of a number below 10⁸ of 10⁻⁸, if there are any.
    fn fraction(&mut self, eight: u64) {
        if eight != 0 {
            self.raw(b".");
            let digits = unfold(eight);
            self.eight_digits(digits, 0, 8 - digits.leading_zeros() as usize / 8);
        }
    }

    /// The digits `from` to `to` (exclusive) of eight.
    fn eight_digits(&mut self, digits: u64, from: usize, to: usize) {
        let ascii = (digits | ZEROS) >> (8 * from);
        self.padded(&ascii.to_le_bytes(), to - from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Text<'_>)) -> String {
        let mut out = Vec::new();
        Text::append(&mut out, 64, write);
        String::from_utf8(out).unwrap()
    }

    fn read(text: &str) -> Option<(i64, usize)> {
        read_units(format!("{text},followed by more").as_bytes())
    }

    #[test]
    fn whole_numbers_are_written_as_others_do() {
        for number in (0..100_000_000).step_by(997) {
            assert_eq!(written(|t| t.whole(number)), number.to_string());
        }
    }

    #[test]
    fn decimals_are_as_short_as_they_can_be() {
        assert_eq!(written(|t| t.units(18_391_000_000)), "183.91");
        assert_eq!(written(|t| t.units(-1)), "-0.00000001");
        assert_eq!(written(|t| t.units(0)), "0");
        assert_eq!(written(|t| t.units(i64::MIN)), "-92233720368.54775808");
        assert_eq!(written(|t| t.e4(-50_000)), "-5");
        assert_eq!(written(|t| t.e4(12_345)), "1.2345");
        assert_eq!(written(|t| t.e4(i64::MAX)), "922337203685477.5807");
        assert_eq!(written(|t| t.e10(1_818_750_000_000)), "181.875");
        assert_eq!(written(|t| t.e10(25)), "0.0000000025");
        assert_eq!(written(|t| t.e10(50)), "0.000000005");
        assert_eq!(written(|t| t.e10(10_000_000_000_000_000_000)), "1000000000");
        assert_eq!(written(|t| t.whole(u64::MAX)), u64::MAX.to_string());
    }

    #[test]
    fn plain_decimals_are_read() {
        for (text, units) in [
            ("0", 0),
            ("0.00000001", 1),
            ("183.91", 18_391_000_000),
            ("12345678", 1_234_567_800_000_000),
            ("123456789", 12_345_678_900_000_000),
            ("1000000000.00000000", 100_000_000_000_000_000),
            ("9999999999.99999999", 999_999_999_999_999_999),
        ] {
            assert_eq!(read(text), Some((units, text.len())), "{text}");
        }
    }

    #[test]
    fn other_forms_are_left_to_the_general_reader() {
        for text in [
            "",
            "-1",
            ".5",
            "5.",
            "01",
            "00",
            "01.5",
            "12345678901",
            "1234567.",
            "123456.",
            "x",
            "\u{e9}1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        for (text, len) in [("1e5", 1), ("0.123456789", 10), ("1.5x", 3)] {
            assert_eq!(read(text).map(|(_, len)| len), Some(len), "{text}");
        }
        assert_eq!(read_whole(b"1234567890123456,fol", 16), Some((1_234_567_890_123_456, 16)));
        assert_eq!(read_whole(b"12345678901234567,fo", 16).map(|(_, len)| len), Some(16));
    }
}
