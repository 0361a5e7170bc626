//! Tries a call again while it fails for a reason that may pass.

use std::{future::Future, time::Duration};

use stockflow_core::{Error, ErrorKind, Result};
use tokio::time::timeout;

use crate::{error::Call, patience::Patience};

/// A connection that hangs is given up after a third of the call's time, or this, so that there is time for another one.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);

/// What `attempt` answers at last; its last error, if that may not pass or if the call's time is over.
///
/// The client must not retry by itself: it knows neither the deadline nor all errors that may pass.
pub(crate) async fn again<T, F>(
    patience: Patience,
    call: Call<'_>,
    mut attempt: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let limit = LONGEST_ATTEMPT.min(patience.deadline() / 3);
    let mut attempts = patience.begin();
    let mut last: Option<Error> = None;
    loop {
        let error = match attempts.within(timeout(limit, attempt())).await {
            Ok(Ok(Ok(answer))) => return Ok(answer),
            Ok(Ok(Err(error))) if !error.is_retryable() => return Err(error),
            Ok(Ok(Err(error))) => error,
            Ok(Err(_)) => unavailable(call, format!("no answer within {limit:?}")),
            Err(passed) => return Err(last.unwrap_or_else(|| unavailable(call, passed))),
        };
        if attempts.pause().await.is_err() {
            return Err(error);
        }
        tracing::debug!(error = error.chain(), "trying again");
        last = Some(error);
    }
}

fn unavailable(call: Call<'_>, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    call.error(ErrorKind::Unavailable).with_source(why)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    const CALL: Call<'_> = Call { backend: "test", operation: "Do", resource: "thing" };

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_and_what_may_not_is_told_at_once() {
        let tries = Cell::new(0);
        let answer = again(Patience::default(), CALL, || async {
            tries.set(tries.get() + 1);
            if tries.get() < 5 { Err(CALL.error(ErrorKind::Throttled)) } else { Ok(7) }
        });
        assert_eq!(answer.await.unwrap(), 7);
        tries.set(0);
        let denied: Result<()> = again(Patience::default(), CALL, || async {
            tries.set(tries.get() + 1);
            Err(CALL.error(ErrorKind::Denied))
        })
        .await;
        assert_eq!((denied.unwrap_err().kind(), tries.get()), (ErrorKind::Denied, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_attempt_leaves_time_for_another_one() {
        let tries = Cell::new(0);
        let answer = again(Patience::default(), CALL, || async {
            tries.set(tries.get() + 1);
            if tries.get() < 3 { std::future::pending().await } else { Ok(7) }
        });
        assert_eq!(answer.await.unwrap(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_error_is_told_by_the_deadline() {
        let begin = Instant::now();
        let never: Result<()> =
            again(Patience::default(), CALL, || async { Err(CALL.error(ErrorKind::Throttled)) })
                .await;
        assert_eq!(never.unwrap_err().kind(), ErrorKind::Throttled);
        let hangs: Result<()> = again(Patience::default(), CALL, std::future::pending).await;
        assert_eq!(hangs.unwrap_err().kind(), ErrorKind::Unavailable);
        assert!(begin.elapsed() <= Duration::from_secs(60) + Duration::from_millis(2));
    }
}
