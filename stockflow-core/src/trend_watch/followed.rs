//! How far a symbol's rows are done with, for those who do not remember it.

use std::cmp::Reverse;

use futures_util::{StreamExt as _, stream};
use hashbrown::HashSet;

use super::{AT_ONCE, Round, TrendWatch};
use crate::{
    AlertLedgerExt as _, PolicyState, Result, RuleKey, RuleName, StoredRow, Symbol, Timestamp,
};

/// The mark is kept where policy states are, since it changes as they do: only to a later time. No rule is called so.
const MARK: RuleName = RuleName::Borrowed("@followed");

/// So many checkpoints of a symbol are handled before its mark is moved: who starts anew follows at most so many again.
pub(super) const MARK_EVERY: usize = 16;

/// A finding counts as so many checkpoints: each that is followed again costs a look into the ledger.
pub(super) const FINDING: usize = 4;

/// Most marks that a call moves, unless it has more than 25 checkpoints for each: so nobody waits for more than about 25 more
/// checkpoints of his.
const MARKS_A_CALL: usize = 4;
const CHECKPOINTS_A_MARK: usize = 25;

fn key(symbol: Symbol) -> RuleKey {
    RuleKey { symbol, rule: MARK }
}

impl TrendWatch {
    /// Market time up to which every row of the symbol was followed, with all that had to be told sent and marked.
    pub(super) async fn followed(&self, symbol: Symbol) -> Result<Option<Timestamp>> {
        let state = self.ledger.policy_state(&key(symbol)).await?;
        Ok(state.map(|state| state.last_input))
    }

    /// The same of all symbols of which memory does not show that it goes on from what it has handled, in one call.
    ///
    /// If that fails, each symbol asks for itself: what is wrong with one of them hurts no other.
    pub(super) async fn look_up_marks(&self, checkpoints: &[StoredRow], round: &mut Round) {
        let mut unsure = Vec::new();
        let mut seen = HashSet::new();
        for StoredRow { row, checkpoint, .. } in checkpoints {
            let (symbol, Some(mark)) = (row.quote.symbol, checkpoint) else { continue };
            let handled = round.memory.get(&symbol).and_then(|follower| follower.handled);
            let goes_on = handled.is_some() && handled == mark.previous;
            if seen.insert(symbol) && !goes_on && handled < Some(row.quote.timestamp) {
                unsure.push(key(symbol));
            }
        }
        if unsure.len() < 2 {
            return;
        }
        match self.ledger.policy_states(&unsure).await {
            Ok(states) => {
                let marks = unsure.iter().zip(states);
                let time = |state: PolicyState| state.last_input;
                round.marks = marks.map(|(key, state)| (key.symbol, state.map(time))).collect();
            }
            Err(error) => {
                tracing::warn!(error = error.chain(), "marks are read one by one");
            }
        }
    }

    /// Moves the marks of symbols that have gone on for long enough, those that wait longest first, and only so many that a call
    /// with many symbols does not write to each at once; and of those of which something failed: what was done before it need not
    /// be done again.
    ///
    /// A mark that is not moved costs time only, at the next start: so a failure is not one of the checkpoint.
    pub(super) async fn mark_followed(&self, round: &mut Round, checkpoints: usize) {
        let due = round.memory.iter().filter(|(_, follower)| follower.unmarked >= MARK_EVERY);
        let due = due.filter_map(|(symbol, f)| Some((Reverse(f.unmarked), *symbol, f.handled?)));
        let mut due: Vec<_> = due.collect();
        due.sort_unstable();
        due.truncate(MARKS_A_CALL.max(checkpoints / CHECKPOINTS_A_MARK));
        let due = due.into_iter().map(|(_, symbol, handled)| (symbol, handled));
        let stopped = round.stopped.drain().filter_map(|(symbol, well)| Some((symbol, well?)));
        let marks: Vec<_> = due
            .chain(stopped)
            .map(|(symbol, last_input)| async move {
                let state = PolicyState { last_input, tracks: [None; 3] };
                (symbol, self.ledger.advance(&key(symbol), &state).await)
            })
            .collect();
        let outcomes: Vec<_> = stream::iter(marks).buffered(AT_ONCE).collect().await;
        for (symbol, outcome) in outcomes {
            if let Err(error) = outcome {
                tracing::warn!(%symbol, error = error.chain(), "the mark of what was followed stays where it is");
            } else if let Some(follower) = round.memory.get_mut(&symbol) {
                follower.unmarked = 0;
            }
        }
    }
}
