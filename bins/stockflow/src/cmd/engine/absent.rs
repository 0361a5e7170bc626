//! What needs the SQL engine, in a build without it.

use std::{path::Path, sync::Arc};

use stockflow_core::Date;
use stockflow_local::RemoteLake;
use tokio::runtime::Runtime;

use super::{compact::Compact, query::Query};
use crate::{Failure, Outcome, shell};

pub(super) fn query(_: &Query) -> Outcome {
    Err(missing())
}

pub(super) fn query_remote(_: &Query, _: Arc<dyn RemoteLake>, _: &Runtime) -> Outcome {
    Err(missing())
}

pub(super) fn compact(_: &Compact) -> Outcome {
    Err(missing())
}

/// What there is to say of a compacted day; nothing, if it is none.
pub(super) fn compacted(lake: &Path, dt: Date) -> stockflow_core::Result<Option<String>> {
    let is_one = lake.join(format!("dt={dt}")).join("compacted.json").exists();
    Ok(is_one.then(|| "compacted rows, into which this build cannot look".to_owned()))
}

fn missing() -> Failure {
    let features = if cfg!(feature = "aws") { "aws,query" } else { "query" };
    shell::missing("has no SQL engine (it takes minutes to compile)", features)
}
