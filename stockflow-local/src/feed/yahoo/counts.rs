//! What a live feed has seen.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// Counts of a live feed since its start; clones count together.
#[derive(Clone, Debug, Default)]
pub struct FeedCounts(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    polls: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    unchanged: AtomicU64,
    incomplete: AtomicU64,
    unit_errors: AtomicU64,
}

macro_rules! counts {
    ($($name:ident, $count:ident, $about:literal;)*) => {
        impl FeedCounts {
            $(
                #[doc = $about]
                #[must_use]
                pub fn $name(&self) -> u64 {
                    self.0.$name.load(Relaxed)
                }

                pub(super) fn $count(&self) {
                    self.0.$name.fetch_add(1, Relaxed);
                }
            )*
        }
    };
}

counts! {
    polls, count_poll, "Requests, or messages of a stream.";
    refused, count_refused, "Answers that refuse for the rate: 429 and the like.";
    failed, count_failed, "Requests and connections that failed otherwise, and messages that cannot be read.";
    unchanged, count_unchanged, "Quotes that were no news.";
    incomplete, count_incomplete, "Answers that lack something that a quote has; no quote was made of them.";
    unit_errors, count_unit_error, "Quotes 100 times too high or low against those before them; they are passed on.";
}
