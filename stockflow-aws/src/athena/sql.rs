//! What may be in a query.

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
};

use stockflow_core::InvalidConfig;

/// A value that a `?` stands for.
///
/// Athena takes parameters as SQL text: quotes are doubled here, so that no text can end its own literal.
///
/// ```
/// use stockflow_aws::athena::SqlParameter;
///
/// assert_eq!(SqlParameter::text("it's").to_string(), "'it''s'");
/// assert_eq!(SqlParameter::integer(-5).to_string(), "-5");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlParameter(String);

impl SqlParameter {
    /// A text.
    #[must_use]
    pub fn text(value: &str) -> Self {
        Self(format!("'{}'", value.replace('\'', "''")))
    }

    /// A whole number.
    #[must_use]
    pub fn integer(value: i64) -> Self {
        Self(value.to_string())
    }

    /// A double.
    #[must_use]
    pub fn double(value: f64) -> Self {
        Self(match value {
            _ if value.is_nan() => "nan()".into(),
            f64::INFINITY => "infinity()".into(),
            f64::NEG_INFINITY => "-infinity()".into(),
            // With an exponent it is a double, without one a decimal.
            _ => format!("{value:E}"),
        })
    }
}

impl fmt::Display for SqlParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `name` may stand for a resource: letters, digits and `others`.
pub(super) fn check_name(
    key: &str,
    name: &str,
    others: &str,
    longest: usize,
) -> Result<(), InvalidConfig> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || others.bytes().any(|other| other == b);
    if (1..=longest).contains(&name.len()) && name.bytes().all(legal) {
        return Ok(());
    }
    let allowed = format!("1 to {longest} letters, digits and characters out of {others}");
    Err(InvalidConfig::new(key, name, allowed))
}

/// Words that a statement starts with which only reads.
const READING: [&str; 8] =
    ["select", "with", "values", "table", "show", "describe", "desc", "explain"];

/// Whether a statement only reads, by its first word.
pub(super) fn check_read_only(sql: &str) -> Result<(), String> {
    let word: String = start(sql).chars().take_while(char::is_ascii_alphabetic).collect::<String>();
    if READING.contains(&word.to_ascii_lowercase().as_str()) {
        return Ok(());
    }
    Err(format!("only queries are run, and this starts with `{word}`, which is none"))
}

/// What follows after spaces, comments and opening brackets.
fn start(sql: &str) -> &str {
    let mut rest = sql;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
        } else {
            return rest;
        }
    }
}

/// A name for one start of a query, which nobody else uses.
pub(super) fn token() -> String {
    let part = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}{:016x}", part(), part(), part())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_ends_its_own_literal(text in ".*") {
            let quoted = SqlParameter::text(&text).to_string();
            let inside = quoted.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap();
            // Every quote inside has its twin beside it.
            prop_assert!(!inside.replace("''", "").contains('\''));
            prop_assert_eq!(inside.replace("''", "'"), text);
        }

        #[test]
        fn a_double_is_the_same_double(value in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO) {
            let text = SqlParameter::double(value).to_string();
            prop_assert!(text.contains('E'));
            prop_assert_eq!(text.parse::<f64>().unwrap(), value);
        }
    }

    #[test]
    fn a_statement_that_changes_something_is_refused() {
        for sql in [
            "SELECT 1",
            " \n(select 1) UNION (select 2)",
            "-- why\n/* and how */ WITH a AS (SELECT 1) SELECT * FROM a",
            "SHOW TABLES",
            "describe t",
            "EXPLAIN SELECT 1",
        ] {
            assert_eq!(check_read_only(sql), Ok(()), "{sql}");
        }
        for sql in [
            "",
            "--",
            "/* SELECT",
            "DROP TABLE stock_data_table",
            "/* SELECT */ insert into t values (1)",
            "-- SELECT\nDELETE FROM t",
            "CREATE TABLE a AS SELECT 1",
            "UNLOAD (SELECT 1) TO 's3://x/'",
            "selectx 1",
            "'select'",
        ] {
            assert!(check_read_only(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn names_come_from_an_allow_list() {
        assert!(check_name("database", "stock_market_catalog", "_", 128).is_ok());
        for name in ["", "a b", "a;b", "a'b", "a\"b", "a.b", "ä", &"x".repeat(129)] {
            assert!(check_name("database", name, "_", 128).is_err(), "{name}");
        }
    }

    #[test]
    fn tokens_are_long_enough_and_differ() {
        let tokens: std::collections::HashSet<String> = (0..100).map(|_| token()).collect();
        assert!(
            tokens.len() == 100 && tokens.iter().all(|token| (32..=128).contains(&token.len()))
        );
    }
}
