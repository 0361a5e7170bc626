//! Values on the command line that are read in more than one command.

use stockflow_core::{Date, Timestamp};

/// A day such as `2026-11-23`.
pub(super) fn day(text: &str) -> Result<Date, String> {
    let read = || {
        let mut parts = text.splitn(3, '-').map(|part| {
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten()
        });
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        Date::new(i32::try_from(year).ok()?, month, day)
    };
    read().ok_or_else(|| "not a day from 1970-01-01 to 9999-12-31, such as 2026-11-23".to_owned())
}

/// A time in RFC 3339, or a day, which stands for its first moment in UTC.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(date) = day(text) {
        return Ok(date.start());
    }
    text.parse().map_err(|_| {
        "neither a time such as 2026-11-23T14:30:00Z nor a day such as 2026-11-23".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_read() {
        assert_eq!(day("2026-11-23").unwrap().to_string(), "2026-11-23");
        assert_eq!(time("2026-11-23").unwrap().to_string(), "2026-11-23T00:00:00.000000Z");
        assert_eq!(
            time("2026-11-23T09:30:00-05:00").unwrap().to_string(),
            "2026-11-23T14:30:00.000000Z"
        );
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2026",
            "2026-11",
            "2026-13-01",
            "2026-02-30",
            "+2026-1-1",
            "2026-11-23x",
            "1969-12-31",
        ] {
            assert!(day(text).is_err(), "{text}");
        }
        assert!(time("yesterday").is_err());
    }
}
