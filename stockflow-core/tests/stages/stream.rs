//! Streams with everything in them that goes wrong: duplicates, reordering, poison, clocks from the future.

use bytes::Bytes;
use stockflow_core::{Position, Price, Quote, StreamRecord, Symbol, Timestamp, Volume, wire};

use crate::world::Dice;

const START: i64 = 1_763_908_200_000_000;

/// How much goes wrong, in percent of the records.
#[derive(Debug, Clone, Copy)]
pub struct Mess {
    pub duplicates: u64,
    pub poison: u64,
    pub future: u64,
    /// Records may be so many places away from where they belong.
    pub reorder: usize,
}

/// A stream of about `quotes` quotes of four symbols.
pub fn stream(seed: u64, quotes: usize, mess: Mess) -> Vec<StreamRecord> {
    let mut dice = Dice(seed);
    let symbols: Vec<Symbol> =
        ["AAA", "BBB", "C-C", "^D"].iter().map(|s| s.parse().unwrap()).collect();
    let mut cents = [10_000_i64, 2_500, 90_000, 300];
    let mut volume = 0;
    let mut lines: Vec<Bytes> = Vec::new();
    for tick in 0..quotes {
        let which = dice.below(4) as usize;
        cents[which] = (cents[which] + dice.below(41) as i64 - 20).max(100);
        volume += dice.below(500) as i64;
        let mut micros = START + tick as i64 * 1_000_000;
        if dice.percent(mess.future) {
            micros += 3_600_000_000;
        }
        lines.push(line(symbols[which], micros, cents[which], volume, dice.percent(80)));
        if dice.percent(mess.duplicates) {
            let again =
                lines[lines.len() - 1 - dice.below(lines.len().min(50) as u64) as usize].clone();
            lines.push(again);
        }
        if dice.percent(mess.poison) {
            lines.push(poison(&mut dice));
        }
    }
    for at in 0..lines.len() {
        let other = at + dice.below(1 + mess.reorder as u64) as usize;
        if mess.reorder > 0 && other < lines.len() && dice.percent(20) {
            lines.swap(at, other);
        }
    }
    let arrival = |at: usize| Timestamp::from_micros(START + at as i64 * 500_000).unwrap();
    lines
        .into_iter()
        .enumerate()
        .map(|(at, data)| StreamRecord {
            position: Position::new((100 + at as u64).into()),
            arrival: arrival(at.max(quotes)),
            data,
        })
        .collect()
}

fn line(symbol: Symbol, micros: i64, cents: i64, volume: i64, canonical: bool) -> Bytes {
    let price = |cents: i64| Price::from_units(cents * 1_000_000).unwrap();
    let quote = Quote {
        symbol,
        timestamp: Timestamp::from_micros(micros).unwrap(),
        open: price(10_000),
        high: price(cents.max(10_000)),
        low: price(cents.min(10_000)),
        price: price(cents),
        previous_close: price(10_050),
        volume: Volume::new(volume).unwrap(),
    };
    let mut json = Vec::new();
    wire::encode(&quote, &mut json);
    if !canonical {
        let text = String::from_utf8(json).unwrap().replace(',', ", ");
        return text.into_bytes().into();
    }
    json.into()
}

fn poison(dice: &mut Dice) -> Bytes {
    match dice.below(4) {
        0 => Bytes::from_static(b"{\"symbol\":\"AAA\",\"open\":NaN}"),
        1 => Bytes::from_static(b"\xff\xfe\x00"),
        2 => Bytes::from_static(b""),
        _ => Bytes::from(format!("{{\"symbol\":\"../{}\"}}", dice.next())),
    }
}
