//! What the benches share: a market to measure on, and a fair comparison.

pub mod compare;
pub mod market;
