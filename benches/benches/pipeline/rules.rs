//! The three rules as one would write them by hand, in floats: what the peers run.

use std::str::FromStr;

use serde::Deserialize;

/// A record as the peers read it: texts borrowed, prices as floats, nothing checked.
#[derive(Deserialize)]
pub(crate) struct Record<'a> {
    pub(crate) symbol: &'a str,
    pub(crate) price: f64,
    pub(crate) previous_close: f64,
    #[serde(rename = "open")]
    _open: f64,
    #[serde(rename = "high")]
    _high: f64,
    #[serde(rename = "low")]
    _low: f64,
    #[serde(rename = "volume")]
    _volume: i64,
    pub(crate) timestamp: &'a str,
}

/// What a peer tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) symbol: String,
    pub(crate) rule: &'static str,
    pub(crate) up: bool,
    pub(crate) at: i64,
}

pub(crate) const PERCENT: f64 = 5.0;
pub(crate) const PERIOD: usize = 20;
pub(crate) const Z: f64 = 6.0;
pub(crate) const SHORT: usize = 5;
pub(crate) const LONG: usize = 20;
const COOLDOWN_SECONDS: i64 = 1_800;

/// State of one symbol.
#[derive(Default)]
pub(crate) struct State {
    beyond: bool,
    last: f64,
    returns: Ring<PERIOD>,
    prices_short: Ring<SHORT>,
    prices_long: Ring<LONG>,
    above: Option<bool>,
    /// By rule and direction, the time of the last alert.
    told: [[Option<i64>; 2]; 3],
}

/// The last `N` numbers with their sum and sum of squares.
struct Ring<const N: usize> {
    values: [f64; N],
    len: usize,
    next: usize,
    sum: f64,
    squares: f64,
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self { values: [0.0; N], len: 0, next: 0, sum: 0.0, squares: 0.0 }
    }
}

impl<const N: usize> Ring<N> {
    fn push(&mut self, value: f64) {
        let old = std::mem::replace(&mut self.values[self.next], value);
        self.sum += value - old;
        self.squares += value * value - old * old;
        self.next = if self.next + 1 == N { 0 } else { self.next + 1 };
        self.len = (self.len + 1).min(N);
    }

    fn mean(&self) -> Option<f64> {
        (self.len == N).then_some(self.sum / N as f64)
    }

    fn z(&self, value: f64) -> Option<f64> {
        let mean = self.mean()?;
        let variance = self.squares / N as f64 - mean * mean;
        (variance > 0.0).then(|| (value - mean) / variance.sqrt())
    }
}

impl State {
    /// Judges a record, learns from it, and tells what is not cooling down.
    pub(crate) fn observe(&mut self, record: &Record<'_>, mut tell: impl FnMut(Told)) {
        let percent = (record.price / record.previous_close - 1.0) * 100.0;
        let beyond = percent.abs() > PERCENT;
        if beyond && !self.beyond {
            self.decide(0, "percent_change", percent > 0.0, record, &mut tell);
        }
        self.beyond = beyond;
        if self.last > 0.0 {
            let change = record.price / self.last - 1.0;
            if let Some(z) = self.returns.z(change).filter(|z| z.abs() > Z) {
                self.decide(1, "return_zscore", z > 0.0, record, &mut tell);
            }
            self.returns.push(change);
        }
        self.last = record.price;
        self.prices_short.push(record.price);
        self.prices_long.push(record.price);
        if let (Some(short), Some(long)) = (self.prices_short.mean(), self.prices_long.mean()) {
            let above = short > long;
            if self.above.is_some_and(|before| before != above) {
                self.decide(2, "sma_crossover", above, record, &mut tell);
            }
            self.above = Some(above);
        }
    }

    fn decide(
        &mut self,
        slot: usize,
        rule: &'static str,
        up: bool,
        record: &Record<'_>,
        tell: &mut impl FnMut(Told),
    ) {
        // Time is read where it is needed only: a favour to the peers.
        let Ok(at) = jiff::Timestamp::from_str(record.timestamp) else { return };
        let at = at.as_second();
        let last = &mut self.told[slot][usize::from(up)];
        if last.is_none_or(|last| at - last >= COOLDOWN_SECONDS) {
            *last = Some(at);
            tell(Told { symbol: record.symbol.to_owned(), rule, up, at });
        }
    }
}
