//! Stage 2: watch the trend, decide what is told, tell it once.

mod followed;
mod follower;
mod report;
mod telling;

use std::{future::pending, pin::pin, sync::Arc, time::Duration};

use futures_util::{
    StreamExt as _,
    future::{Either, select},
    stream,
};
use hashbrown::HashMap;

use self::follower::{Finding, Follower};
use crate::{
    Alert, AlertKind, AlertLedger, AlertStatus, Alerter, BatchReport, Claim, Error, ErrorKind,
    ItemFailure, Policy, PolicyState, QuoteHistory, Result, RuleKey, RuleName, Rules, Severity,
    StoredRow, Symbol, Timestamp,
};

pub use report::{WatchCounts, WatchReport};

const BACKEND: &str = "trend watch";

/// Claims and marks that are made at once: each waits for a disk or a network, and a ledger on a disk makes them durable together.
/// One after the other, a symbol that has much to tell after an outage would never be done in the time of a call.
const AT_ONCE: usize = 64;

/// Stage 2 of the pipeline: goes through the rows that each checkpoint brings, follows the trend, and tells what the policy
/// lets pass.
///
/// # What it promises
/// - A checkpoint that comes twice, late or after a later one gives the same alerts.
/// - An alert is never lost: a checkpoint that the report does not name has all its alerts sent and marked, or sent before.
/// - Told twice only if the answer to a send or the mark after it is lost, or a live sender outlasts its lease.
///
/// An alert that can never be delivered as it is ([`ErrorKind::Rejected`]) does not hold up the others: it stays in the
/// ledger as not sent, and is counted.
#[derive(Debug)]
pub struct TrendWatch {
    rules: Rules,
    told: HashMap<(AlertKind, RuleName), (Severity, Policy)>,
    history: Arc<dyn QuoteHistory>,
    ledger: Arc<dyn AlertLedger>,
    alerter: Arc<dyn Alerter>,
    lease: Duration,
    memory: HashMap<Symbol, Follower>,
}

/// An alert that this call has won the right to send.
struct Won {
    checkpoint: usize,
    alert: Alert,
}

/// What a call has gathered so far.
#[derive(Default)]
struct Round {
    /// Taken out of the stage for the time of the call: one that is dropped half-way leaves nothing wrong behind.
    memory: HashMap<Symbol, Follower>,
    /// Up to where symbols were followed that memory knows too little of, as far as they were looked up together.
    marks: HashMap<Symbol, Option<Timestamp>>,
    /// Symbols of which something failed, and up to where all is well, as far as that is known.
    stopped: HashMap<Symbol, Option<Timestamp>>,
    won: Vec<Won>,
    /// Turns that nobody has followed before, if all goes well.
    turns: Vec<(Symbol, Timestamp, RuleName)>,
    failures: Vec<ItemFailure>,
    counts: WatchCounts,
}

impl Round {
    /// Forgets a symbol of which something failed: after `well`, or nobody knows after what.
    fn stop(&mut self, symbol: Symbol, well: Option<Timestamp>) {
        self.memory.remove(&symbol);
        let least = self.stopped.entry(symbol).or_insert(well);
        *least = well.min(*least);
    }

    /// Those of which something failed come again, and are counted then.
    fn count_turns(&mut self) {
        for (symbol, at, rule) in self.turns.drain(..) {
            if self.stopped.get(&symbol).is_none_or(|well| *well >= Some(at)) {
                *self.counts.turns.entry(rule).or_default() += 1;
            }
        }
    }
}

impl TrendWatch {
    /// How long a sender has the sole right to an alert, unless [`with_lease`](Self::with_lease) says otherwise.
    pub const LEASE: Duration = Duration::from_secs(60);

    /// Stage 2 with `rules`, reading rows from `history`, telling by `alerter` what `ledger` lets it.
    #[must_use]
    pub fn new(
        rules: &Rules,
        history: Arc<dyn QuoteHistory>,
        ledger: Arc<dyn AlertLedger>,
        alerter: Arc<dyn Alerter>,
    ) -> Self {
        let anomalies = rules
            .anomaly
            .iter()
            .map(|r| ((AlertKind::Anomaly, r.name.clone()), (r.severity, r.policy)));
        let turns = rules
            .trend
            .iter()
            .map(|r| ((AlertKind::Trend, r.name.clone()), (r.severity, r.policy)));
        let told =
            anomalies.chain(turns).filter(|(_, (s, _))| *s >= rules.least_severity).collect();
        Self {
            rules: rules.clone(),
            told,
            history,
            ledger,
            alerter,
            lease: Self::LEASE,
            memory: HashMap::new(),
        }
    }

