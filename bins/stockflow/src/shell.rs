//! Commands that people can copy into a shell.

use crate::Failure;

/// A word of a command, in quotes where it needs them.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// How to get a build that can do what was asked.
pub(crate) fn missing(what: &str, features: &str) -> Failure {
    without(what, features, std::env::args().skip(1))
}

fn without(what: &str, features: &str, asked: impl Iterator<Item = String>) -> Failure {
    let asked: Vec<String> = asked.map(|word| quoted(&word)).collect();
    Failure::usage(format!(
        "this build {what}; this one line adds it:\n  \
         cargo run --release -p stockflow --features {features} -- {}",
        asked.join(" ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_adds_a_feature_repeats_what_was_asked() {
        let asked = ["query", "--athena", "primary", "SELECT 1"].map(str::to_owned);
        let failure = without("does not talk to AWS", "aws", asked.into_iter());
        assert!(matches!(failure, Failure::Usage(_)));
        let text = failure.text().unwrap();
        assert!(text.starts_with("this build does not talk to AWS; "), "{text}");
        assert!(text.ends_with("--features aws -- query --athena primary 'SELECT 1'"), "{text}");
    }

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(quoted("--data"), "--data");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
