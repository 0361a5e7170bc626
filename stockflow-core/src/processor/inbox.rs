//! A batch of records, decoded.

use std::time::Duration;

use hashbrown::HashMap;

use crate::{
    Quote, RecordBatch, StreamRecord, Symbol,
    wire::{self, Decoded},
};

/// A market time this far after the arrival is a broken clock: accepting it would make the symbol deaf until then.
pub(super) const FUTURE_TOLERANCE: Duration = Duration::from_secs(300);

/// What a record turned out to be.
#[derive(Debug)]
pub(super) enum Letter {
    /// A quote of the symbol with that index in [`Inbox::symbols`].
    Quote { decoded: Decoded, symbol: usize },
    /// Nothing that can ever be read, and why.
    Unreadable(String),
}

impl Letter {
    pub(super) const fn quote(&self) -> Option<(&Quote, usize)> {
        match self {
            Self::Quote { decoded, symbol } => Some((&decoded.quote, *symbol)),
            Self::Unreadable(_) => None,
        }
    }
}

/// The records of a batch by index, and the symbols in it.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) letters: Vec<Letter>,
    /// In the order of their first quote.
    pub(super) symbols: Vec<Symbol>,
}

impl Inbox {
    pub(super) fn open(batch: &RecordBatch) -> Self {
        let mut symbols: Vec<Symbol> = Vec::new();
        let mut index: HashMap<Symbol, usize> = HashMap::new();
        let letters = batch
            .records
            .iter()
            .map(|record| match read(record) {
                Ok(decoded) => {
                    let symbol = *index.entry(decoded.quote.symbol).or_insert_with_key(|symbol| {
                        symbols.push(*symbol);
                        symbols.len() - 1
                    });
                    Letter::Quote { decoded, symbol }
                }
                Err(reason) => Letter::Unreadable(reason),
            })
            .collect();
        Self { letters, symbols }
    }

    /// For each symbol its quotes with the number of their record, in stream order.
    pub(super) fn by_symbol(&self) -> impl Iterator<Item = impl Iterator<Item = (usize, &Quote)>> {
        let mut ends = vec![0; self.symbols.len() + 1];
        for (_, symbol) in self.letters.iter().filter_map(Letter::quote) {
            ends[symbol + 1] += 1;
        }
        for symbol in 1..ends.len() {
            ends[symbol] += ends[symbol - 1];
        }
        let starts = ends.clone();
        let mut sorted = vec![0; ends.last().copied().unwrap_or(0)];
        for (record, letter) in self.letters.iter().enumerate() {
            if let Some((_, symbol)) = letter.quote() {
                sorted[ends[symbol]] = record;
                ends[symbol] += 1;
            }
        }
        (0..self.symbols.len()).map(move |symbol| {
            let records = sorted[starts[symbol]..starts[symbol + 1]].to_vec();
            let quote = |record: usize| Some((record, self.letters[record].quote()?.0));
            records.into_iter().filter_map(quote)
        })
    }

    /// Takes back a record that was read, for a reason that shows only later.
    pub(super) fn refuse(&mut self, record: usize, reason: String) {
        self.letters[record] = Letter::Unreadable(reason);
    }
}

/// A pure function of the record: the same on every redelivery.
fn read(record: &StreamRecord) -> Result<Decoded, String> {
    let decoded = wire::decode(&record.data).map_err(|error| error.to_string())?;
    let time = decoded.quote.timestamp;
    if time.since(record.arrival) > FUTURE_TOLERANCE {
        return Err(format!(
            "timestamp {time} is more than {} s after the arrival at {}",
            FUTURE_TOLERANCE.as_secs(),
            record.arrival
        ));
    }
    Ok(decoded)
}
