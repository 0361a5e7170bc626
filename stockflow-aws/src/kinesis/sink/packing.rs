//! Quotes into records.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use stockflow_core::{Quote, Symbol, wire};

use crate::records::{Aggregate, compress};

/// Most that a record of many quotes weighs, key included: one unit of what Kinesis bills, however it counts its 25 KB.
const UNIT: usize = 25_000;
/// Most that any record weighs.
pub(super) const LARGEST: usize = UNIT;
/// Most quotes in a compressed record, for the memory of who reads it: 1 MB of lines.
const MOST_QUOTES: usize = 4_000;
/// Zstandard's; higher ones save a few bytes in a hundred.
const LEVEL: i32 = 3;

/// What a record holds.
#[derive(Debug)]
pub(super) enum Packing {
    Plain,
    Aggregated,
    Compressed {
        /// How many quotes would have filled the last record, as far as its own say.
        fits: AtomicUsize,
    },
}

/// A record to be sent.
#[derive(Debug)]
pub(super) struct Packed {
    /// The symbol of its first quote is its partition key: at least that one's quotes are where they belong, whatever became of the shards.
    pub(super) key: Symbol,
    /// How many quotes it holds, from the first that were offered.
    pub(super) quotes: usize,
    pub(super) data: Vec<u8>,
}

impl Packing {
    pub(super) const fn compressed() -> Self {
        Self::Compressed { fits: AtomicUsize::new(800) }
    }

    /// A record of the first quotes of `waiting`, indices of `batch`; at least one, as many as fit.
    pub(super) fn pack(&self, batch: &[Quote], waiting: &[usize]) -> Option<Packed> {
        let first = &batch[*waiting.first()?];
        let packed = match self {
            _ if waiting.len() == 1 => None,
            Self::Plain => None,
            Self::Aggregated => Some(aggregate(batch, waiting)),
            Self::Compressed { fits } => squeeze(batch, waiting, fits),
        };
        let (quotes, data) = packed.filter(|(quotes, _)| *quotes > 1).unwrap_or_else(|| {
            let mut data = Vec::with_capacity(256);
            wire::encode(first, &mut data);
            (1, data)
        });
        Some(Packed { key: first.symbol, quotes, data })
    }
}

fn aggregate(batch: &[Quote], waiting: &[usize]) -> (usize, Vec<u8>) {
    let most = UNIT - Symbol::MAX_LEN;
    let mut aggregate = Aggregate::default();
    let mut keys: HashMap<Symbol, u64> = HashMap::new();
    let mut line = Vec::with_capacity(256);
    let mut quotes = 0;
    for index in waiting {
        let quote = &batch[*index];
        line.clear();
        wire::encode(quote, &mut line);
        let known = keys.get(&quote.symbol).copied();
        let new = known.is_none().then_some(quote.symbol.as_bytes().len());
        if quotes > 0 && aggregate.len_with(new, line.len()) > most {
            break;
        }
        let key = known.unwrap_or_else(|| {
            let key = aggregate.add_key(quote.symbol.as_bytes());
            keys.insert(quote.symbol, key);
            key
        });
        aggregate.add(key, &line);
        quotes += 1;
    }
    (quotes, aggregate.finish())
}

/// How many quotes fit is known after compressing them: takes as many as the last record's say, and fewer if that was too bold.
fn squeeze(batch: &[Quote], waiting: &[usize], fits: &AtomicUsize) -> Option<(usize, Vec<u8>)> {
    let most = UNIT - Symbol::MAX_LEN;
    let mut quotes = waiting.len().min(fits.load(Ordering::Relaxed));
    let mut lines = Vec::with_capacity(quotes * 224);
    while quotes > 1 {
        let mut indices = waiting[..quotes].to_vec();
        // Stable: within a symbol, the order stays.
        indices.sort_by_key(|index| batch[*index].symbol);
        lines.clear();
        for index in indices {
            wire::encode(&batch[index], &mut lines);
            lines.push(b'\n');
        }
        let data = compress(&lines, LEVEL).ok()?;
        // A little less than what would just fit, since the next ones are not quite alike.
        let fitting = (quotes * most / data.len() * 31 / 32).clamp(2, MOST_QUOTES);
        if data.len() <= most {
            // A small record is compressed less, and says little.
            if data.len() > most / 2 || fitting > fits.load(Ordering::Relaxed) {
                fits.store(fitting, Ordering::Relaxed);
            }
            return Some((quotes, data));
        }
        fits.store(fitting, Ordering::Relaxed);
        quotes = (quotes - 1).min(fitting);
    }
    None
}

#[cfg(test)]
mod tests {
    use stockflow_core::{Position, SequenceNumber, StreamRecord, Timestamp, conformance::samples};

    use super::*;
    use crate::records::{HashRange, unpack};

    fn packed_and_read(packing: &Packing, batch: &[Quote]) -> Vec<Packed> {
        let mut waiting: Vec<usize> = (0..batch.len()).collect();
        let mut packs = Vec::new();
        while let Some(packed) = packing.pack(batch, &waiting) {
            assert!(packed.data.len() + packed.key.as_bytes().len() <= UNIT);
            assert_eq!(packed.key, batch[waiting[0]].symbol);
            let record = StreamRecord {
                position: Position::new(SequenceNumber::from(1)),
                arrival: Timestamp::MIN,
                data: packed.data.clone().into(),
            };
            let mut parts = Vec::new();
            unpack(record, Some(&HashRange::ALL), &mut parts);
            let mut read: Vec<Quote> =
                parts.iter().map(|part| wire::decode(&part.data).unwrap().quote).collect();
            let mut sent: Vec<Quote> =
                waiting.drain(..packed.quotes).map(|index| batch[index]).collect();
            read.sort_by_key(|quote| quote.symbol);
            sent.sort_by_key(|quote| quote.symbol);
            assert_eq!(read, sent);
            packs.push(packed);
        }
        packs
    }

    #[test]
    fn every_quote_is_in_one_record_and_records_are_full() {
        let batch = samples::quotes(20_000);
        assert_eq!(packed_and_read(&Packing::Plain, &batch[..50]).len(), 50);
        let aggregated = packed_and_read(&Packing::Aggregated, &batch);
        let compressed = packed_and_read(&Packing::compressed(), &batch);
        for packs in [aggregated, compressed] {
            // The first ones learn how many quotes fit.
            for packed in &packs[2..packs.len() - 1] {
                let (len, quotes) = (packed.data.len(), packed.quotes);
                assert!(
                    len > UNIT * 4 / 5 || quotes == MOST_QUOTES,
                    "{len} bytes, {quotes} quotes"
                );
            }
        }
    }

    #[test]
    fn one_quote_is_a_plain_record() {
        let batch = samples::quotes(1);
        for packing in [Packing::Plain, Packing::Aggregated, Packing::compressed()] {
            assert_eq!(packing.pack(&batch, &[0]).unwrap().data[0], b'{');
            assert!(packing.pack(&batch, &[]).is_none());
        }
    }
}