    /// With another lease; zero where there can be no other sender, so that a restart takes over at once.
    #[must_use]
    pub const fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Takes in checkpoint rows, in the order of the change feed; `now` is the time that leases are counted by.
    ///
    /// Rows that are no checkpoints are passed over.
    ///
    /// # Errors
    /// None as a whole: what is not finished is in the report, by index, and has to come again.
    pub async fn process(&mut self, checkpoints: &[StoredRow], now: Timestamp) -> WatchReport {
        self.process_until(checkpoints, now, pending()).await
    }

    /// The same until `stop` is ready: no more is taken in then, and what was claimed by then is told and marked.
    ///
    /// Who drops the call in place of that, to end it in time, may do so between an alert and its mark, and has it told again.
    ///
    /// # Errors
    /// As for [`process`](Self::process); what was not taken in is in the report, too.
    pub async fn process_until(
        &mut self,
        checkpoints: &[StoredRow],
        now: Timestamp,
        stop: impl Future<Output = ()> + Send,
    ) -> WatchReport {
        let mut stop = pin!(stop);
        let mut round = Round { memory: std::mem::take(&mut self.memory), ..Round::default() };
        let mut is_over = {
            let work = pin!(self.look_up_marks(checkpoints, &mut round));
            matches!(select(work, stop.as_mut()).await, Either::Right(_))
        };
        for (index, checkpoint) in checkpoints.iter().enumerate() {
            if checkpoint.checkpoint.is_none() {
                continue;
            }
            let symbol = checkpoint.row.quote.symbol;
            if is_over {
                round.failures.push(ItemFailure { index, error: out_of_time() });
                continue;
            }
            // It would have to bring the rows of the one that failed along, and is to come again after it anyway.
            if round.stopped.contains_key(&symbol) {
                let error =
                    Error::new(ErrorKind::Unavailable, BACKEND, "wait for the checkpoint before");
                round.failures.push(ItemFailure { index, error });
                continue;
            }
            let handled = round.memory.get(&symbol).and_then(|follower| follower.handled);
            let taken = {
                let work = pin!(self.take_in(index, checkpoint, now, &mut round));
                match select(work, stop.as_mut()).await {
                    Either::Left((taken, _)) => taken,
                    Either::Right(((), _)) => {
                        is_over = true;
                        Err(out_of_time())
                    }
                }
            };
            if let Err(error) = taken {
                round.stop(symbol, handled);
                round.failures.push(ItemFailure { index, error });
            }
        }
        step("claimed");
        self.send(now, &mut round).await;
        round.count_turns();
        self.mark_followed(&mut round, checkpoints.len()).await;
        let Round { memory, mut failures, counts, .. } = round;
        self.memory = memory;
        failures.sort_by_key(|failure| failure.index);
        failures.dedup_by_key(|failure| failure.index);
        WatchReport { report: BatchReport::partial(failures), counts }
    }

