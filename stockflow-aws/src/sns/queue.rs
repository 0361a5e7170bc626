//! Which alerts may be sent now.

use std::collections::{BTreeSet, HashSet};

use stockflow_core::{Alert, Symbol};

use super::message::{Message, REQUEST_BYTES};

/// Entries of a request.
const ENTRIES: usize = 10;

/// Alerts that were not taken yet, by index.
#[derive(Debug)]
pub(super) struct Queue {
    left: BTreeSet<usize>,
    symbols: Vec<Symbol>,
}

impl Queue {
    pub(super) fn new(alerts: &[Alert]) -> Self {
        Self {
            left: (0..alerts.len()).collect(),
            symbols: alerts.iter().map(|alert| alert.symbol).collect(),
        }
    }

    /// The next request: at most one alert of a symbol, the earliest that is left, since SNS may take a later entry of a request
    /// and refuse an earlier one.
    pub(super) fn next_turn(&self, messages: &[Message]) -> Vec<usize> {
        let mut turn = Vec::with_capacity(ENTRIES);
        let mut symbols = HashSet::new();
        let mut bytes = 0;
        for &index in &self.left {
            if !symbols.insert(self.symbols[index]) {
                continue;
            }
            bytes += messages[index].bytes();
            if turn.len() == ENTRIES || (bytes > REQUEST_BYTES && !turn.is_empty()) {
                break;
            }
            turn.push(index);
        }
        turn
    }

    /// It was taken, or never will be.
    pub(super) fn remove(&mut self, index: usize) {
        self.left.remove(&index);
    }

    pub(super) fn left(self) -> BTreeSet<usize> {
        self.left
    }
}

#[cfg(test)]
mod tests {
    use stockflow_core::conformance::samples;

    use super::*;

    #[test]
    fn a_turn_has_one_alert_of_a_symbol_and_at_most_ten() {
        let alerts: Vec<Alert> = (0..48)
            .map(|n| {
                let symbol = samples::symbol(samples::SYMBOLS[n as usize % 12]);
                samples::alert(symbol, "rule", stockflow_core::Direction::Up, n)
            })
            .collect();
        let messages: Vec<Message> =
            alerts.iter().map(|alert| Message::new(alert, false)).collect();
        let mut queue = Queue::new(&alerts);
        let mut last = std::collections::HashMap::new();
        let mut turns = 0;
        loop {
            let turn = queue.next_turn(&messages);
            if turn.is_empty() {
                break;
            }
            assert!(turn.len() <= 10);
            for index in turn {
                let before = last.insert(alerts[index].symbol, index);
                assert!(before.is_none_or(|before| before < index));
                queue.remove(index);
            }
            turns += 1;
        }
        assert_eq!(last.len(), 12);
        assert!((5..=8).contains(&turns), "{turns}");
    }
}
