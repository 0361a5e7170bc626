//! Merges sorted runs of quotes into one order.

use std::{cmp::Reverse, collections::BinaryHeap, vec};

use stockflow_core::{Quote, RowKey};

use super::file::{FileError, QuoteReader};

/// Where the quotes of a run come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Compacted before.
    Known,
    /// Not compacted before.
    New,
    /// Delivered again, perhaps: those that are among the known ones are left out, as often as they are there.
    Again,
}

/// Quotes by symbol, then market time, then the order in which they came.
#[derive(Debug)]
pub(super) enum Run {
    Memory(vec::IntoIter<Quote>),
    File(Box<QuoteReader>),
}

impl Run {
    fn next(&mut self) -> Result<Option<Quote>, FileError> {
        match self {
            Self::Memory(quotes) => Ok(quotes.next()),
            Self::File(reader) => reader.next_quote(),
        }
    }
}

pub(super) const fn key(quote: &Quote) -> RowKey {
    RowKey { symbol: quote.symbol, timestamp: quote.timestamp }
}

/// Hands every quote that counts to `take`, in order; runs given first go first among equals.
pub(super) fn merge(
    runs: Vec<(Origin, Run)>,
    mut take: impl FnMut(&Quote) -> Result<(), FileError>,
) -> Result<(), FileError> {
    let mut runs: Vec<(Origin, Run, Option<Quote>)> =
        runs.into_iter().map(|(origin, run)| (origin, run, None)).collect();
    let mut heads = BinaryHeap::with_capacity(runs.len());
    for (number, (_, run, head)) in runs.iter_mut().enumerate() {
        *head = run.next()?;
        heads.extend(head.map(|quote| Reverse((key(&quote), number))));
    }
    let mut equals: Vec<(Origin, Quote)> = Vec::new();
    let mut current: Option<RowKey> = None;
    while let Some(Reverse((at, number))) = heads.pop() {
        if current.replace(at).is_some_and(|current| current != at) {
            settle(&mut equals, &mut take)?;
        }
        let (origin, run, head) = &mut runs[number];
        equals.extend(head.take().map(|quote| (*origin, quote)));
        *head = run.next()?;
        heads.extend(head.map(|quote| Reverse((key(&quote), number))));
    }
    settle(&mut equals, &mut take)
}

/// Hands on the quotes of one symbol and time.
fn settle(
    equals: &mut Vec<(Origin, Quote)>,
    take: &mut impl FnMut(&Quote) -> Result<(), FileError>,
) -> Result<(), FileError> {
    let mut known: Vec<Quote> = Vec::new();
    if equals.iter().any(|(origin, _)| *origin == Origin::Again) {
        known.extend(equals.iter().filter(|(o, _)| *o == Origin::Known).map(|(_, quote)| *quote));
    }
    for (origin, quote) in equals.drain(..) {
        if origin == Origin::Again
            && let Some(at) = known.iter().position(|known| *known == quote)
        {
            known.swap_remove(at);
            continue;
        }
        take(&quote)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(symbol: &str, second: u32, volume: i64) -> Quote {
        let price = "10".parse().unwrap();
        Quote {
            symbol: symbol.parse().unwrap(),
            timestamp: format!("2026-11-23T14:30:{second:02}Z").parse().unwrap(),
            open: price,
            high: price,
            low: price,
            price,
            previous_close: price,
            volume: volume.try_into().unwrap(),
        }
    }

    fn merged(runs: Vec<(Origin, Vec<Quote>)>) -> Vec<(String, i64)> {
        let runs =
            runs.into_iter().map(|(o, quotes)| (o, Run::Memory(quotes.into_iter()))).collect();
        let mut out = Vec::new();
        merge(runs, |quote| {
            out.push((
                format!("{}{}", quote.symbol, &quote.timestamp.to_string()[17..19]),
                quote.volume.get(),
            ));
            Ok(())
        })
        .unwrap();
        out
    }

    #[test]
    fn runs_become_one_order_and_equals_keep_theirs() {
        let out = merged(vec![
            (Origin::Known, vec![quote("A", 1, 1), quote("B", 0, 2)]),
            (Origin::New, vec![quote("A", 0, 3), quote("A", 1, 4), quote("C", 0, 5)]),
        ]);
        let expected = [("A00", 3), ("A01", 1), ("A01", 4), ("B00", 2), ("C00", 5)];
        assert_eq!(out, expected.map(|(at, n)| (at.to_owned(), n)));
    }

    #[test]
    fn what_came_again_is_left_out_as_often_as_it_is_known() {
        let twice = vec![quote("A", 1, 1), quote("A", 1, 1), quote("A", 1, 9)];
        let out = merged(vec![(Origin::Known, vec![quote("A", 1, 1)]), (Origin::Again, twice)]);
        assert_eq!(out.iter().map(|(_, volume)| *volume).collect::<Vec<_>>(), [1, 1, 9]);
        let out = merged(vec![
            (Origin::Known, vec![quote("A", 1, 1)]),
            (Origin::New, vec![quote("A", 1, 1)]),
            (Origin::Again, vec![quote("A", 1, 1)]),
        ]);
        assert_eq!(out.len(), 2, "a record that was sent twice is two records");
    }
}
