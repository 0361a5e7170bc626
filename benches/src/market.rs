//! A synthetic market: the same quotes for the same arguments, on every machine.

use bytes::Bytes;
use stockflow_core::{Price, Quote, Symbol, Timestamp, Volume, wire};

/// A random walk in whole cents of each of `symbols` symbols, a quote of each every 15 seconds, `quotes` quotes in all.
///
/// # Panics
/// Never for fewer than 100,000 symbols.
#[must_use]
pub fn quotes(symbols: usize, quotes: usize) -> Vec<Quote> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut walks: Vec<Walk> = (0..symbols).map(|i| Walk::new(i, &mut random)).collect();
    (0..quotes).map(|i| walks[i % symbols].step((i / symbols) as i64, &mut random)).collect()
}

/// The records of `quotes` in canonical form.
#[must_use]
pub fn records(quotes: &[Quote]) -> Vec<Bytes> {
    let record = |quote| {
        let mut out = Vec::new();
        wire::encode(quote, &mut out);
        out.into()
    };
    quotes.iter().map(record).collect()
}

struct Walk {
    symbol: Symbol,
    previous_close: i64,
    open: i64,
    high: i64,
    low: i64,
    price: i64,
    volume: i64,
}

impl Walk {
    fn new(index: usize, random: &mut Random) -> Self {
        let letters: Vec<u8> =
            [17_576, 676, 26, 1].iter().map(|d| b'A' + (index / d % 26) as u8).collect();
        let close = 2_000 + random.below(48_000);
        let open = close + random.below(close / 50) - close / 100;
        Self {
            symbol: Symbol::from_bytes(&letters).expect("four letters are a symbol"),
            previous_close: close,
            open,
            high: open,
            low: open,
            price: open,
            volume: 0,
        }
    }

    fn step(&mut self, number: i64, random: &mut Random) -> Quote {
        // Tails heavier than normal: one step in 500 is ten times as large.
        let scale = if random.below(500) == 0 { 10 } else { 1 };
        let most = scale * (self.price / 600 + 1);
        self.price = (self.price + random.below(2 * most + 1) - most).max(100);
        self.high = self.high.max(self.price);
        self.low = self.low.min(self.price);
        self.volume += random.below(2_000);
        // 2026-11-23T14:30:00Z, and some microseconds.
        let micros = 1_795_444_200_000_000 + number * 15_000_000 + random.below(15_000_000);
        Quote {
            symbol: self.symbol,
            timestamp: Timestamp::from_micros(micros).expect("within 2026 and a bit"),
            open: cents(self.open),
            high: cents(self.high),
            low: cents(self.low),
            price: cents(self.price),
            previous_close: cents(self.previous_close),
            volume: Volume::new(self.volume).expect("a sum of small numbers"),
        }
    }
}

fn cents(cents: i64) -> Price {
    Price::from_units(cents * 1_000_000).expect("a walk between 1 and some thousands")
}

/// Xorshift64*: small, seeded, good enough for prices.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        (high % bound.unsigned_abs().max(1)) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_market_is_the_same_every_time_and_its_records_are_canonical() {
        let quotes = quotes(3, 9);
        assert_eq!(quotes, self::quotes(3, 9));
        assert_eq!(quotes[0].symbol, quotes[3].symbol);
        assert!(quotes[0].timestamp < quotes[3].timestamp);
        for (record, quote) in records(&quotes).iter().zip(&quotes) {
            assert_eq!(wire::decode(record), Ok(wire::Decoded { quote: *quote, canonical: true }));
        }
    }
}
