//! What stands on a stream.

use std::collections::{HashMap, HashSet};

use stockflow_aws::records::{HashRange, unpack};
use stockflow_core::{
    Position, Quote, SequenceNumber, StreamRecord, Symbol, Timestamp, conformance::samples, wire,
};

use crate::fake::Fake;

/// `count` quotes of `symbols` symbols in turn, no two equal.
pub(crate) fn market(count: usize, symbols: usize) -> Vec<Quote> {
    let symbols: Vec<Symbol> =
        (0..symbols).map(|number| samples::symbol(&format!("S{number}"))).collect();
    (0..count).map(|n| samples::quote(symbols[n % symbols.len()], n as u64)).collect()
}

/// The quotes on the stream, as a reader gets them who reads each shard after its parents and leaves out what belongs elsewhere.
pub(crate) fn quotes_on(fake: &Fake) -> Vec<Quote> {
    let state = fake.state();
    let mut quotes = Vec::new();
    // Shards are numbered in the order of their making: parents come first.
    for shard in &state.shards {
        let range = HashRange::new(shard.first, shard.last);
        for (number, _, data) in &shard.records {
            let record = StreamRecord {
                position: Position::new(SequenceNumber::from(*number)),
                arrival: Timestamp::MIN,
                data: data.clone().into(),
            };
            let mut parts = Vec::new();
            unpack(record, Some(&range), &mut parts);
            quotes.extend(parts.iter().map(|part| wire::decode(&part.data).unwrap().quote));
        }
    }
    quotes
}

/// Each of `sent` is there, and of each symbol what is there first is in the order of sending.
#[track_caller]
pub(crate) fn assert_on_stream(fake: &Fake, sent: &[Quote]) {
    assert_in_order(&quotes_on(fake), sent);
}

#[track_caller]
pub(crate) fn assert_in_order(found: &[Quote], sent: &[Quote]) {
    let mut seen = HashSet::new();
    let mut by_symbol: HashMap<Symbol, Vec<Quote>> = HashMap::new();
    for quote in found {
        if seen.insert((quote.symbol, quote.timestamp)) {
            by_symbol.entry(quote.symbol).or_default().push(*quote);
        }
    }
    let mut expected: HashMap<Symbol, Vec<Quote>> = HashMap::new();
    for quote in sent {
        expected.entry(quote.symbol).or_default().push(*quote);
    }
    assert_eq!(by_symbol.len(), expected.len(), "symbols");
    for (symbol, expected) in expected {
        let found = by_symbol.remove(&symbol).unwrap_or_default();
        assert_eq!(found.len(), expected.len(), "quotes of {symbol}");
        let differ = found.iter().zip(&expected).position(|(found, expected)| found != expected);
        assert_eq!(differ, None, "{symbol} is out of order");
    }
}
