//! What is handled in order: a shard, or a part of one.

use std::{collections::VecDeque, time::Duration};

use stockflow_core::Timestamp;

use super::{GiveUp, MappingOptions, Record, reply::Verdict};

/// A batch on its way through attempts.
#[derive(Debug)]
pub(super) struct Job<T> {
    pub(super) records: Vec<Record<T>>,
    /// Attempts that used up a retry.
    pub(super) failures: u32,
    /// Attempts.
    pub(super) tries: u32,
}

#[derive(Debug)]
pub(super) struct Lane<T> {
    /// Each with its bytes in an event.
    waiting: VecDeque<(Record<T>, usize)>,
    /// Of all that wait.
    bytes: usize,
    /// The batch that is handled now, or what became of it.
    jobs: VecDeque<Job<T>>,
    pub(super) busy: bool,
    /// No attempt before.
    ready_at: Timestamp,
}

/// What is to be done next.
pub(super) enum Next<T> {
    Deliver(Vec<Record<T>>),
    GiveUp(Job<T>),
}

impl<T: Clone> Lane<T> {
    pub(super) const fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            bytes: 0,
            jobs: VecDeque::new(),
            busy: false,
            ready_at: Timestamp::MIN,
        }
    }

    pub(super) fn push(&mut self, record: Record<T>, bytes: usize) {
        self.bytes += bytes;
        self.waiting.push_back((record, bytes));
    }

    /// How many of the records that wait fill an event, or are all that there are.
    fn fitting(&self, options: &MappingOptions) -> usize {
        let mut left = options.payload_limit;
        let fits = |(_, bytes): &&(Record<T>, usize)| {
            let fits = *bytes <= left;
            left = left.saturating_sub(*bytes);
            fits
        };
        let count = self.waiting.iter().take(options.batch_size).take_while(fits).count();
        // One that is larger than any event would stop its shard for ever; streams take none.
        count.max(1).min(self.waiting.len())
    }

    /// When the next attempt may be made, if there is anything and none is being made.
    pub(super) fn due(&self, options: &MappingOptions) -> Option<Timestamp> {
        if self.busy {
            return None;
        }
        let oldest = self.waiting.front().map(|(record, _)| record.arrival);
        let is_full =
            self.waiting.len() >= options.batch_size || self.bytes >= options.payload_limit;
        if !self.jobs.is_empty() || is_full {
            return Some(self.ready_at);
        }
        oldest.map(|at| self.ready_at.max(at.saturating_add(options.maximum_batching_window)))
    }

    /// The batch for the next attempt; a new one is cut by `cut` from the number of records that there are.
    pub(super) fn next(
        &mut self,
        options: &MappingOptions,
        now: Timestamp,
        cut: impl FnOnce(usize) -> usize,
    ) -> Option<Next<T>> {
        let too_old = |record: &Record<T>| {
            options.maximum_record_age.is_some_and(|age| now.since(record.arrival) > age)
        };
        if self.jobs.is_empty() {
            let there = self.fitting(options);
            let expired = self.waiting.iter().take(there).take_while(|(r, _)| too_old(r)).count();
            // Records that are too old make a batch of their own, so that younger ones are not given up with them.
            let count = if expired > 0 { expired } else { cut(there) };
            let taken = self.waiting.drain(..count);
            let mut records = Vec::with_capacity(count);
            for (record, bytes) in taken {
                self.bytes -= bytes;
                records.push(record);
            }
            self.jobs.push_back(Job { records, failures: 0, tries: 0 });
        }
        let job = self.jobs.front_mut()?;
        if job.records.first().is_some_and(too_old) {
            return self.jobs.pop_front().map(Next::GiveUp);
        }
        job.tries += 1;
        Some(Next::Deliver(job.records.clone()))
    }

    /// Takes in how an attempt went; what is given up comes back, with the pause before the next attempt otherwise.
    pub(super) fn settle(
        &mut self,
        verdict: Verdict,
        options: &MappingOptions,
    ) -> Option<(GiveUp, Job<T>)> {
        let mut job = self.jobs.pop_front()?;
        let splits = options.bisect_batch_on_function_error;
        match verdict {
            Verdict::Complete => return None,
            Verdict::Failed if splits && job.records.len() > 1 => {
                let second = job.records.split_off(job.records.len() / 2);
                let second = Job { records: second, failures: job.failures, tries: job.tries };
                self.jobs.push_front(second);
            }
            Verdict::From(index) if index > 0 => {
                job.records.drain(..index);
                job.failures += u32::from(!splits);
            }
            Verdict::Failed | Verdict::From(_) => job.failures += 1,
        }
        if options.maximum_retry_attempts.is_some_and(|retries| job.failures > retries) {
            return Some((GiveUp::RetriesExhausted, job));
        }
        self.jobs.push_front(job);
        None
    }

    /// The same records once more, as if they had never been handled: in new batches, unless the rest of their batch is to come.
    pub(super) fn again(&mut self, records: Vec<Record<T>>, bytes: impl Fn(&T) -> usize) {
        if !self.jobs.is_empty() {
            return self.jobs.push_front(Job { records, failures: 0, tries: 0 });
        }
        for record in records.into_iter().rev() {
            let bytes = bytes(&record.data);
            self.bytes += bytes;
            self.waiting.push_front((record, bytes));
        }
    }

    /// Waits before the next attempt: longer each time, and not quite as long as another batch that failed at the same time.
    pub(super) fn back_off(&mut self, now: Timestamp, jitter: f64) {
        let tries = self.jobs.front().map_or(0, |job| job.tries).min(9);
        let most = Duration::from_millis(100 << tries).min(Duration::from_secs(30));
        self.ready_at = now.saturating_add(most.mul_f64(0.5 + 0.5 * jitter));
    }
}
