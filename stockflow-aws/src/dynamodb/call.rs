//! One call, tried until it is answered or the time is over.

use std::{future::Future, time::Duration};

use stockflow_core::{Error, ErrorKind, Result};
use tokio::time::timeout;

use crate::{
    error::Call,
    patience::{Attempts, DeadlinePassed},
};

/// How long an attempt may take: the service answers within tens of milliseconds, and what hangs should leave time for another.
const ATTEMPT: Duration = Duration::from_secs(5);

/// One attempt, which does not hang.
pub(super) async fn attempt<T>(
    call: Call<'_>,
    work: impl Future<Output = Result<T>> + Send,
) -> Result<T> {
    timeout(ATTEMPT, work).await.unwrap_or_else(|_| {
        let cause = format!("no answer about {} within {} s", call.resource, ATTEMPT.as_secs());
        Err(call.error(ErrorKind::Unavailable).with_source(cause))
    })
}

/// Tries `work` again and again while its errors are retryable and there is time; the last error otherwise.
pub(super) async fn retry<T, Fut>(
    call: Call<'_>,
    attempts: &mut Attempts,
    mut work: impl FnMut() -> Fut + Send,
) -> Result<T>
where
    T: Send,
    Fut: Future<Output = Result<T>> + Send,
{
    let mut last = None;
    loop {
        let error = match attempts.within(attempt(call, work())).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) if !error.is_retryable() => return Err(error),
            Ok(Err(error)) => error,
            Err(passed) => return Err(last.unwrap_or_else(|| too_late(call, passed))),
        };
        if attempts.pause().await.is_err() {
            return Err(error);
        }
        last = Some(error);
    }
}

fn too_late(call: Call<'_>, passed: DeadlinePassed) -> Error {
    call.error(ErrorKind::Unavailable).with_source(passed)
}
