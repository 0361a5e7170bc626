//! One symbol's trend detectors, and the rows that a checkpoint brings.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use super::followed::MARK_EVERY;
use crate::{
    Evidence, Quality, QuoteHistory, Result, RowKey, RowQuery, Rule, RuleName, StoredRow, Symbol,
    Timestamp, TrendDetector, bank::TrendBank,
};

/// A row that arrived so long before a checkpoint was handled with a checkpoint of its own, or given up: the change feeds whose
/// rows have an arrival keep records for a day. Where rows expire, a cold start could else follow old rows through windows that
/// have holes, and tell of turns that were none.
const HANDLED_AFTER: Duration = Duration::from_secs(7 * 86_400);

/// What stage 2 remembers of a symbol. Memory only: everything in it can be had from the table again.
#[derive(Debug)]
pub(super) struct Follower {
    bank: TrendBank,
    /// Market time of the last checkpoint whose rows were followed; none for a new one.
    pub(super) handled: Option<Timestamp>,
    /// Checkpoints handled since the mark in the ledger.
    pub(super) unmarked: usize,
}

/// The rows to go through for a checkpoint.
#[derive(Debug)]
pub(super) struct Reach {
    rows: Vec<StoredRow>,
    /// Rows before this index only fill the detectors' windows.
    from: usize,
}

impl Reach {
    /// Lets rows that arrived before `time` only fill the windows.
    fn leave_out_before(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else { return };
        let is_old = |stored: &StoredRow| stored.arrival.is_some_and(|arrival| arrival < time);
        let recent = self.rows.iter().rposition(is_old).map_or(0, |last| last + 1);
        self.from = self.from.max(recent);
    }
}

impl Follower {
    fn new(rules: &[Rule<dyn TrendDetector>], symbol: &Symbol) -> Self {
        Self { bank: TrendBank::new(rules, symbol), handled: None, unmarked: 0 }
    }

    /// Goes on from the checkpoint at `previous`, which is the one before `checkpoint` and the last that was handled.
    pub(super) async fn go_on(
        mut self,
        history: &dyn QuoteHistory,
        checkpoint: &StoredRow,
        previous: Timestamp,
    ) -> Result<(Self, Reach)> {
        let RowKey { symbol, timestamp: time } = checkpoint.row.key();
        let rows = history.rows(RowQuery::between(symbol, previous, time)).await?;
        self.unmarked += 1;
        Ok((self, Reach { rows, from: 0 }))
    }

    /// Starts anew after what is known to be `followed`: checkpoints may come in any order, and each row has to be followed in
    /// that of market time, so the first that comes brings all before it along.
    pub(super) async fn start(
        rules: &[Rule<dyn TrendDetector>],
        history: &dyn QuoteHistory,
        checkpoint: &StoredRow,
        followed: Option<Timestamp>,
    ) -> Result<(Self, Reach)> {
        let RowKey { symbol, timestamp: time } = checkpoint.row.key();
        let mut follower = Self::new(rules, &symbol);
        let oldest = checkpoint.arrival.map(|arrival| arrival.saturating_sub(HANDLED_AFTER));
        let mut reach = follower.read_back(history, symbol, time, followed).await?;
        reach.leave_out_before(oldest);
        for stored in reach.rows[..reach.from].iter().filter(|stored| !stored.row.is_late()) {
            follower.bank.learn(&stored.row.quote, stored.row.quality());
        }
        let checkpoints = reach.rows[reach.from..].iter().filter(|row| row.checkpoint.is_some());
        follower.unmarked = if followed.is_some() { checkpoints.count() } else { MARK_EVERY };
        Ok((follower, reach))
    }

    /// Reads the rows after `followed` up to `time`, and what the detectors look back on.
    async fn read_back(
        &self,
        history: &dyn QuoteHistory,
        symbol: Symbol,
        time: Timestamp,
        followed: Option<Timestamp>,
    ) -> Result<Reach> {
        let mut limit = self.bank.lookback() + 64;
        loop {
            let rows = history.rows(RowQuery::up_to(symbol, time, limit)).await?;
            let all = rows.len() < limit;
            let from = rows.partition_point(|row| Some(row.row.quote.timestamp) <= followed);
            if all || (from > 0 && self.bank.is_satisfied_by(qualities(&rows[..from]))) {
                return Ok(Reach { rows, from });
            }
            limit *= 2;
        }
    }

    /// Goes through the rows in market-time order: `found` hears of each anomaly and each turn, with the row that it is about.
    ///
    /// A row on which a detector panics costs itself, and the detectors what they had learnt.
    pub(super) fn follow(
        &mut self,
        rules: &[Rule<dyn TrendDetector>],
        reach: &Reach,
        mut found: impl FnMut(&StoredRow, Finding<'_>),
    ) {
        for stored in reach.rows[reach.from..].iter().filter(|stored| !stored.row.is_late()) {
            for anomaly in stored.row.anomalies() {
                found(stored, Finding::Anomaly(&anomaly.rule, anomaly.evidence));
            }
            let (quote, quality) = (&stored.row.quote, stored.row.quality());
            let bank = &mut self.bank;
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                bank.follow(quote, quality, |rule, evidence| {
                    found(stored, Finding::Turn(rule, evidence));
                });
            }));
            if outcome.is_err() {
                tracing::error!(symbol = %quote.symbol, timestamp = %quote.timestamp, "a trend detector panicked");
                self.bank = TrendBank::new(rules, &quote.symbol);
            }
        }
    }
}

/// Something that may have to be told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Finding<'a> {
    Anomaly(&'a RuleName, Evidence),
    Turn(&'a RuleName, Evidence),
}

fn qualities(rows: &[StoredRow]) -> impl DoubleEndedIterator<Item = Quality> + Clone {
    rows.iter().filter(|stored| !stored.row.is_late()).map(|stored| stored.row.quality())
}
