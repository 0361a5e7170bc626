//! Time spans as people write them.

use std::time::Duration;

/// Reads `"90s"`, `"5m"`, `"2h"`, `"1d"` or `"500ms"`.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let millis = match unit.trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(millis).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Span;

    #[test]
    fn spans_are_read_as_they_are_written() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("5m", 300), ("2h", 7200), ("1 d", 86_400)]
        {
            let span = parse(text).unwrap();
            assert_eq!(span, Duration::from_secs(seconds));
            assert_eq!(parse(&Span(span).to_string()), Some(span));
        }
        assert_eq!(parse("1500ms"), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "5",
            "m",
            "-5m",
            "1.5h",
            "5 minutes",
            "5M",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
