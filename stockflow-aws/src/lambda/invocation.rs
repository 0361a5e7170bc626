//! What Lambda says of an invocation.

use std::time::Duration;

use stockflow_core::Timestamp;
use tokio::time::Instant;

/// One call of a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Lambda's name for it, which is in every line that it logs.
    pub request_id: String,
    /// The time at its begin.
    pub now: Timestamp,
    /// When Lambda will end it, done or not: everything is brought again then, and nothing is known of what was done.
    pub deadline: Instant,
}

impl Invocation {
    /// One that has a minute.
    #[must_use]
    pub fn for_tests() -> Self {
        let deadline = Instant::now() + Duration::from_secs(60);
        Self { request_id: "test".into(), now: Timestamp::MIN, deadline }
    }

    /// When to stop working and to answer: 2 s before the deadline, or a tenth of the time that there was, whichever is more.
    pub(super) fn stop(&self) -> Instant {
        self.before_the_end(Duration::from_secs(2), 10)
    }

    /// When to answer, whatever is under way: half a second before the deadline, or a fortieth of the time that there was.
    #[cfg(feature = "dynamodb")]
    pub(super) fn last(&self) -> Instant {
        self.before_the_end(Duration::from_millis(500), 40)
    }

    fn before_the_end(&self, least: Duration, part: u32) -> Instant {
        let begin = Instant::now();
        let time = self.deadline.saturating_duration_since(begin);
        begin + time.saturating_sub(least.max(time / part))
    }
}
