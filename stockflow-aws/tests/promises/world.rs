//! Both functions behind their mappings, on one clock: a stream is put, and everything is delivered until nothing is left to do.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use stockflow_aws::lambda::{ProcessorFunction, TrendFunction};
use stockflow_core::{AlertStatus, Rules, SequenceNumber, StoredRow, Timestamp};
use stockflow_local::event_source::{
    Attempt, Clock, EventSourceMapping, MappingFaults, MappingOptions, Outcome, Record, Stream,
};

use crate::{
    backends::{Backend, Stores},
    dice::Dice,
    fate::{Container, Fate},
    functions::{Function, TIMEOUT},
    plan::Plan,
    remains::Remains,
    stream::{Packet, packets, start, symbol},
};

/// What happened.
#[derive(Debug)]
pub struct Story {
    pub records: Vec<Record<Packet>>,
    /// Records that were given up, with the last checkpoint of their symbol then: what is after it counts as never delivered.
    pub given_up: HashMap<SequenceNumber, Option<Timestamp>>,
    /// Where batches are cut anew: records that were in one batch with one that was given up later.
    pub beside: HashSet<SequenceNumber>,
    pub remains: Remains,
    pub one: Vec<Attempt>,
    pub two: Vec<Attempt>,
    pub feed_given_up: usize,
    pub fate: Arc<Fate>,
    pub twice: u64,
    /// What must not be, whatever is left at the end.
    pub wrong: Vec<String>,
}

struct World {
    plan: Plan,
    clock: Clock,
    fate: Arc<Fate>,
    stores: Arc<Stores>,
    one: EventSourceMapping<Packet, Function<ProcessorFunction>>,
    two: EventSourceMapping<StoredRow, Function<TrendFunction>>,
    /// What is still to be put, by time.
    packets: VecDeque<(Timestamp, Packet)>,
    rows: VecDeque<(Timestamp, StoredRow)>,
    given_up: HashMap<SequenceNumber, Option<Timestamp>>,
    /// How many batches were given up, as far as that is known.
    known: (usize, usize),
    dice: Dice,
    calm: bool,
}

/// Plays a history: what happened, unless it never ends.
pub async fn play(plan: &Plan, rules: &Rules) -> Result<Story, String> {
    let mut world = World::new(plan, rules);
    world.run().await?;
    Ok(world.tell())
}

impl World {
    fn new(plan: &Plan, rules: &Rules) -> Self {
        let clock = Clock::new(start());
        let fate = Fate::new(plan, &clock);
        let stores = Arc::new(Stores::default());
        let optimism = Duration::from_secs(60 * plan.killed);
        let backend = {
            let (stores, fate) = (Arc::clone(&stores), Arc::clone(&fate));
            move || Backend { stores: Arc::clone(&stores), container: Container::new(&fate) }
        };
        let (make, set) = (backend.clone(), rules.clone());
        let one = EventSourceMapping::new(
            Stream::Kinesis,
            Self::options(plan, plan.shards, plan.batch, plan.retries, plan.age),
            &clock,
            plan.seed,
            move || Function::stage_one(&set, make(), optimism),
        );
        let set = rules.clone();
        let feed = EventSourceMapping::new(
            Stream::DynamoDb { delay: Duration::from_millis(plan.feed_delay) },
            Self::options(plan, plan.feed_shards, plan.feed_batch, plan.feed_retries, 0),
            &clock,
            plan.seed ^ 2,
            move || Function::stage_two(&set, backend(), optimism),
        );
        let mut world = Self {
            plan: plan.clone(),
            packets: packets(plan).into(),
            rows: VecDeque::new(),
            given_up: HashMap::new(),
            known: (0, 0),
            dice: Dice(plan.seed ^ 0x004E_DD11),
            calm: false,
            one: one.unwrap(),
            two: feed.unwrap().with_filter(|row| row.checkpoint.is_some()),
            clock,
            fate,
            stores,
        };
        world.set_faults(MappingFaults {
            crashes: 0,
            lost_answers: plan.unheard as u8,
            redelivered: plan.redelivered as u8,
            recycled: plan.recycled as u8,
            cut: plan.cut as u8,
        });
        world
    }

    fn options(plan: &Plan, shards: u64, batch: u64, retries: u64, age: u64) -> MappingOptions {
        MappingOptions {
            shards: shards as usize,
            parallelization_factor: plan.factor as usize,
            batch_size: batch as usize,
            maximum_batching_window: Duration::from_secs(plan.seed % 3),
            report_batch_item_failures: true,
            bisect_batch_on_function_error: plan.bisect > 0,
            maximum_retry_attempts: retries.checked_sub(1).map(|retries| retries as u32),
            maximum_record_age: (age > 0).then(|| Duration::from_secs(age)),
            timeout: TIMEOUT,
            ..MappingOptions::default()
        }
    }