    /// Goes through the rows of a checkpoint: claims the alerts, then moves the policy's states on.
    async fn take_in(
        &self,
        index: usize,
        checkpoint: &StoredRow,
        now: Timestamp,
        round: &mut Round,
    ) -> Result<()> {
        let symbol = checkpoint.row.quote.symbol;
        let time = checkpoint.row.quote.timestamp;
        let previous = checkpoint.checkpoint.and_then(|mark| mark.previous);
        let remembered = round.memory.remove(&symbol);
        if remembered.as_ref().is_some_and(|follower| follower.handled >= Some(time)) {
            round.memory.extend(remembered.map(|follower| (symbol, follower)));
            return Ok(());
        }
        let (mut follower, reach) = match (remembered, previous) {
            (Some(follower), Some(previous)) if follower.handled == Some(previous) => {
                follower.go_on(self.history.as_ref(), checkpoint, previous).await?
            }
            _ => {
                let followed = match round.marks.get(&symbol) {
                    Some(mark) => *mark,
                    None => self.followed(symbol).await?,
                };
                if followed >= Some(time) {
                    return Ok(());
                }
                let history = self.history.as_ref();
                Follower::start(&self.rules.trend, history, checkpoint, followed).await?
            }
        };
        step("read");
        let mut findings = Vec::new();
        let mut turns = Vec::new();
        follower.follow(&self.rules.trend, &reach, |row, finding| {
            let (kind, rule, evidence) = match finding {
                Finding::Anomaly(rule, evidence) => (AlertKind::Anomaly, rule, evidence),
                Finding::Turn(rule, evidence) => {
                    turns.push((row.row.quote.timestamp, rule.clone()));
                    (AlertKind::Trend, rule, evidence)
                }
            };
            if let Some((severity, _)) = self.told.get(&(kind, rule.clone())) {
                findings.push(Alert::new(&row.row.quote, kind, rule.clone(), *severity, evidence));
            }
        });
        follower.unmarked += followed::FINDING * findings.len();
        self.decide(index, findings, now, round).await?;
        step("decided");
        let new = turns.into_iter().filter(|(at, _)| Some(*at) > previous);
        round.turns.extend(new.map(|(at, rule)| (symbol, at, rule)));
        follower.handled = Some(time);
        round.memory.insert(symbol, follower);
        Ok(())
    }

    /// Lets the policy decide on each finding, in order; claims what is told, before the states move on.
    async fn decide(
        &self,
        index: usize,
        findings: Vec<Alert>,
        now: Timestamp,
        round: &mut Round,
    ) -> Result<()> {
        let mut states = self.states(&findings).await?;
        let mut wanted = Vec::new();
        for alert in findings {
            let Some((_, policy)) = self.told.get(&(alert.kind, alert.rule.clone())) else {
                continue;
            };
            let key = alert.rule_key();
            let Some((_, state, moved)) = states.iter_mut().find(|(of, ..)| *of == key) else {
                continue;
            };
            let seen = state.is_some_and(|state| alert.cause <= state.last_input);
            let (next, told) = policy.decide(*state, alert.cause, alert.evidence.direction);
            (*state, *moved) = (Some(next), *moved || !seen);
            if told || seen {
                wanted.push(self.claim(alert, told, now));
            }
        }
        let (mut held, mut failed) = (None, None);
        let mut claims = pin!(stream::iter(wanted).buffered(AT_ONCE));
        while let Some(claim) = claims.next().await {
            match claim {
                Ok((_, Claim::Sent)) => {}
                Ok((alert, Claim::Won)) => round.won.push(Won { checkpoint: index, alert }),
                Ok((_, Claim::Held { until })) => held = Some(until),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        for (key, state, moved) in &states {
            if let (Some(state), true) = (state, moved) {
                // Refused: somebody else has taken in later findings already, with these among them.
                let _ = self.ledger.advance(key, state).await?;
            }
        }
        match held {
            None => Ok(()),
            Some(until) => Err(Error::new(ErrorKind::Unavailable, BACKEND, "claim")
                .with_source(format!("another sender holds the alert until {until}"))),
        }
    }

    /// The policy's states for the rules of these findings, none of which was moved.
    async fn states(
        &self,
        findings: &[Alert],
    ) -> Result<Vec<(RuleKey, Option<PolicyState>, bool)>> {
        let mut keys: Vec<RuleKey> = Vec::new();
        for key in findings.iter().map(Alert::rule_key) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let states = self.ledger.policy_states(&keys).await?;
        Ok(keys.into_iter().zip(states).map(|(key, state)| (key, state, false)).collect())
    }

    /// Claims an alert that is told, or one that was told by an earlier call, if that has not sent it.
    async fn claim(&self, alert: Alert, told: bool, now: Timestamp) -> Result<(Alert, Claim)> {
        if !told {
            let status = self.ledger.status(&alert.id()).await?;
            if !matches!(status, Some(AlertStatus::Claimed { .. })) {
                return Ok((alert, Claim::Sent));
            }
        }
        let claim = self.ledger.claim(&alert, now, self.lease).await?;
        Ok((alert, claim))
    }
}

fn out_of_time() -> Error {
    Error::new(ErrorKind::Unavailable, BACKEND, "be done in time")
}

/// Leaves a trace of how far a call got, for those who test what a crash does there.
fn step(step: &'static str) {
    tracing::trace!(target: "stockflow::step", stage = 2, step);
}
