//! What goes wrong at each call of a backend, by a seed.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use stockflow_core::{BatchReport, Error, ErrorKind, ItemFailure, Result};
use stockflow_local::event_source::Clock;

use crate::{dice::Dice, plan::Plan};

/// How a call goes wrong. Stages wait for nothing but calls of their backends: before and after each is every place at which they
/// can be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blow {
    /// The process ends before the call has reached its backend.
    CrashBefore,
    /// The process ends when the call is done, before it knows.
    CrashAfter,
    /// Nothing is done.
    Refused,
    /// It is done, and reported as failed.
    AnswerLost,
    /// Some items of the batch are refused.
    Partial,
    /// Never reaches its backend, never comes back.
    HangBefore,
    /// Is done, and never comes back.
    HangAfter,
    /// Takes seconds.
    Slow,
}

impl Blow {
    pub const ALL: [Self; 8] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::Refused,
        Self::AnswerLost,
        Self::Partial,
        Self::HangBefore,
        Self::HangAfter,
        Self::Slow,
    ];
}

/// How often which operation went wrong how.
pub type Blows = BTreeMap<(&'static str, Blow), u64>;

#[derive(Debug)]
pub struct Fate {
    pub clock: Clock,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    dice: Dice,
    plan: Plan,
    calls: u64,
    blows: Blows,
    total: u64,
    /// Blows after which an alert that was told may be told again.
    excuses: u64,
}

impl Fate {
    pub fn new(plan: &Plan, clock: &Clock) -> Arc<Self> {
        let inner = Inner {
            dice: Dice(plan.seed ^ 0xFA7E),
            plan: plan.clone(),
            calls: 0,
            blows: Blows::new(),
            total: 0,
            excuses: 0,
        };
        Arc::new(Self { clock: clock.clone(), inner: Mutex::new(inner) })
    }

    pub fn calls(&self) -> u64 {
        self.inner.lock().unwrap().calls
    }

    pub fn blows(&self) -> Blows {
        self.inner.lock().unwrap().blows.clone()
    }

    pub fn total(&self) -> u64 {
        self.inner.lock().unwrap().total
    }

    pub fn excuses(&self) -> u64 {
        self.inner.lock().unwrap().excuses
    }

    /// Whether nothing goes wrong any more.
    pub fn is_spent(&self) -> bool {
        let inner = self.inner.lock().unwrap();
        inner.total >= inner.plan.budget
    }

    fn next(&self, operation: &'static str) -> Option<Blow> {
        let mut inner = self.inner.lock().unwrap();
        inner.calls += 1;
        let (calls, plan) = (inner.calls, inner.plan.clone());
        let blow = if calls == plan.blow {
            Blow::ALL[plan.blow_kind as usize]
        } else if inner.total < plan.budget && inner.dice.percent(plan.calls) {
            Blow::ALL[inner.dice.below(Blow::ALL.len() as u64) as usize]
        } else {
            return None;
        };
        inner.total += 1;
        inner.excuses += u64::from(operation == "mark_sent" || blow == Blow::Slow);
        *inner.blows.entry((operation, blow)).or_default() += 1;
        Some(blow)
    }

    fn below(&self, bound: u64) -> u64 {
        self.inner.lock().unwrap().dice.below(bound)
    }

    /// The way to a backend, or back.
    async fn way(&self) {
        let latency = self.inner.lock().unwrap().plan.latency;
        if latency > 0 {
            let millis = self.below(latency + 1);
            self.clock.sleep(Duration::from_millis(millis)).await;
        }
    }
}

/// One process of a function: what it calls goes through here.
#[derive(Clone, Debug)]
pub struct Container {
    pub fate: Arc<Fate>,
    dead: Arc<AtomicBool>,
}

impl Container {
    pub fn new(fate: &Arc<Fate>) -> Self {
        Self { fate: Arc::clone(fate), dead: Arc::new(AtomicBool::new(false)) }
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(SeqCst)
    }

    /// The end of the process, and of whatever else is under way in it.
    async fn die<R>(&self) -> R {
        self.dead.store(true, SeqCst);
        pending().await
    }

    /// Calls a backend with `items` of a batch, or with none: `done` gets those that reach it, and says which of them failed.
    pub async fn call<R, F: Future<Output = Result<R>> + Send>(
        &self,
        operation: &'static str,
        items: usize,
        done: impl FnOnce(Vec<usize>) -> F + Send,
    ) -> Result<(R, Vec<usize>)> {
        let fate = &self.fate;
        let blow = fate.next(operation);
        fate.way().await;
        if self.is_dead() {
            return pending().await;
        }
        match blow {
            Some(Blow::CrashBefore) => return self.die().await,
            Some(Blow::HangBefore) => return pending().await,
            Some(Blow::Refused) => return Err(error(operation)),
            // Nothing that can fail by itself.
            Some(Blow::Partial) if items == 0 => return Err(error(operation)),
            Some(Blow::Slow) => {
                let millis = 500 + fate.below(6_000);
                fate.clock.sleep(Duration::from_millis(millis)).await;
            }
            _ => {}
        }
        let mut refused = Vec::new();
        if blow == Some(Blow::Partial) {
            let at = fate.below(items as u64) as usize;
            refused = (0..items).filter(|i| *i == at || fate.below(3) == 0).collect();
        }
        let reached = (0..items).filter(|index| !refused.contains(index)).collect();
        let outcome = done(reached).await?;
        fate.inner.lock().unwrap().excuses += u64::from(operation == "notify" && blow.is_some());
        match blow {
            Some(Blow::CrashAfter) => return self.die().await,
            Some(Blow::HangAfter) => return pending().await,
            Some(Blow::AnswerLost) => return Err(error(operation)),
            _ => {}
        }
        fate.way().await;
        if self.is_dead() {
            return pending().await;
        }
        Ok((outcome, refused))
    }
}

pub fn report(operation: &'static str, refused: Vec<usize>) -> BatchReport {
    let failure = |index| ItemFailure { index, error: error(operation) };
    BatchReport::partial(refused.into_iter().map(failure).collect())
}

fn error(operation: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, "fate", operation)
}