    fn set_faults(&mut self, faults: MappingFaults) {
        self.one.set_faults(faults).unwrap();
        self.two.set_faults(faults).unwrap();
    }

    async fn run(&mut self) -> Result<(), String> {
        loop {
            self.put_what_is_due();
            let feed_first = self.dice.percent(50);
            if (feed_first && self.two.turn()) || self.one.turn() || self.two.turn() {
                self.look()?;
                continue;
            }
            let puts = [self.packets.front().map(|p| p.0), self.rows.front().map(|r| r.0)];
            let others = [self.one.next_event(), self.two.next_event(), self.clock.next_wake()];
            let Some(next) = puts.into_iter().chain(others).flatten().min() else { return Ok(()) };
            let pause = next.since(self.clock.now());
            self.clock.advance_to(next);
            tokio::time::advance(pause).await;
        }
    }

    fn put_what_is_due(&mut self) {
        let now = self.clock.now();
        while let Some((_, packet)) = self.packets.pop_front_if(|(at, _)| *at <= now) {
            self.one.put(&packet.key.clone(), packet);
        }
        while let Some((_, row)) = self.rows.pop_front_if(|(at, _)| *at <= now) {
            self.feed(row);
        }
    }

    fn feed(&mut self, row: StoredRow) {
        let key = row.row.key();
        self.two.put(&format!("{}|{}", key.symbol, key.timestamp), row);
    }

    /// Looks what came of a turn.
    fn look(&mut self) -> Result<(), String> {
        for row in self.stores.take_changes() {
            self.feed(row);
        }
        self.redrive();
        let bound = 4_000 + 40 * (self.one.records().len() + self.two.records().len());
        if self.one.attempts().len() + self.two.attempts().len() > bound {
            return Err(format!("attempts are not bounded: more than {bound}"));
        }
        let many = self.one.attempts().len() > 20 + 5 * self.one.records().len();
        if !self.calm && (many || self.fate.is_spent()) {
            self.calm = true;
            self.set_faults(MappingFaults { cut: self.plan.cut as u8, ..MappingFaults::default() });
        }
        Ok(())
    }

    /// What was given up is put on its stream again after a while.
    fn redrive(&mut self) {
        let now = self.clock.now();
        let later = now.saturating_add(Duration::from_millis(self.dice.below(900_000)));
        for batch in &self.one.given_up()[self.known.0..] {
            for record in &batch.records {
                let covered = self.stores.last_checkpoint(symbol(&record.key));
                self.given_up.insert(record.sequence.clone(), covered);
                self.packets.push_back((later, record.data.clone()));
            }
        }
        for batch in &self.two.given_up()[self.known.1..] {
            self.rows.extend(batch.records.iter().map(|record| (later, record.data.clone())));
        }
        let known = (self.one.given_up().len(), self.two.given_up().len());
        if known != self.known {
            self.packets.make_contiguous().sort_by_key(|(at, _)| *at);
            self.rows.make_contiguous().sort_by_key(|(at, _)| *at);
            self.known = known;
        }
    }

    fn tell(self) -> Story {
        let mut wrong = self.stores.told_wrongly();
        for (alert, status) in self.stores.ledger.alerts() {
            if !matches!(status, AlertStatus::Sent { .. }) {
                wrong.push(format!("claimed and never marked as sent: {}", alert.to_json()));
            }
        }
        // Nothing is ever tried in vain for no reason: poison, late quotes and duplicates fail no batch.
        let failed = |attempts: &[Attempt]| {
            let in_vain = |a: &&Attempt| a.outcome != Outcome::Complete && a.acknowledged == 0;
            attempts.iter().filter(in_vain).count() as u64
        };
        let unheard = |attempts: &[Attempt]| {
            attempts.iter().filter(|a| a.outcome == Outcome::AnswerLost).count() as u64
        };
        let (one, two) = (self.one.attempts(), self.two.attempts());
        let (twice, held) = self.stores.twice_and_held();
        let reasons = self.fate.total() + unheard(one) + unheard(two) + held;
        if failed(one) + failed(two) > reasons {
            wrong.push(format!(
                "{} attempts of stage 1 and {} of stage 2 failed, for {reasons} reasons",
                failed(one),
                failed(two)
            ));
        }
        let is_cut_anew = self.plan.bisect + self.plan.redelivered > 0;
        let with_given_up = |attempt: &&Attempt| {
            attempt.sequences.iter().any(|sequence| self.given_up.contains_key(sequence))
        };
        let beside = one.iter().filter(|_| is_cut_anew).filter(with_given_up);
        Story {
            wrong,
            records: self.one.records().to_vec(),
            beside: beside.flat_map(|attempt| attempt.sequences.clone()).collect(),
            one: one.to_vec(),
            two: two.to_vec(),
            feed_given_up: self.two.given_up().len(),
            remains: Remains::of(&self.stores),
            given_up: self.given_up,
            fate: self.fate,
            twice,
        }
    }
}
