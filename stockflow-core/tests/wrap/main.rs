//! Wrappers, around backends that fail at random and by script.

#![allow(clippy::unwrap_used, reason = "tests")]

mod conform;
mod fan_out;
mod flaky;
mod order;
mod retry;
mod script;
mod throttle;

use std::{future::Future, time::Duration};

use stockflow_core::{Quote, conformance::samples};

/// Runs to the end on this thread; for property tests, which are not async.
fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// Waits not at all.
fn no_pause(_: Duration) -> std::future::Ready<()> {
    std::future::ready(())
}

/// Quotes of the symbols with these numbers, no two equal.
fn quotes(symbols: &[usize]) -> Vec<Quote> {
    let symbol = |number: usize| samples::symbol(samples::SYMBOLS[number]);
    (0..).zip(symbols).map(|(n, number)| samples::quote(symbol(*number), n)).collect()
}
