//! What needs the SQL engine, in a build without it.

use std::{path::Path, sync::Arc};

use stockflow_core::Date;
use stockflow_local::RemoteLake;
use tokio::runtime::Runtime;

use super::{compact::Compact, query::Query};
use crate::{Failure, Outcome, shell::quoted};

pub(super) fn query(_: &Query) -> Outcome {
    Err(missing(std::env::args().skip(1)))
}

pub(super) fn query_remote(_: &Query, _: Arc<dyn RemoteLake>, _: &Runtime) -> Outcome {
    Err(missing(std::env::args().skip(1)))
}

pub(super) fn compact(_: &Compact) -> Outcome {
    Err(missing(std::env::args().skip(1)))
}

/// What there is to say of a compacted day; nothing, if it is none.
pub(super) fn compacted(lake: &Path, dt: Date) -> stockflow_core::Result<Option<String>> {
    let is_one = lake.join(format!("dt={dt}")).join("compacted.json").exists();
    Ok(is_one.then(|| "compacted rows, into which this build cannot look".to_owned()))
}

/// How to get a build that can do what was asked.
fn missing(asked: impl Iterator<Item = String>) -> Failure {
    let asked: Vec<String> = asked.map(|word| quoted(&word)).collect();
    let features = if cfg!(feature = "aws") { "aws,query" } else { "query" };
    Failure::usage(format!(
        "this build has no SQL engine (it takes minutes to compile); this one line adds it:\n  \
         cargo run --release -p stockflow --features {features} -- {}",
        asked.join(" ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_adds_the_engine_repeats_what_was_asked() {
        let failure = missing(["query", "SELECT 1"].map(str::to_owned).into_iter());
        assert!(matches!(failure, Failure::Usage(_)));
        let text = failure.text().unwrap();
        assert!(text.ends_with("query -- query 'SELECT 1'"), "{text}");
    }
}
