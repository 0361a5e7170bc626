//! Time that passes when nothing else is left to do.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use stockflow_core::Timestamp;

/// A virtual clock, shared by all who hold a clone of it: mappings, handlers, and the backends that handlers call.
///
/// Time stands still while anybody can go on, and then jumps to the next moment at which somebody can.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Timers>>);

#[derive(Debug)]
struct Timers {
    now: Timestamp,
    next: u64,
    wakers: BTreeMap<(Timestamp, u64), Waker>,
}

impl Clock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Timers { now: start, next: 0, wakers: BTreeMap::new() })))
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.timers().now
    }

    /// Waits for `duration` of virtual time: how a handler is slow.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        let mut timers = self.timers();
        timers.next += 1;
        let key = (timers.now.saturating_add(duration), timers.next);
        Sleep { clock: self.clone(), key }
    }

    /// The next moment for which somebody waits in a [`sleep`](Self::sleep).
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.timers().wakers.first_key_value().map(|(&(time, _), _)| time)
    }

    /// Moves on to `time`, if that is later, and wakes those who wait for it.
    pub fn advance_to(&self, time: Timestamp) {
        let mut timers = self.timers();
        let now = timers.now.max(time);
        timers.now = now;
        let later = timers.wakers.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut timers.wakers, later);
        drop(timers);
        due.into_values().for_each(Waker::wake);
    }

    fn timers(&self) -> MutexGuard<'_, Timers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Future of [`Clock::sleep`].
#[derive(Debug)]
#[must_use = "time passes only if it is awaited"]
pub struct Sleep {
    clock: Clock,
    key: (Timestamp, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut timers = self.clock.timers();
        if timers.now >= self.key.0 {
            return Poll::Ready(());
        }
        timers.wakers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        // Nobody has to wake for one that was killed.
        self.clock.timers().wakers.remove(&self.key);
    }
}
