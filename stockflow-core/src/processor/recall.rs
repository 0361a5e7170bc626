//! A symbol's memory, and how it comes back from the table.

use super::judge::Judge;
use crate::{
    AnomalyDetector, QuoteTable, Result, Row, RowQuery, Rule, StoredRow, Symbol, Timestamp,
};

/// What stage 1 remembers of a symbol between two batches.
#[derive(Debug)]
pub(super) struct Recall {
    pub(super) judge: Judge,
    /// Market time of the symbol's last checkpoint.
    pub(super) checkpoint: Option<Timestamp>,
    /// Rows after the last checkpoint that a batch left behind.
    pub(super) orphans: Vec<StoredRow>,
}

impl Recall {
    /// A symbol that the table does not know.
    pub(super) fn blank(rules: &[Rule<dyn AnomalyDetector>], symbol: &Symbol) -> Self {
        Self { judge: Judge::new(rules, symbol), checkpoint: None, orphans: Vec::new() }
    }

    /// Whether this is still what the table says: memory is checked, not trusted. A newest row that is late hides the last
    /// checkpoint, and so says nothing.
    pub(super) fn agrees_with(&self, newest: &StoredRow) -> bool {
        newest.checkpoint.is_some() && Some(newest.row.quote.timestamp) == self.judge.last()
    }

    /// Notes that the last accepted row is stored as a checkpoint.
    pub(super) fn checkpointed(&mut self) {
        self.checkpoint = self.judge.last();
        self.orphans.clear();
    }

    /// Rebuilds the memory as it was after the symbol's last checkpoint.
    pub(super) async fn rebuild(
        table: &dyn QuoteTable,
        rules: &[Rule<dyn AnomalyDetector>],
        symbol: Symbol,
    ) -> Result<Self> {
        let mut recall = Self::blank(rules, &symbol);
        let mut limit = recall.judge.lookback() + 64;
        loop {
            let rows = table.rows(RowQuery::latest(symbol, limit)).await?;
            let all = rows.len() < limit;
            let last = rows.iter().rposition(|stored| stored.checkpoint.is_some());
            let behind = last.map_or(&[][..], |last| &rows[..=last]);
            let accepted = behind.iter().map(|stored| &stored.row).filter(|row| !row.is_late());
            let enough =
                last.is_some() && recall.judge.is_satisfied_by(accepted.clone().map(Row::quality));
            if !all && !enough {
                limit *= 2;
                continue;
            }
            accepted.for_each(|row| recall.judge.learn(row));
            recall.checkpoint = recall.judge.last();
            let ahead = &rows[behind.len()..];
            recall.orphans = ahead.iter().filter(|stored| !stored.row.is_late()).cloned().collect();
            return Ok(recall);
        }
    }
}
