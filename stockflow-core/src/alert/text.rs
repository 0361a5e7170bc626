//! Alerts as people read them: what happened in numbers, why, when, and how to look closer.

use super::{
    Alert,
    phrase::{self, Phrase},
};
use crate::{AlertKind, Symbol, Timestamp};

/// SNS wants fewer than 100 characters.
const SUBJECT_MAX: usize = 99;
/// An SMS of one part holds 140 bytes.
const SHORT_MAX: usize = 140;

impl Alert {
    /// One line for a mail's subject or a list: fewer than 100 characters, printable ASCII, starts with a letter.
    ///
    /// ```
    /// # use stockflow_core::{Alert, AlertKind, Direction, Evidence, Severity};
    /// # let evidence = Evidence { direction: Direction::Down, score: 1.2, value: -6.0, threshold: -5.0 };
    /// let alert = Alert {
    ///     symbol: "AAPL".parse()?,
    ///     kind: AlertKind::Anomaly,
    ///     rule: "percent_change".into(),
    ///     severity: Severity::Critical,
    ///     cause: "2026-11-23T14:30:00Z".parse()?,
    ///     price: "164.5".parse()?,
    ///     change_percent: -6.0,
    ///     evidence,
    /// };
    /// assert_eq!(alert.subject(), "Critical: AAPL far below the previous close, 164.5 (-6.00 %)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn subject(&self) -> String {
        let severity = match self.severity {
            crate::Severity::Info => "Info",
            crate::Severity::Warning => "Warning",
            crate::Severity::Critical => "Critical",
        };
        let text = format!(
            "{severity}: {} {}, {} ({})",
            self.symbol,
            self.headline(),
            self.price,
            change(self.change_percent)
        );
        shortened(&printable(&text), SUBJECT_MAX)
    }

    /// Several lines, separated by line feeds, printable ASCII otherwise: what happened in numbers, why, when, and how to
    /// look closer.
    #[must_use]
    pub fn message(&self) -> String {
        let Self { symbol, price, cause, .. } = self;
        let kind = match self.kind {
            AlertKind::Anomaly => "anomaly",
            AlertKind::Trend => "turn of trend",
        };
        [
            format!("{symbol}: {}", self.headline()),
            format!("Price {price}, {} from the previous close", change(self.change_percent)),
            format!("Why: {kind} by the rule {}: {}", self.rule, self.reason()),
            format!("When: {cause} (market time, UTC)"),
            format!("Look closer: stockflow latest {}", shell_word(symbol)),
            format!("SQL: {}", sql(symbol, *cause)),
            format!("Alert: {}", self.id()),
        ]
        .map(|line| printable(&line))
        .join("\n")
    }

    /// One line for an SMS: at most 140 characters, printable ASCII.
    #[must_use]
    pub fn short(&self) -> String {
        let (date, time) = (self.cause.date(), self.cause.to_string());
        let when = format!(", {date} {} UTC", time.get(11..16).unwrap_or_default());
        let text = format!(
            "{} {} ({}): {}, {}",
            self.symbol,
            self.price,
            change(self.change_percent),
            self.headline(),
            self.reason()
        );
        // Whatever is too long, the time stays.
        shortened(&printable(&text), SHORT_MAX - when.len()) + &when
    }

    /// What happened, in a few words of printable ASCII: `far below the previous close`.
    #[must_use]
    pub fn headline(&self) -> String {
        let direction = self.evidence.direction;
        match Phrase::of(&self.rule) {
            Some(phrase) => phrase.headline(direction).to_owned(),
            None => printable(&format!("{} {}", self.rule, phrase::direction(direction))),
        }
    }

    /// Why: value, bound and score with the units of the rule, in printable ASCII.
    #[must_use]
    pub fn reason(&self) -> String {
        let evidence = &self.evidence;
        let (measured, bound, unit) = Phrase::of(&self.rule)
            .map_or(("value", "bound", ""), |phrase| (phrase.measured, phrase.bound, phrase.unit));
        let (value, threshold) = (number(evidence.value), number(evidence.threshold));
        format!("{measured} {value}{unit}, {bound} {threshold}, score {}", number(evidence.score))
    }
}

/// A change in percent, with its sign.
fn change(percent: f64) -> String {
    match percent.abs() {
        ..0.005 => "0.00 %".to_owned(),
        ..1e6 => format!("{percent:+.2} %"),
        _ => format!("{percent:+.1e} %"),
    }
}

/// A number as short as people want it: at least three significant digits, no trailing zeros.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        0.0 => 0,
        1.0..1e12 => 2,
        0.01..1.0 => 4,
        _ => return format!("{value:.2e}"),
    };
    let text = format!("{value:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Names of rules may hold anything; what is not printable ASCII becomes a question mark.
fn printable(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect()
}

/// `text`, which is ASCII, with an ellipsis where it is longer than `most`.
fn shortened(text: &str, most: usize) -> String {
    match text.get(..most.saturating_sub(3)) {
        Some(start) if text.len() > most => format!("{}...", start.trim_end()),
        _ => text.to_owned(),
    }
}

/// A symbol as an argument of a command: `$`, `&`, `#`, `!` and `*` mean something to a shell.
fn shell_word(symbol: &Symbol) -> String {
    let text = symbol.as_str();
    let dashes = if text.starts_with('-') { "-- " } else { "" };
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-=:@+".contains(&b)) {
        return format!("{dashes}{text}");
    }
    // No symbol has a quote in it.
    format!("{dashes}'{text}'")
}

