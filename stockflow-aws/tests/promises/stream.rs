//! Streams with everything in them that goes wrong: duplicates, delays, poison, clocks from the future.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use stockflow_aws::records::{Aggregate, compress};
use stockflow_core::{Price, Quote, Symbol, Timestamp, Volume, wire};

use crate::{dice::Dice, plan::Plan};

/// What a producer puts on the stream as one record.
#[derive(Clone, Debug)]
pub struct Packet {
    pub key: String,
    pub data: Bytes,
    /// What is in it.
    pub parts: Arc<[Part]>,
}

/// A record as stage 1 gets it.
#[derive(Clone, Debug)]
pub struct Part {
    /// The quote, unless nobody can read it.
    pub quote: Option<Quote>,
    pub data: Bytes,
}

const NAMES: [&str; 5] = ["AAA", "BBB", "C-C", "^D", "EUR=X"];

/// 30 s before midnight of a day, so that some streams are of two.
const START: i64 = 1_763_941_770_000_000;

pub fn start() -> Timestamp {
    Timestamp::from_micros(START).unwrap()
}

/// The packets, each with the time at which it is put.
pub fn packets(plan: &Plan) -> Vec<(Timestamp, Packet)> {
    let mut maker = Maker {
        dice: Dice(plan.seed),
        cents: [10_000, 2_500, 90_000, 300, 11_000],
        volume: 0,
        ahead: HashSet::new(),
        out: Vec::new(),
        plan,
    };
    for place in 0..plan.quotes {
        maker.make(place);
    }
    let mut out = maker.out;
    out.sort_by_key(|(at, _)| *at);
    out
}

struct Maker<'a> {
    dice: Dice,
    cents: [i64; 5],
    volume: i64,
    ahead: HashSet<(usize, i64)>,
    plan: &'a Plan,
    out: Vec<(Timestamp, Packet)>,
}

impl Maker<'_> {
    /// The quote of a second, and what comes with it.
    fn make(&mut self, place: u64) {
        let plan = self.plan;
        if self.dice.below(1_000) < plan.poison {
            let packet = self.poison();
            self.put(place, packet);
            // With 1,000 of 1,000 there is nothing else.
            if plan.poison == 1_000 {
                return;
            }
        }
        let which = self.dice.below(plan.symbols) as usize;
        let second = START + place as i64 * 1_000_000;
        let packet = if self.dice.percent(plan.packed) {
            self.several(which, second)
        } else {
            let part = self.part(which, second);
            single(NAMES[which], part)
        };
        let delayed = plan.reorder > 0 && self.dice.percent(20);
        let delay = if delayed { self.dice.below(1 + plan.reorder) } else { 0 };
        self.put(place + delay, packet.clone());
        if self.dice.percent(plan.duplicates) {
            let later = place + delay + self.dice.below(50);
            self.put(later, packet);
        }
        if self.dice.percent(plan.future) {
            // As far ahead as it may be, and a microsecond more; or hopelessly.
            let at = self.time(place).as_micros();
            let ahead = self.dice.one_of(&[299_999_999, 300_000_000, 300_000_001, 3_600_000_000]);
            let part = self.part(which, at + ahead);
            // Of two with one time the first counts, and which one that is nobody can say where batches are given up.
            let is_first = self.ahead.insert((which, at + ahead));
            if is_first || (plan.retries == 0 && plan.age == 0) {
                self.put(place, single(NAMES[which], part));
            }
        }
    }

    fn put(&mut self, place: u64, packet: Packet) {
        let at = self.time(place);
        self.out.push((at, packet));
    }

    /// When what has that place is put: after the market's last second, so that nothing is in the future by mistake.
    fn time(&self, place: u64) -> Timestamp {
        let millis = self.plan.quotes * 1_000 + place * self.plan.gap;
        Timestamp::from_micros(START + millis as i64 * 1_000).unwrap()
    }

    fn part(&mut self, which: usize, micros: i64) -> Part {
        let dice = &mut self.dice;
        self.cents[which] = (self.cents[which] + dice.below(41) as i64 - 20).max(100);
        self.volume += dice.below(500) as i64;
        let (cents, price) =
            (self.cents[which], |cents: i64| Price::from_units(cents * 1_000_000).unwrap());
        let quote = Quote {
            symbol: NAMES[which].parse().unwrap(),
            timestamp: Timestamp::from_micros(micros).unwrap(),
            open: price(10_000),
            high: price(cents.max(10_000)),
            low: price(cents.min(10_000)),
            price: price(cents),
            previous_close: price(10_050),
            volume: Volume::new(self.volume).unwrap(),
        };
        let mut json = line(&quote);
        if dice.percent(20) {
            // Not in canonical form.
            json = String::from_utf8(json).unwrap().replace(',', ", ").into_bytes();
        }
        Part { quote: Some(quote), data: json.into() }
    }

    /// A few quotes of a second in one record; of one symbol, since there must be one writer for each.
    fn several(&mut self, which: usize, second: i64) -> Packet {
        let count = 2 + self.dice.below(4) as i64;
        let aggregated = self.dice.percent(50);
        let mut parts: Vec<Part> =
            (0..count).map(|n| self.part(which, second + n * 100_000)).collect();
        let data = if aggregated {
            if self.dice.percent(30) {
                parts.insert(1, self.unreadable());
            }
            let mut aggregate = Aggregate::default();
            let key = aggregate.add_key(NAMES[which].as_bytes());
            parts.iter().for_each(|part| aggregate.add(key, &part.data));
            aggregate.finish()
        } else {
            let lines: Vec<&[u8]> = parts.iter().map(|part| part.data.as_ref()).collect();
            compress(&lines.join(&b'\n'), 1).unwrap()
        };
        Packet { key: NAMES[which].to_owned(), data: data.into(), parts: parts.into() }
    }

    fn poison(&mut self) -> Packet {
        let (part, which) = (self.unreadable(), self.dice.below(5) as usize);
        single(NAMES[which], part)
    }

    fn unreadable(&mut self) -> Part {
        let data = match self.dice.below(5) {
            0 => Bytes::from_static(b"{\"symbol\":\"AAA\",\"open\":NaN}"),
            1 => Bytes::from_static(b"\xff\xfe\x00"),
            2 => Bytes::from_static(b"null"),
            // The magic of an aggregated record, and nothing more.
            3 => Bytes::from_static(b"\xf3\x89\x9a\xc2"),
            _ => Bytes::from(format!("{{\"symbol\":\"../{}\"}}", self.dice.bits())),
        };
        Part { quote: None, data }
    }
}

fn single(key: &str, part: Part) -> Packet {
    Packet { key: key.to_owned(), data: part.data.clone(), parts: Arc::new([part]) }
}

/// The quote's canonical bytes.
pub fn line(quote: &Quote) -> Vec<u8> {
    let mut line = Vec::new();
    wire::encode(quote, &mut line);
    line
}

pub fn symbol(key: &str) -> Symbol {
    key.parse().unwrap()
}
