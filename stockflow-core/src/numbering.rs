//! Several quotes of a symbol with one market time.

use hashbrown::HashMap;

use crate::{Symbol, Timestamp};

/// Numbers the quotes of a symbol that share a market time in its last three digits, in source order.
///
/// Exchanges stamp bursts of trades with the same millisecond, and a row's key is symbol and market time. A source
/// passes every quote through this before it hands it on, so that none overwrites another and a replay of the same source
/// gives the same keys.
///
/// - Only whole milliseconds are numbered. A time that is finer is returned as it is and remembered by nobody.
/// - The 1000th and later ones within a millisecond all get 999: of two rows with one key the first counts, so those
///   after it are duplicates.
/// - A millisecond that comes back after another one of the symbol is numbered from 0 again.
/// - What is remembered is one time and one count a symbol. A source that goes on in the middle of a file has the
///   same state again once it has passed the quotes of the last millisecond through.
///
/// ```
/// use stockflow_core::{Symbol, TickNumbering, Timestamp};
///
/// let mut numbering = TickNumbering::default();
/// let ibm: Symbol = "IBM".parse()?;
/// let time: Timestamp = "2013-10-07T13:30:00.019Z".parse()?;
/// assert_eq!(numbering.number(ibm, time).to_string(), "2013-10-07T13:30:00.019000Z");
/// assert_eq!(numbering.number(ibm, time).to_string(), "2013-10-07T13:30:00.019001Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TickNumbering {
    last: HashMap<Symbol, Last>,
}

/// The last whole millisecond of a symbol, and the number that its newest quote got.
#[derive(Clone, Copy, Debug)]
struct Last {
    base: i64,
    number: i64,
}

const MICROS_PER_MILLI: i64 = 1_000;

impl TickNumbering {
    /// The time under which the next quote of `symbol` is known, given its market time.
    #[must_use]
    pub fn number(&mut self, symbol: Symbol, timestamp: Timestamp) -> Timestamp {
        let base = timestamp.as_micros();
        if base % MICROS_PER_MILLI != 0 {
            return timestamp;
        }
        let last = self.last.entry(symbol).or_insert(Last { base, number: -1 });
        if last.base == base {
            last.number = (last.number + 1).min(MICROS_PER_MILLI - 1);
        } else {
            *last = Last { base, number: 0 };
        }
        // `Timestamp::MAX` ends in 999 999: the sum stays in range.
        Timestamp::from_micros(base + last.number).unwrap_or(timestamp)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn symbol(text: &str) -> Symbol {
        text.parse().unwrap()
    }

    fn millis(value: i64) -> Timestamp {
        Timestamp::from_micros(value * MICROS_PER_MILLI).unwrap()
    }

    #[test]
    fn finer_times_are_left_alone() {
        let mut numbering = TickNumbering::default();
        let fine = Timestamp::from_micros(5_001).unwrap();
        for _ in 0..3 {
            assert_eq!(numbering.number(symbol("A"), fine), fine);
        }
        assert_eq!(numbering.number(symbol("A"), millis(5)), millis(5));
    }

    #[test]
    fn the_last_number_of_a_millisecond_is_999() {
        let mut numbering = TickNumbering::default();
        let numbers: Vec<i64> = (0..1_500)
            .map(|_| numbering.number(symbol("A"), millis(7)).as_micros() - 7_000)
            .collect();
        let expected: Vec<i64> = (0..1_500).map(|n| n.min(999)).collect();
        assert_eq!(numbers, expected);
        assert_eq!(numbering.number(symbol("A"), millis(8)), millis(8));
    }

    #[test]
    fn the_last_millisecond_of_time_can_be_numbered() {
        let mut numbering = TickNumbering::default();
        let base = Timestamp::from_micros(Timestamp::MAX.as_micros() - 999).unwrap();
        let last = (0..1_001).map(|_| numbering.number(symbol("A"), base)).last();
        assert_eq!(last, Some(Timestamp::MAX));
    }

    proptest! {
        #[test]
        fn times_ascend_strictly_and_keep_their_millisecond(
            steps in prop::collection::vec((0_i64..3, 0_usize..3), 1..500)
        ) {
            let symbols = [symbol("A"), symbol("B"), symbol("C")];
            let mut numbering = TickNumbering::default();
            let mut newest = [None; 3];
            let mut now = 0;
            for (step, which) in steps {
                now += step;
                let numbered = numbering.number(symbols[which], millis(now));
                prop_assert!(newest[which] < Some(numbered));
                prop_assert_eq!(numbered.as_micros() / MICROS_PER_MILLI, now);
                newest[which] = Some(numbered);
            }
        }

        #[test]
        fn symbols_are_numbered_apart_and_alike_in_a_replay(
            times in prop::collection::vec(0_i64..5, 1..200)
        ) {
            let mut mixed = TickNumbering::default();
            let mut alone = TickNumbering::default();
            for &time in &times {
                let expected = alone.number(symbol("A"), millis(time));
                let _ = mixed.number(symbol("B"), millis(time / 2));
                prop_assert_eq!(mixed.number(symbol("A"), millis(time)), expected);
            }
        }
    }
}