fn sql(symbol: &Symbol, cause: Timestamp) -> String {
    format!(
        "SELECT * FROM stock_data_table WHERE symbol = '{symbol}' AND dt = '{}' ORDER BY \"timestamp\"",
        cause.date()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Direction, Evidence, Severity};

    fn alert(symbol: &str, rule: &'static str, numbers: [f64; 4]) -> Alert {
        let [change_percent, score, value, threshold] = numbers;
        Alert {
            symbol: symbol.parse().unwrap(),
            kind: AlertKind::Anomaly,
            rule: rule.into(),
            severity: Severity::Critical,
            cause: "2026-11-23T14:30:00Z".parse().unwrap(),
            price: "164.5".parse().unwrap(),
            change_percent,
            evidence: Evidence { direction: Direction::Down, score, value, threshold },
        }
    }

    #[test]
    fn a_message_says_what_why_when_and_how_to_look_closer() {
        let text = alert("AAPL", "percent_change", [-6.0, 1.2, -6.0, -5.0]).message();
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                "AAPL: far below the previous close",
                "Price 164.5, -6.00 % from the previous close",
                "Why: anomaly by the rule percent_change: change from the previous close -6 %, bound -5, score 1.2",
                "When: 2026-11-23T14:30:00.000000Z (market time, UTC)",
                "Look closer: stockflow latest AAPL",
                "SQL: SELECT * FROM stock_data_table WHERE symbol = 'AAPL' AND dt = '2026-11-23' ORDER BY \"timestamp\"",
                "Alert: AAPL/percent_change/down/2026-11-23T14:30:00.000000Z",
            ]
        );
    }

    #[test]
    fn a_short_text_names_price_reason_and_time() {
        assert_eq!(
            alert("BRK-B", "return_zscore", [-6.0, 9.5, -1.25, -0.75]).short(),
            "BRK-B 164.5 (-6.00 %): unusual drop, change since the quote before -1.25 %, bound -0.75, score 9.5, 2026-11-23 14:30 UTC"
        );
    }

    #[test]
    fn a_rule_of_ones_own_reads_by_its_name() {
        let own = alert("AAPL", "my_rule", [1.0, 2.0, 3.0, 2.5]);
        assert_eq!(own.subject(), "Critical: AAPL my_rule down, 164.5 (+1.00 %)");
        assert!(own.message().contains("value 3, bound 2.5, score 2"));
        let variant = alert("AAPL", "price_level_low", [1.0, 2.0, 3.0, 2.5]);
        assert_eq!(variant.subject(), "Critical: AAPL fell below a price level, 164.5 (+1.00 %)");
    }

    #[test]
    fn texts_are_short_printable_lines_whatever_the_alert_holds() {
        let long: &'static str = "x".repeat(300).leak();
        for rule in ["a\r\nBcc: x@example.com", "\u{7}\u{1b}[31m", "Ümlaut \u{2028}", long, ""] {
            for number in [f64::NAN, f64::INFINITY, -1e300, 1e-300, 1e19] {
                let mut alert = alert("$*!&#^_____________$$$X", rule, [number; 4]);
                alert.price = crate::Price::MAX;
                let lines = [alert.subject(), alert.short()];
                assert!(lines[0].len() < 100, "{}", lines[0]);
                assert!(lines[1].len() <= 140 && lines[1].ends_with(", 2026-11-23 14:30 UTC"));
                for text in lines.iter().map(String::as_str).chain(alert.message().split('\n')) {
                    assert!(text.bytes().all(|b| matches!(b, b' '..=b'~')), "{text:?}");
                }
                assert!(lines[0].starts_with("Critical: "));
            }
        }
    }

    #[test]
    fn a_command_survives_a_shell() {
        for (symbol, word) in [
            ("BTC-USD", "BTC-USD"),
            ("EURUSD=X", "EURUSD=X"),
            ("^GSPC", "'^GSPC'"),
            ("A$B", "'A$B'"),
            ("-rf", "-- -rf"),
            ("#X", "'#X'"),
        ] {
            assert_eq!(shell_word(&symbol.parse().unwrap()), word);
        }
    }

    #[test]
    fn numbers_keep_what_matters() {
        for (value, text) in [
            (5.0, "5"),
            (-5.25, "-5.25"),
            (100.0, "100"),
            (1034.567, "1034.57"),
            (0.125, "0.125"),
            (0.0, "0"),
            (0.000_012_34, "1.23e-5"),
            (2e12, "2.00e12"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
