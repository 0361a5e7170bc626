//! How far a symbol's rows are done with, for those who do not remember it.

use futures_util::{StreamExt as _, stream};

use super::{Round, TrendWatch, telling::MARKS_AT_ONCE};
use crate::{PolicyState, Result, RuleKey, RuleName, Symbol, Timestamp};

/// The mark is kept where policy states are, since it changes as they do: only to a later time. No rule is called so.
const MARK: RuleName = RuleName::Borrowed("@followed");

/// So many checkpoints of a symbol are handled before its mark is moved: who starts anew follows at most so many again.
pub(super) const MARK_EVERY: usize = 16;

/// A finding counts as so many checkpoints: each that is followed again costs a look into the ledger.
pub(super) const FINDING: usize = 4;

fn key(symbol: Symbol) -> RuleKey {
    RuleKey { symbol, rule: MARK }
}

impl TrendWatch {
    /// Market time up to which every row of the symbol was followed, with all that had to be told sent and marked.
    pub(super) async fn followed(&self, symbol: Symbol) -> Result<Option<Timestamp>> {
        let state = self.ledger.policy_state(&key(symbol)).await?;
        Ok(state.map(|state| state.last_input))
    }

    /// Moves the marks of symbols that have gone on for long enough, or of which something failed: what was done before it need
    /// not be done again.
    ///
    /// A mark that is not moved costs time only, at the next start: so a failure is not one of the checkpoint.
    pub(super) async fn mark_followed(&self, round: &mut Round) {
        let due = round.memory.iter().filter(|(_, follower)| follower.unmarked >= MARK_EVERY);
        let due = due.filter_map(|(symbol, follower)| Some((*symbol, follower.handled?)));
        let stopped = round.stopped.drain().filter_map(|(symbol, well)| Some((symbol, well?)));
        let marks: Vec<_> = due
            .chain(stopped)
            .map(|(symbol, last_input)| async move {
                let state = PolicyState { last_input, tracks: [None; 3] };
                (symbol, self.ledger.advance(&key(symbol), &state).await)
            })
            .collect();
        let outcomes: Vec<_> = stream::iter(marks).buffered(MARKS_AT_ONCE).collect().await;
        for (symbol, outcome) in outcomes {
            if let Err(error) = outcome {
                tracing::warn!(%symbol, error = error.chain(), "the mark of what was followed stays where it is");
            } else if let Some(follower) = round.memory.get_mut(&symbol) {
                follower.unmarked = 0;
            }
        }
    }
}
