//! What the three parts of a running pipeline know of each other.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use stockflow_core::{ProcessCounts, WatchCounts};
use tokio::sync::{Notify, watch};

use super::summary::{StageTimes, Summary};
use crate::spool::Damage;

/// Counts of a run, as it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Quotes taken from the source, durable in the spool.
    pub taken: u64,
    /// Records that stage 1 is done with.
    pub processed: u64,
    /// Alerts told.
    pub alerts: u64,
}

/// Which part of the pipeline time was spent in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Source,
    Spool,
    StageOne,
    StageTwo,
}

#[derive(Debug)]
pub(super) struct Shared {
    progress: watch::Sender<Progress>,
    counts: Mutex<Counts>,
    /// Records in the spool that stage 1 has not read.
    backlog: AtomicU64,
    intake_ended: AtomicBool,
    stage_one_ended: AtomicBool,
    failed: AtomicBool,
    /// Rung whenever any of the above changes.
    pub(super) bell: Bell,
}

#[derive(Debug, Default)]
struct Counts {
    process: ProcessCounts,
    watch: WatchCounts,
    unreadable: u64,
    pending: u64,
    damages: Vec<Damage>,
    times: StageTimes,
}

/// Wakes each part; a part that was not waiting finds it rung.
#[derive(Debug, Default)]
pub(super) struct Bell {
    pub(super) intake: Notify,
    pub(super) stage_one: Notify,
    pub(super) stage_two: Notify,
}

impl Bell {
    fn ring(&self) {
        self.intake.notify_one();
        self.stage_one.notify_one();
        self.stage_two.notify_one();
    }
}

impl Shared {
    pub(super) fn new(progress: watch::Sender<Progress>) -> Self {
        progress.send_replace(Progress::default());
        Self {
            progress,
            counts: Mutex::default(),
            backlog: AtomicU64::new(0),
            intake_ended: AtomicBool::new(false),
            stage_one_ended: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            bell: Bell::default(),
        }
    }

    pub(super) fn intake_ended(&self, failed: bool) {
        self.failed.fetch_or(failed, SeqCst);
        self.intake_ended.store(true, SeqCst);
        self.bell.ring();
    }

    pub(super) fn is_intake_ended(&self) -> bool {
        self.intake_ended.load(SeqCst)
    }

    pub(super) fn stage_one_ended(&self) {
        self.stage_one_ended.store(true, SeqCst);
        self.bell.ring();
    }

    pub(super) fn is_stage_one_ended(&self) -> bool {
        self.stage_one_ended.load(SeqCst)
    }

    /// Makes every part end at its next batch boundary: one of them cannot go on.
    pub(super) fn fail(&self) {
        self.failed.store(true, SeqCst);
        self.bell.ring();
    }

    pub(super) fn is_failed(&self) -> bool {
        self.failed.load(SeqCst)
    }

    pub(super) fn taken(&self, quotes: u64, unreadable: u64) {
        self.backlog.fetch_add(quotes, SeqCst);
        self.progress.send_modify(|progress| progress.taken += quotes);
        self.with(|counts| counts.unreadable += unreadable);
        self.bell.stage_one.notify_one();
    }

    pub(super) fn backlog(&self) -> u64 {
        self.backlog.load(SeqCst)
    }

    pub(super) fn processed(&self, counts: &ProcessCounts) {
        let records = counts.records;
        let _ = self
            .backlog
            .fetch_update(SeqCst, SeqCst, |backlog| Some(backlog.saturating_sub(records)));
        self.progress.send_modify(|progress| progress.processed += records);
        self.with(|all| all.process.add(counts));
        self.bell.intake.notify_one();
        self.bell.stage_two.notify_one();
    }

    pub(super) fn watched(&self, counts: &WatchCounts) {
        self.progress.send_modify(|progress| progress.alerts += counts.alerts);
        self.with(|all| all.watch.add(counts));
    }

    pub(super) fn pending(&self, checkpoints: u64) {
        self.with(|all| all.pending = checkpoints);
    }

    pub(super) fn damaged(&self, damages: impl IntoIterator<Item = Damage>) {
        self.with(|all| all.damages.extend(damages));
    }

    /// Counts the time since `from` for `part`.
    pub(super) fn spent(&self, part: Part, from: Instant) {
        let elapsed = from.elapsed();
        self.with(|counts| {
            let times = &mut counts.times;
            *match part {
                Part::Source => &mut times.source,
                Part::Spool => &mut times.spool,
                Part::StageOne => &mut times.stage_one,
                Part::StageTwo => &mut times.stage_two,
            } += elapsed;
        });
    }

    fn with(&self, change: impl FnOnce(&mut Counts)) {
        // Counts stay usable whoever panicked while holding them.
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn summary(&self, elapsed: Duration, rows: u64) -> Summary {
        let taken = self.progress.borrow().taken;
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        Summary {
            quotes: taken,
            processed: counts.process.records,
            rows,
            accepted: counts.process.accepted,
            late: counts.process.late,
            duplicate: counts.process.duplicate,
            quarantined: counts.process.quarantined + counts.unreadable,
            anomalies: counts.process.anomalies.clone(),
            turns: counts.watch.turns.clone(),
            alerts: counts.watch.alerts,
            undeliverable: counts.watch.undeliverable,
            pending: counts.pending,
            damages: counts.damages.clone(),
            elapsed,
            times: counts.times,
        }
    }
}
