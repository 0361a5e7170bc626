//! From a batch to an invocation to what it came to.

use stockflow_core::Timestamp;

use super::EventSourceMapping;
use crate::{
    event_source::{
        Attempt, GiveUp, GivenUp, Handler, Invocation, Outcome, Record, Reply,
        lane::{Job, Next},
        reply::{self, Verdict},
        running::{Progress, Running},
    },
    rng::Rng,
};

impl<T: Clone + Send + 'static, H: Handler<T>> EventSourceMapping<T, H> {
    /// The next attempt of a lane.
    pub(super) fn begin(&mut self, lane: usize, now: Timestamp) {
        let (rng, faults) = (&mut self.rng, self.faults);
        let cut = |there: usize| {
            let short = happens(rng, faults.cut);
            if short { 1 + rng.below(there as u64) as usize } else { there }
        };
        match self.lanes[lane].next(&self.options, now, cut) {
            Some(Next::Deliver(records)) => self.invoke(lane, records, now),
            Some(Next::GiveUp(job)) => self.give_up(GiveUp::RecordAgeExceeded, job),
            None => {}
        }
    }

    fn invoke(&mut self, lane: usize, records: Vec<Record<T>>, now: Timestamp) {
        if happens(&mut self.rng, self.faults.recycled) {
            self.idle.clear();
        }
        let cold = self.idle.is_empty();
        let (container, mut handler, starts) = if cold {
            self.containers += 1;
            (self.containers - 1, (self.make)(), now.saturating_add(self.options.cold_start))
        } else {
            let any = self.rng.below(self.idle.len() as u64) as usize;
            let (container, handler) = self.idle.swap_remove(any);
            (container, handler, now)
        };
        let deadline = starts.saturating_add(self.options.timeout);
        let clock = self.clock.clone();
        let start = self.clock.sleep(starts.since(now));
        let invocation = Invocation { records: records.clone(), deadline, clock };
        let work = async move {
            start.await;
            let reply = handler.handle(invocation).await;
            (handler, reply)
        };
        let dies = happens(&mut self.rng, self.faults.crashes).then(|| self.rng.below(24) as u32);
        let attempt = Attempt {
            shard: records[0].shard.clone(),
            sequences: records.iter().map(|record| record.sequence.clone()).collect(),
            container,
            cold,
            began: now,
            ended: now,
            outcome: Outcome::Crashed,
            acknowledged: 0,
        };
        self.lanes[lane].busy = true;
        self.running.push(Running::new(lane, records, attempt, deadline, dies, Box::pin(work)));
    }

    /// Lets an invocation go on until it waits or is done.
    pub(super) fn go_on(&mut self, index: usize) {
        let (handler, reply) = match self.running[index].go_on() {
            Progress::Waits => return,
            Progress::Died => {
                let died = self.running.swap_remove(index);
                return self.finish(died, Verdict::Failed, Outcome::Crashed);
            }
            Progress::Done(handler, reply) => (handler, reply),
        };
        let running = self.running.swap_remove(index);
        let (verdict, outcome) = match reply {
            Reply::Crash => return self.finish(running, Verdict::Failed, Outcome::Crashed),
            Reply::Error => (Verdict::Failed, Outcome::Error),
            Reply::Response(_) if happens(&mut self.rng, self.faults.lost_answers) => {
                (Verdict::Failed, Outcome::AnswerLost)
            }
            Reply::Response(_) if !self.options.report_batch_item_failures => {
                (Verdict::Complete, Outcome::Complete)
            }
            Reply::Response(response) => match reply::read(&response, &running.records) {
                Verdict::Complete => (Verdict::Complete, Outcome::Complete),
                Verdict::From(index) => (Verdict::From(index), Outcome::Partial),
                Verdict::Failed => (Verdict::Failed, Outcome::Failed),
            },
        };
        self.idle.push((running.attempt.container, handler));
        self.finish(running, verdict, outcome);
    }

    /// Takes in the end of an invocation.
    pub(super) fn finish(&mut self, running: Running<T, H>, verdict: Verdict, outcome: Outcome) {
        let now = self.clock.now();
        let Running { lane: index, records, mut attempt, .. } = running;
        attempt.ended = now;
        attempt.outcome = outcome;
        attempt.acknowledged = match verdict {
            Verdict::Complete => records.len(),
            Verdict::From(first) => first,
            Verdict::Failed => 0,
        };
        self.attempts.push(attempt);
        let lane = &mut self.lanes[index];
        lane.busy = false;
        let given_up = lane.settle(verdict, &self.options);
        if verdict == Verdict::Complete {
            if happens(&mut self.rng, self.faults.redelivered) {
                lane.again(records, &self.bytes);
            }
        } else {
            lane.back_off(now, self.rng.unit());
        }
        if let Some((reason, job)) = given_up {
            self.give_up(reason, job);
        }
    }

    fn give_up(&mut self, reason: GiveUp, Job { records, tries, .. }: Job<T>) {
        self.given_up.push(GivenUp { reason, at: self.clock.now(), tries, records });
    }
}

const fn happens(rng: &mut Rng, percent: u8) -> bool {
    rng.below(100) < percent as u64
}
