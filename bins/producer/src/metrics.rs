//! Counts of a running producer, as lines for CloudWatch.

use std::{fmt, sync::Arc};

use stockflow_aws::lambda::{MetricLine, Unit};
use stockflow_core::Timestamp;
use stockflow_local::FeedCounts;

use crate::{PRODUCER, Status, Tally};

/// Makes lines of metrics: what has happened since the line before, and how things stand.
pub struct Metrics {
    status: Arc<Status>,
    waiting_bytes: Box<dyn Fn() -> u64 + Send + Sync>,
    before: Tally,
    feed: Option<FeedCounts>,
    seen: [u64; 6],
}

/// One count of a live feed.
type Count = fn(&FeedCounts) -> u64;

/// Of a live feed, with their names in CloudWatch.
const SEEN: [(&str, Count); 6] = [
    ("Polls", FeedCounts::polls),
    ("Throttled", FeedCounts::refused),
    ("PollFailures", FeedCounts::failed),
    ("Unchanged", FeedCounts::unchanged),
    ("Incomplete", FeedCounts::incomplete),
    ("UnitErrors", FeedCounts::unit_errors),
];

impl Metrics {
    /// Of a producer with that status, and of its live feed, if it is one.
    pub fn new(
        status: Arc<Status>,
        waiting_bytes: impl Fn() -> u64 + Send + Sync + 'static,
        feed: Option<FeedCounts>,
    ) -> Self {
        let waiting_bytes = Box::new(waiting_bytes);
        Self { status, waiting_bytes, before: Tally::default(), feed, seen: [0; 6] }
    }

    /// The next line; `now` is its time.
    pub fn line(&mut self, now: Timestamp) -> String {
        let tally = self.status.with(|tally| {
            let seen = tally.clone();
            tally.longest_wait = 0;
            seen
        });
        let before = std::mem::replace(&mut self.before, tally.clone());
        let age =
            |since: Option<Timestamp>| since.map_or(0, |since| now.since(since).as_millis() as u64);
        let mut line = MetricLine::new(PRODUCER);
        line.metric("Quotes", Unit::Count, tally.taken - before.taken)
            .metric("Delivered", Unit::Count, tally.delivered - before.delivered)
            .metric("Unreadable", Unit::Count, tally.unreadable - before.unreadable)
            .metric("Rejected", Unit::Count, tally.rejected - before.rejected)
            .metric("Retries", Unit::Count, tally.retries - before.retries)
            .metric("SpoolDepth", Unit::Count, tally.waiting)
            .metric("SpoolAge", Unit::Milliseconds, age(tally.oldest))
            .metric("Wait", Unit::Milliseconds, tally.longest_wait / 1_000)
            .metric("Age", Unit::Milliseconds, age(tally.newest_quote))
            .field("spoolBytes", (self.waiting_bytes)());
        if let Some(feed) = &self.feed {
            for ((name, count), seen) in SEEN.iter().zip(&mut self.seen) {
                let now = count(feed);
                line.metric(name, Unit::Count, now - std::mem::replace(seen, now));
            }
        }
        if let Some((_, why)) = tally.failing {
            line.field("failing", why);
        }
        line.to_json(now)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("before", &self.before).finish_non_exhaustive()
    }
}
