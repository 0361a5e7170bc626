//! Invocations that are under way.

use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
};

use stockflow_core::Timestamp;

use super::{Attempt, Record, Reply};

type Work<H> = Pin<Box<dyn Future<Output = (H, Reply)> + Send>>;

pub(super) struct Running<T, H> {
    pub(super) lane: usize,
    pub(super) records: Vec<Record<T>>,
    pub(super) attempt: Attempt,
    pub(super) deadline: Timestamp,
    /// Killed instead of going on for this time.
    dies_in: Option<u32>,
    alarm: Arc<Alarm>,
    work: Work<H>,
}

/// What a poll came to.
pub(super) enum Progress<H> {
    Waits,
    Died,
    Done(H, Reply),
}

impl<T, H> Running<T, H> {
    pub(super) fn new(
        lane: usize,
        records: Vec<Record<T>>,
        attempt: Attempt,
        deadline: Timestamp,
        dies_in: Option<u32>,
        work: Work<H>,
    ) -> Self {
        let alarm = Arc::new(Alarm(AtomicBool::new(true)));
        Self { lane, records, attempt, deadline, dies_in, alarm, work }
    }

    pub(super) fn can_go_on(&self) -> bool {
        self.alarm.0.load(SeqCst)
    }

    pub(super) fn go_on(&mut self) -> Progress<H> {
        self.alarm.0.store(false, SeqCst);
        match self.dies_in {
            Some(0) => return Progress::Died,
            Some(ref mut left) => *left -= 1,
            None => {}
        }
        let waker = Waker::from(Arc::clone(&self.alarm));
        match self.work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => Progress::Waits,
            Poll::Ready((handler, reply)) => Progress::Done(handler, reply),
        }
    }
}

impl<T: fmt::Debug, H> fmt::Debug for Running<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("attempt", &self.attempt)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Alarm(AtomicBool);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}
