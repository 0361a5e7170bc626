//! What needs the SQL engine.

use super::{compact::Compact, query::Query};
use crate::{Failure, Outcome};

pub(super) fn query(_: &Query) -> Outcome {
    Err(Failure::failed("query waits for its backend"))
}

pub(super) fn compact(_: &Compact) -> Outcome {
    Err(Failure::failed("compact waits for its backend"))
}
