//! A query on its way.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use aws_sdk_athena::types::{QueryExecution, QueryExecutionState as State};
use stockflow_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

use super::{Athena, answer::AthenaAnswer};
use crate::again::again;

/// Between two looks at first; each further one is twice as long.
const FIRST_LOOK: Duration = Duration::from_millis(100);
const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// A query that was started. Dropped before its end, it is stopped, by a task of the runtime if that goes on for so long;
/// [`cancel`](Self::cancel) waits for it.
#[derive(Debug)]
pub struct AthenaQuery {
    athena: Athena,
    id: String,
    ended: AtomicBool,
}

/// Where a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AthenaProgress {
    /// Whether it has begun; it waits in a queue until then.
    pub running: bool,
    /// Bytes read so far.
    pub scanned_bytes: u64,
    /// Since it was asked for.
    pub elapsed: Duration,
}

impl fmt::Display for AthenaProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.running { "running" } else { "queued" };
        write!(
            f,
            "{state} for {:.1} s, {} bytes scanned",
            self.elapsed.as_secs_f64(),
            self.scanned_bytes
        )
    }
}

impl AthenaQuery {
    pub(super) const fn new(athena: Athena, id: String) -> Self {
        Self { athena, id, ended: AtomicBool::new(false) }
    }

    /// What Athena calls it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits until it is answered, and tells how far it is at every look: after 100 ms, later every 2 s.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] if it cannot be answered as it is, [`ErrorKind::Unavailable`] if Athena failed, what it says otherwise.
    pub async fn finish(&self, mut progress: impl FnMut(&AthenaProgress)) -> Result<AthenaAnswer> {
        let begin = Instant::now();
        let mut wait = FIRST_LOOK;
        loop {
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_LOOK);
            let execution = self.look().await?;
            let status = execution.status();
            match status.and_then(|status| status.state()) {
                Some(State::Succeeded) => {
                    self.ended.store(true, Ordering::Relaxed);
                    return AthenaAnswer::open(self.athena.clone(), self.id.clone(), &execution)
                        .await;
                }
                Some(State::Failed | State::Cancelled) => {
                    self.ended.store(true, Ordering::Relaxed);
                    return Err(self.failure(&execution));
                }
                state => progress(&AthenaProgress {
                    running: state == Some(&State::Running),
                    scanned_bytes: scanned(&execution),
                    elapsed: begin.elapsed(),
                }),
            }
        }
    }

    async fn look(&self) -> Result<QueryExecution> {
        let call = self.athena.call("GetQueryExecution");
        let answer = again(self.athena.patience, call, || async {
            let request = self.athena.client.get_query_execution();
            let answer = request.query_execution_id(&self.id).send().await;
            answer.map_err(|error| call.failed(error))
        })
        .await?;
        let missing = || call.error(ErrorKind::Unexpected).with_source("the answer has no query");
        answer.query_execution.ok_or_else(missing)
    }

    /// Why it has no answer.
    fn failure(&self, execution: &QueryExecution) -> Error {
        let status = execution.status();
        let error = status.and_then(|status| status.athena_error());
        let kind = match error.and_then(|error| error.error_category()) {
            // 1 is Athena's own fault; 2 is the query's, 3 that of something it uses.
            Some(1) => ErrorKind::Unavailable,
            _ if error.is_some_and(|error| error.retryable()) => ErrorKind::Unavailable,
            _ if status.and_then(|s| s.state()) == Some(&State::Cancelled) => ErrorKind::Unexpected,
            _ => ErrorKind::Rejected,
        };
        let reason =
            status.and_then(|status| status.state_change_reason()).filter(|r| !r.is_empty());
        let text = match (reason, status.and_then(|status| status.state())) {
            (Some(reason), _) => reason.to_owned(),
            (None, Some(State::Cancelled)) => "the query was cancelled".to_owned(),
            _ => "the query failed, and Athena does not say why".to_owned(),
        };
        self.athena.call("Query").error(kind).with_source(format!("{text} (query id {})", self.id))
    }

    /// Stops it. One that has ended already stays as it is.
    ///
    /// # Errors
    /// What Athena says; it may run on then.
    pub async fn cancel(&self) -> Result<()> {
        self.ended.store(true, Ordering::Relaxed);
        stop(&self.athena, &self.id).await
    }
}

impl Drop for AthenaQuery {
    fn drop(&mut self) {
        if *self.ended.get_mut() {
            return;
        }
        // Outside of a runtime there is nobody who could send the request.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (athena, id) = (self.athena.clone(), std::mem::take(&mut self.id));
            runtime.spawn(async move {
                if let Err(error) = stop(&athena, &id).await {
                    tracing::warn!(query = id, error = error.chain(), "the query was not stopped");
                }
            });
        }
    }
}

async fn stop(athena: &Athena, id: &str) -> Result<()> {
    let call = athena.call("StopQueryExecution");
    again(athena.patience, call, || async {
        let request = athena.client.stop_query_execution().query_execution_id(id);
        request.send().await.map(drop).map_err(|error| call.failed(error))
    })
    .await
}

/// Bytes that it has read.
pub(super) fn scanned(execution: &QueryExecution) -> u64 {
    let bytes = execution.statistics().and_then(|statistics| statistics.data_scanned_in_bytes());
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default()
}
