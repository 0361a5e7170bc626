//! One symbol's trend detectors, and the rows that a checkpoint brings.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use crate::{
    Evidence, Quality, QuoteHistory, Result, RowQuery, Rule, RuleName, StoredRow, Symbol,
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
        Self { bank: TrendBank::new(rules, symbol), handled: None }
    }

    /// Goes on from the checkpoint that was handled before, if that is what `remembered` is at; otherwise starts anew, one
    /// checkpoint further back.
    pub(super) async fn resume(
        remembered: Option<Self>,
        rules: &[Rule<dyn TrendDetector>],
        history: &dyn QuoteHistory,
        checkpoint: &StoredRow,
    ) -> Result<(Self, Reach)> {
        let symbol = checkpoint.row.quote.symbol;
        let time = checkpoint.row.quote.timestamp;
        let previous = checkpoint.checkpoint.and_then(|mark| mark.previous);
        if let (Some(follower), Some(previous)) = (remembered, previous)
            && follower.handled == Some(previous)
        {
            let rows = history.rows(RowQuery::between(symbol, previous, time)).await?;
            return Ok((follower, Reach { rows, from: 0 }));
        }
        let mut follower = Self::new(rules, &symbol);
        let mut reach = follower.read_back(history, symbol, time, previous).await?;
        reach.leave_out_before(
            checkpoint.arrival.map(|arrival| arrival.saturating_sub(HANDLED_AFTER)),
        );
        for stored in reach.rows[..reach.from].iter().filter(|stored| !stored.row.is_late()) {
            follower.bank.learn(&stored.row.quote, stored.row.quality());
        }
        Ok((follower, reach))
    }

    /// Reads the rows of the checkpoint at `time`, those of the checkpoint before it, and what the detectors look back on.
    async fn read_back(
        &self,
        history: &dyn QuoteHistory,
        symbol: Symbol,
        time: Timestamp,
        previous: Option<Timestamp>,
    ) -> Result<Reach> {
        let mut limit = self.bank.lookback() + 64;
        loop {
            let rows = history.rows(RowQuery::up_to(symbol, time, limit)).await?;
            let all = rows.len() < limit;
            match start(&rows, previous) {
                Start::At(from) if all || self.bank.is_satisfied_by(qualities(&rows[..from])) => {
                    return Ok(Reach { rows, from });
                }
                Start::First | Start::Before if all => return Ok(Reach { rows, from: 0 }),
                _ => limit *= 2,
            }
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

/// Where the rows start that a cold start goes through.
enum Start {
    /// At this index.
    At(usize),
    /// At the symbol's first row.
    First,
    /// Before the rows that were read.
    Before,
}

/// After the checkpoint before the one at `previous`.
fn start(rows: &[StoredRow], previous: Option<Timestamp>) -> Start {
    let Some(previous) = previous else { return Start::First };
    let Some(at) = find(rows, previous) else { return Start::Before };
    match rows[at].checkpoint {
        // It expired, or was never there: what is before it cannot be told from what was handled.
        None => Start::At(at + 1),
        Some(mark) => match mark.previous {
            None => Start::First,
            Some(earlier) => find(rows, earlier).map_or(Start::Before, |at| Start::At(at + 1)),
        },
    }
}

fn find(rows: &[StoredRow], time: Timestamp) -> Option<usize> {
    rows.binary_search_by_key(&time, |stored| stored.row.quote.timestamp).ok()
}

fn qualities(rows: &[StoredRow]) -> impl DoubleEndedIterator<Item = Quality> + Clone {
    rows.iter().filter(|stored| !stored.row.is_late()).map(|stored| stored.row.quality())
}
