//! The steps that a process can die in, and how often one did.

use std::{collections::BTreeMap, fmt};

use super::dice::Dice;

/// Which part of the pipeline left a trace (0: intake), and what it had done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    pub part: u8,
    pub done: String,
}

impl Trace {
    /// Reads a line of the program's log.
    pub fn read(line: &str) -> Option<Self> {
        let part = line.split("stage=").nth(1)?.split(' ').next()?.parse().ok()?;
        let done = line.split("step=\"").nth(1)?.split('"').next()?.to_owned();
        Some(Self { part, done })
    }
}

/// A step: what is being done between the trace before it and the next trace of the same part.
#[derive(Debug)]
pub struct Step {
    pub part: u8,
    pub after: &'static str,
    doing: &'static str,
    /// Whether it has to be hit often; the others are on the way from one step to the next.
    matters: bool,
}

const fn step(part: u8, after: &'static str, doing: &'static str) -> Step {
    Step { part, after, doing, matters: true }
}

const fn between(part: u8, after: &'static str, doing: &'static str) -> Step {
    Step { part, after, doing, matters: false }
}

/// All of them, in their order.
const STEPS: [Step; 19] = [
    step(0, "taken", "intake: quarantine of unreadable lines"),
    step(0, "quarantined", "intake: append to the spool, with cursors"),
    between(0, "appended", "intake: read the next quotes"),
    step(1, "taken", "stage 1: read newest rows, rebuild"),
    step(1, "recalled", "stage 1: judge"),
    step(1, "judged", "stage 1: rows but the last ones"),
    step(1, "rows_stored", "stage 1: late rows"),
    step(1, "late_stored", "stage 1: checkpoint rows"),
    step(1, "checkpoints_stored", "stage 1: archive in the lake"),
    step(1, "archived", "stage 1: quarantine"),
    step(1, "quarantined", "stage 1: acknowledge"),
    between(1, "acknowledged", "stage 1: read the next batch"),
    step(2, "taken", "stage 2: read rows, rebuild"),
    step(2, "read", "stage 2: policy and claim"),
    between(2, "decided", "stage 2: go on to the next checkpoint"),
    step(2, "claimed", "stage 2: send"),
    step(2, "sent", "stage 2: mark as sent"),
    between(2, "marked", "stage 2: acknowledge, in memory"),
    step(2, "acknowledged", "stage 2: acknowledged, not durable yet"),
];

/// How often a process died in each step.
#[derive(Debug, Default)]
pub struct Tally {
    kills: u64,
    by_trace: BTreeMap<Trace, u64>,
}

impl Tally {
    /// A process died; `last` is the last trace that it left, whichever part left it.
    pub fn died(&mut self, last: Option<Trace>) {
        self.kills += 1;
        if let Some(last) = last {
            *self.by_trace.entry(last).or_default() += 1;
        }
    }

    pub const fn kills(&self) -> u64 {
        self.kills
    }

    fn of(&self, step: &Step) -> u64 {
        let trace = Trace { part: step.part, done: step.after.to_owned() };
        self.by_trace.get(&trace).copied().unwrap_or(0)
    }

    /// Kills in the step that was hit least.
    pub fn least(&self) -> u64 {
        STEPS.iter().filter(|step| step.matters).map(|step| self.of(step)).min().unwrap_or(0)
    }

    /// One of the steps that were hit less than `enough` times; any, if there is none.
    pub fn wanted(&self, enough: u64, dice: &mut Dice) -> &'static Step {
        let is_lacking = |step: &&'static Step| step.matters && self.of(step) < enough;
        let mut lacking: Vec<&Step> = STEPS.iter().filter(is_lacking).collect();
        if lacking.is_empty() {
            lacking = STEPS.iter().collect();
        } else if lacking[0].part == 0 && dice.happens(60) {
            // The intake runs ahead: its work is done first.
            lacking.retain(|step| step.part == 0);
        }
        lacking[dice.below(lacking.len() as u64) as usize]
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &STEPS {
            writeln!(f, "{:6}  {}", self.of(step), step.doing)?;
        }
        write!(f, "{:6}  kills in all", self.kills)
    }
}
