//! The mapping itself.

mod invoke;

use std::fmt;

use stockflow_core::{InvalidConfig, Timestamp};

use super::{
    Attempt, Clock, GivenUp, Handler, MappingFaults, MappingOptions, Outcome, Record, Stream,
    arrivals::Arrivals, lane::Lane, reply::Verdict, running::Running,
};
use crate::rng::Rng;

/// A simulated event source mapping, with the stream that it reads and the containers that it invokes.
///
/// What it does is a function of its settings, its seed, and the puts and handlers it is given. See the [module](super).
pub struct EventSourceMapping<T, H> {
    clock: Clock,
    options: MappingOptions,
    faults: MappingFaults,
    rng: Rng,
    make: Box<dyn FnMut() -> H + Send>,
    filter: Box<dyn Fn(&T) -> bool + Send>,
    bytes: Box<dyn Fn(&T) -> usize + Send>,
    arrivals: Arrivals<T>,
    lanes: Vec<Lane<T>>,
    running: Vec<Running<T, H>>,
    idle: Vec<(u64, H)>,
    containers: u64,
    records: Vec<Record<T>>,
    attempts: Vec<Attempt>,
    given_up: Vec<GivenUp<T>>,
}

/// Something that can be done now.
enum Step {
    Begin(usize),
    GoOn(usize),
    Stop(usize),
}

impl<T: Clone + Send + 'static, H: Handler<T>> EventSourceMapping<T, H> {
    /// A mapping on an empty stream; `container` is called for each cold start and makes the handler of a new container.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a setting out of the bounds that Lambda sets.
    pub fn new(
        stream: Stream,
        options: MappingOptions,
        clock: &Clock,
        seed: u64,
        container: impl FnMut() -> H + Send + 'static,
    ) -> Result<Self, InvalidConfig> {
        options.check()?;
        let lanes = options.shards * options.parallelization_factor;
        Ok(Self {
            clock: clock.clone(),
            faults: MappingFaults::default(),
            rng: Rng::new(&[seed]),
            make: Box::new(container),
            filter: Box::new(|_| true),
            bytes: Box::new(|_| 0),
            arrivals: Arrivals::new(stream),
            lanes: std::iter::repeat_with(Lane::new).take(lanes).collect(),
            running: Vec::new(),
            idle: Vec::new(),
            containers: 0,
            records: Vec::new(),
            attempts: Vec::new(),
            given_up: Vec::new(),
            options,
        })
    }

    /// Only records that `passes` lets pass reach the function; the others are done. Lambda's `FilterCriteria`.
    #[must_use]
    pub fn with_filter(mut self, passes: impl Fn(&T) -> bool + Send + 'static) -> Self {
        self.filter = Box::new(passes);
        self
    }

    /// A record takes as many bytes of an event as `bytes` says, and an event has at most
    /// [`payload_limit`](MappingOptions::payload_limit). Without this, a record takes none.
    #[must_use]
    pub fn with_payload_sizes(mut self, bytes: impl Fn(&T) -> usize + Send + 'static) -> Self {
        self.bytes = Box::new(bytes);
        self
    }

    /// From now on, this goes wrong.
    ///
    /// # Errors
    /// [`InvalidConfig`] for more than 100 percent of anything, or if no attempt could ever succeed.
    pub fn set_faults(&mut self, faults: MappingFaults) -> Result<(), InvalidConfig> {
        faults.check()?;
        self.faults = faults;
        Ok(())
    }

    /// Puts a record on the stream, at the time of the clock. `key` is the partition key or, of DynamoDB Streams, the item's key.
    pub fn put(&mut self, key: &str, data: T) {
        let now = self.clock.now();
        self.arrivals.put(key, data, now, &mut self.rng);
        self.surface(now);
    }

    /// Throws away all idle containers, as a deployment does.
    pub fn recycle(&mut self) {
        self.idle.clear();
    }

    /// Runs until nothing is left to do, moving the clock on.
    ///
    /// With no limit to retries and a handler that never succeeds, this never returns.
    pub fn run(&mut self) {
        self.run_until(Timestamp::MAX);
    }

    /// Runs until nothing is left to do before `end`, moving the clock on to what comes next, but not past `end`.
    pub fn run_until(&mut self, end: Timestamp) {
        loop {
            if self.turn() {
                continue;
            }
            match [self.next_event(), self.clock.next_wake()].into_iter().flatten().min() {
                Some(next) if next < end => self.clock.advance_to(next),
                _ => return,
            }
        }
    }

    /// Does one thing that can be done at the time of the clock, of several any, and says whether there was one: begins an
    /// invocation, lets one go on until it waits, or stops one. For those who run several mappings on one clock.
    pub fn turn(&mut self) -> bool {
        let now = self.clock.now();
        self.surface(now);
        let mut steps = Vec::new();
        for (index, running) in self.running.iter().enumerate() {
            if running.deadline <= now {
                steps.push(Step::Stop(index));
            } else if running.can_go_on() {
                steps.push(Step::GoOn(index));
            }
        }
        if self.options.reserved_concurrency.is_none_or(|most| self.running.len() < most) {
            let due = |lane: &Lane<T>| lane.due(&self.options).is_some_and(|due| due <= now);
            let begin = self.lanes.iter().enumerate().filter(|(_, lane)| due(lane));
            steps.extend(begin.map(|(index, _)| Step::Begin(index)));
        }
        if steps.is_empty() {
            return false;
        }
        match steps.swap_remove(self.rng.below(steps.len() as u64) as usize) {
            Step::Begin(lane) => self.begin(lane, now),
            Step::GoOn(index) => self.go_on(index),
            Step::Stop(index) => {
                let stopped = self.running.swap_remove(index);
                self.finish(stopped, Verdict::Failed, Outcome::TimedOut);
            }
        }
        true
    }

    /// The next time at which this mapping can do something by itself.
    #[must_use]
    pub fn next_event(&self) -> Option<Timestamp> {
        let now = self.clock.now();
        let lanes = self.lanes.iter().filter_map(|lane| lane.due(&self.options));
        let deadlines = self.running.iter().map(|running| running.deadline);
        // What is due already waits for a container.
        lanes.filter(|due| *due > now).chain(deadlines).chain(self.arrivals.next()).min()
    }

    /// Every record that was ever on the stream and passed the filter, in the order of its numbers.
    #[must_use]
    pub fn records(&self) -> &[Record<T>] {
        &self.records
    }

    /// Every invocation that is over, in the order of their ends.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// Batches at the failure destination.
    #[must_use]
    pub fn given_up(&self) -> &[GivenUp<T>] {
        &self.given_up
    }

    fn surface(&mut self, now: Timestamp) {
        let (shards, factor) = (self.options.shards, self.options.parallelization_factor);
        while let Some((lane, record)) = self.arrivals.pop(now, shards, factor) {
            if (self.filter)(&record.data) {
                self.records.push(record.clone());
                let bytes = (self.bytes)(&record.data);
                self.lanes[lane].push(record, bytes);
            }
        }
    }
}

impl<T: fmt::Debug, H> fmt::Debug for EventSourceMapping<T, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSourceMapping")
            .field("options", &self.options)
            .field("faults", &self.faults)
            .field("running", &self.running)
            .field("attempts", &self.attempts.len())
            .finish_non_exhaustive()
    }
}
