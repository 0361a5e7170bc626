//! Quotes by symbol and day.

use std::{collections::HashMap, ops::Range};

use stockflow_core::{Date, Quote, Symbol};

/// The quotes of one symbol.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) quotes: Vec<Quote>,
    /// Where each day lies in them.
    pub(super) days: Vec<Range<usize>>,
}

impl Series {
    /// Each day with its place.
    pub(super) fn dates(&self) -> impl Iterator<Item = (Date, Range<usize>)> {
        self.days.iter().map(|day| (self.quotes[day.start].timestamp.date(), day.clone()))
    }
}

/// Late quotes are left out: they are not judged.
pub(super) fn by_symbol(quotes: Vec<Quote>) -> Vec<Series> {
    let mut numbers: HashMap<Symbol, usize> = HashMap::new();
    let mut series: Vec<Series> = Vec::new();
    for quote in quotes {
        let number = *numbers.entry(quote.symbol).or_insert_with(|| {
            series.push(Series { quotes: Vec::new(), days: Vec::new() });
            series.len() - 1
        });
        let Series { quotes, days } = &mut series[number];
        let last = quotes.last().map(|last| last.timestamp);
        if last.is_some_and(|last| quote.timestamp <= last) {
            continue;
        }
        let at = quotes.len();
        quotes.push(quote);
        match days.last_mut() {
            Some(day) if last.is_some_and(|last| last.date() == quote.timestamp.date()) => {
                day.end = at + 1;
            }
            _ => days.push(at..at + 1),
        }
    }
    series
}
