//! What is known of the end of each symbol's rows, so that it need not be looked up again.

use std::collections::HashMap;

use stockflow_core::{RowKey, Symbol, Timestamp};

/// More symbols than this are not remembered at once.
const MOST: usize = 65_536;

/// The end of one symbol's rows.
#[derive(Debug)]
pub(super) struct Tip {
    /// The newest row, encoded.
    pub(super) newest: Option<(Timestamp, Box<[u8]>)>,
    /// Time of the newest row in the table, not counting those that wait.
    pub(super) stored: Option<Timestamp>,
}

/// The ends of the symbols that were asked for.
#[derive(Debug, Default)]
pub(super) struct Tips(HashMap<Symbol, Tip>);

impl Tips {
    pub(super) fn of(&self, symbol: &Symbol) -> Option<&Tip> {
        self.0.get(symbol)
    }

    pub(super) fn remember(&mut self, symbol: Symbol, tip: Tip) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(symbol, tip);
    }

    /// A row was written, the newest of its symbol in its batch.
    pub(super) fn wrote(&mut self, key: &RowKey, value: &[u8]) {
        let Some(tip) = self.0.get_mut(&key.symbol) else { return };
        if tip.newest.as_ref().is_none_or(|(newest, _)| *newest <= key.timestamp) {
            tip.newest = Some((key.timestamp, value.into()));
        }
    }

    /// Rows up to `time` are in the table.
    pub(super) fn moved(&mut self, symbol: &Symbol, time: Option<Timestamp>) {
        if let Some(tip) = self.0.get_mut(symbol) {
            tip.stored = tip.stored.max(time);
        }
    }
}
