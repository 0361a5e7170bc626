//! Rolling statistics and the banks of default detectors against `ta` and `yata`.
//!
//! Each contestant keeps one state for each of 500 symbols and is fed their quotes in turn, as a feed delivers them: so the
//! states come from the second-level cache, not from registers.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

mod bank;
mod error;
mod single;
mod yata_boxes;
mod yata_set;

use stockflow_benches::market;

pub(crate) const SYMBOLS: usize = 500;
pub(crate) const QUOTES: usize = 200_000;
pub(crate) const ROUNDS: usize = 31;

fn main() {
    let quotes = market::quotes(SYMBOLS, QUOTES);
    error::report();
    bank::compare_sets("default detectors over 500 symbols, judge and learn", &quotes);
    for (symbols, title) in [(100, "the same over 100 symbols"), (10, "the same over 10 symbols")] {
        bank::compare_sets(title, &market::quotes(symbols, QUOTES));
    }
    bank::compare_each(&quotes);
    single::compare_all(&quotes);
}
