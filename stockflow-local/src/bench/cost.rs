//! What rules cost: time and memory.

use std::time::Instant;

use stockflow_core::{AnomalyBank, Quality, Quote, Rules, Symbol, TrendDetector};

/// Symbols whose state is measured: enough that pages of memory do not blur it.
const SYMBOLS: usize = 256;
/// Quotes that fill every window.
const FULL: usize = 600;
const PASSES: usize = 5;

/// Time and memory of a set of rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// For a quote, judged and learned from; the best of some passes.
    pub nanoseconds: f64,
    /// State of one symbol, with full windows; none where that cannot be measured.
    pub state_bytes: Option<f64>,
}

#[derive(Debug)]
struct State {
    bank: AnomalyBank,
    trends: Vec<Box<dyn TrendDetector>>,
}

impl State {
    fn new(rules: &Rules, symbol: &Symbol) -> Self {
        let trends = rules.trend.iter().filter_map(|rule| rule.detector(symbol)).collect();
        Self { bank: AnomalyBank::new(&rules.anomaly, symbol), trends }
    }

    fn take(&mut self, quote: &Quote) -> usize {
        let (_, found) = self.bank.judge(quote, Quality::GOOD);
        for trend in &mut self.trends {
            let _ = std::hint::black_box(trend.update(quote));
        }
        found.len()
    }
}

/// Measures the detectors of each of `sets`, by the quotes of one symbol. `resident` says how many bytes of memory the process has.
#[must_use]
pub fn costs(sets: &[Rules], quotes: &[Quote], resident: &dyn Fn() -> Option<u64>) -> Vec<Cost> {
    let Some(symbol) = quotes.first().map(|quote| quote.symbol) else { return Vec::new() };
    // All are kept until the last is measured: memory that is given back would be used again, unseen.
    let mut states = Vec::with_capacity(sets.len() * SYMBOLS);
    let mut costs = Vec::with_capacity(sets.len());
    for rules in sets {
        let before = resident();
        for _ in 0..SYMBOLS {
            let mut state = State::new(rules, &symbol);
            quotes.iter().take(FULL).for_each(|quote| _ = state.take(quote));
            states.push(state);
        }
        let grown = before.zip(resident()).map(|(before, after)| after.saturating_sub(before));
        let state_bytes = grown.map(|bytes| bytes as f64 / SYMBOLS as f64);
        costs.push(Cost { nanoseconds: f64::INFINITY, state_bytes });
    }
    for (rules, cost) in sets.iter().zip(&mut costs) {
        for _ in 0..PASSES {
            let mut state = State::new(rules, &symbol);
            let started = Instant::now();
            let found: usize = quotes.iter().map(|quote| state.take(quote)).sum();
            std::hint::black_box(found);
            let each = started.elapsed().as_nanos() as f64 / quotes.len() as f64;
            cost.nanoseconds = cost.nanoseconds.min(each);
        }
    }
    costs
}
