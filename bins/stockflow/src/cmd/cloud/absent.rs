//! What talks to AWS, in a build without it.

use super::{
    doctor::{Doctor, finding::Finding},
    query::Query,
    redrive::Redrive,
    tail::Tail,
};
use crate::{Failure, Outcome, shell};

pub(super) fn athena(_: &Query, _: &str) -> Outcome {
    Err(missing("aws"))
}

pub(super) fn lake(_: &Query, _: &str) -> Outcome {
    Err(missing("aws,query"))
}

pub(super) fn doctor(_: &Doctor) -> Result<Vec<Finding>, Failure> {
    Err(missing("aws"))
}

pub(super) fn redrive(_: &Redrive) -> Outcome {
    Err(missing("aws"))
}

pub(super) fn tail(_: &Tail) -> Outcome {
    Err(missing("aws"))
}

fn missing(features: &str) -> Failure {
    shell::missing("does not talk to AWS", features)
}
