//! What is known of a running producer, by all who ask.

use std::sync::{Mutex, PoisonError};

use stockflow_core::Timestamp;
use tokio::sync::Notify;

/// Counts and state of a running producer.
#[derive(Debug, Default)]
pub struct Status {
    tally: Mutex<Tally>,
    /// Rung when the spool has room again.
    pub(crate) room: Notify,
    /// Rung when the feed has ended.
    pub(crate) ended: Notify,
}

/// Counts since the start, and how things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Quotes taken from the feed, durable in the spool.
    pub taken: u64,
    /// What the feed could not read, kept in the quarantine.
    pub unreadable: u64,
    /// Quotes that the stream has confirmed.
    pub delivered: u64,
    /// Quotes that the stream will never take, kept in the quarantine.
    pub rejected: u64,
    /// Attempts after a failed one, to read or to send.
    pub retries: u64,
    /// Quotes that wait in the spool, as far as this process knows.
    pub waiting: u64,
    /// Bytes that wait in the spool.
    pub waiting_bytes: u64,
    /// When the oldest quote was read that is being sent.
    pub oldest: Option<Timestamp>,
    /// Newest market time on the stream.
    pub newest_quote: Option<Timestamp>,
    /// Longest that a quote waited from being read to being on the stream, in microseconds, since somebody last asked.
    pub longest_wait: u64,
    /// The spool has no room: the feed waits.
    pub full: bool,
    /// Since when the stream refuses, and why.
    pub failing: Option<(Timestamp, String)>,
    /// The feed has ended, or was told to.
    pub ended: bool,
}

impl Status {
    /// How things stand.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.with(|tally| tally.clone())
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Tally) -> T) -> T {
        // Counts stay usable whoever panicked while holding them.
        look(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn feed_ended(&self) {
        self.with(|tally| tally.ended = true);
        self.ended.notify_one();
    }
}
