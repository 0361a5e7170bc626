//! What talks to AWS, in a build without it.

use super::{
    doctor::{Doctor, finding::Finding},
    query::Query,
    redrive::Redrive,
    tail::Tail,
};
use crate::{Failure, Outcome, shell::quoted};

pub(super) fn athena(_: &Query, _: &str) -> Outcome {
    Err(missing("aws", std::env::args().skip(1)))
}

pub(super) fn lake(_: &Query, _: &str) -> Outcome {
    Err(missing("aws,query", std::env::args().skip(1)))
}

pub(super) fn doctor(_: &Doctor) -> Result<Vec<Finding>, Failure> {
    Err(missing("aws", std::env::args().skip(1)))
}

pub(super) fn redrive(_: &Redrive) -> Outcome {
    Err(missing("aws", std::env::args().skip(1)))
}

pub(super) fn tail(_: &Tail) -> Outcome {
    Err(missing("aws", std::env::args().skip(1)))
}

/// How to get a build that can do what was asked.
fn missing(features: &str, asked: impl Iterator<Item = String>) -> Failure {
    let asked: Vec<String> = asked.map(|word| quoted(&word)).collect();
    Failure::usage(format!(
        "this build does not talk to AWS; this one line adds it:\n  \
         cargo run --release -p stockflow --features {features} -- {}",
        asked.join(" ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_adds_aws_repeats_what_was_asked() {
        let asked = ["query", "--athena", "primary", "SELECT 1"];
        let failure = missing("aws", asked.map(str::to_owned).into_iter());
        assert!(matches!(failure, Failure::Usage(_)));
        let text = failure.text().unwrap();
        assert!(text.ends_with("--features aws -- query --athena primary 'SELECT 1'"), "{text}");
    }
}
