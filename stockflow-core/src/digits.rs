//! Eight decimal digits at a time, each a byte of a `u64`, the first one lowest: as they lie in text.

/// ASCII zero in each byte.
pub(crate) const ZEROS: u64 = 0x3030_3030_3030_3030;

/// Flags, by the top bit, the bytes that are not 0 to 9. What lies after a byte above 0x89 may be flagged wrongly.
pub(crate) const fn others(digits: u64) -> u64 {
    (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
}

/// The number that eight digits make.
pub(crate) const fn fold(digits: u64) -> u64 {
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) & 0xffff_ffff
}

/// The eight digits of a number below 10⁸.
pub(crate) const fn unfold(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    // Multiply and shift: exact division of each lane by 100, then by 10.
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - tens * 10) << 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_of_eight_digits_unfold_and_fold_back() {
        for number in (0..100_000_000).step_by(997).chain(99_990_000..100_000_000) {
            let digits = unfold(number);
            assert_eq!(fold(digits), number);
            assert_eq!((digits | ZEROS).to_le_bytes(), format!("{number:08}").as_bytes());
        }
    }

    #[test]
    fn what_is_no_digit_is_flagged() {
        for byte in 0..=255_u8 {
            let eight = [b'1', byte, b'2', b'3', b'4', b'5', b'6', b'7'];
            let flags = others(u64::from_le_bytes(eight) ^ ZEROS);
            let first = if byte.is_ascii_digit() { 8 } else { 1 };
            assert_eq!(flags.trailing_zeros() / 8, first, "{byte}");
        }
    }
}
