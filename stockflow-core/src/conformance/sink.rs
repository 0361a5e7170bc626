//! Items written: [`Sink`]. The harness tells with each sink how to see what was written, in order.

use std::fmt;

use super::{Harness, Outcome, Probe};
use crate::{OfSymbol, Sink, Symbol};

/// Every behaviour of this module, with `items` to write: at least 1,000, of several symbols, no two equal.
///
/// # Errors
/// The first [`Violation`](super::Violation).
pub async fn all<T, S, H>(harness: &H, items: &[T]) -> Outcome
where
    T: OfSymbol + Clone + PartialEq + fmt::Debug + Send + Sync,
    S: Sink<T>,
    H: Harness<Backend = Probe<S, T>>,
{
    let len = items.len();
    ensure!(len >= 1_000, "the suite needs at least 1,000 items, it was given {len}");
    every_item_arrives(harness, items).await.map_err(|v| v.of("every_item_arrives"))?;
    calls_keep_their_order(harness, &items[..24])
        .await
        .map_err(|v| v.of("calls_keep_their_order"))?;
    an_empty_batch_does_nothing(harness).await.map_err(|v| v.of("an_empty_batch_does_nothing"))
}

/// Every item that was not reported is there; the last copies of each symbol's items are in the order of writing.
fn ensure_arrived<T>(found: &[T], written: &[T]) -> Outcome
where
    T: OfSymbol + PartialEq + fmt::Debug,
{
    if let Some(item) = found.iter().find(|item| !written.contains(item)) {
        ensure!(false, "an item that nobody wrote: {item:?}");
    }
    let mut last: Vec<(Symbol, usize)> = Vec::new();
    for item in written {
        let Some(at) = found.iter().rposition(|found| found == item) else {
            ensure!(false, "an item that was not reported is not there: {item:?}");
            continue;
        };
        match last.iter_mut().find(|(symbol, _)| *symbol == item.symbol()) {
            Some((_, before)) => {
                ensure!(*before < at, "{item:?} is before one that was written before it");
                *before = at;
            }
            None => last.push((item.symbol(), at)),
        }
    }
    Ok(())
}

/// In one call, whatever the backend's own limit is, in order by symbol. Copies are allowed: delivery is at least once.
pub async fn every_item_arrives<T, S, H>(h: &H, items: &[T]) -> Outcome
where
    T: OfSymbol + Clone + PartialEq + fmt::Debug + Send + Sync,
    S: Sink<T>,
    H: Harness<Backend = Probe<S, T>>,
{
    let probe = h.fresh().await;
    probe.backend.write(items).await?.into_result()?;
    ensure_arrived(&probe.arrived().await?, items)
}

/// What a call wrote is before what the next one writes.
pub async fn calls_keep_their_order<T, S, H>(h: &H, items: &[T]) -> Outcome
where
    T: OfSymbol + Clone + PartialEq + fmt::Debug + Send + Sync,
    S: Sink<T>,
    H: Harness<Backend = Probe<S, T>>,
{
    let probe = h.fresh().await;
    for batch in items.chunks(3) {
        probe.backend.write(batch).await?.into_result()?;
    }
    ensure_arrived(&probe.arrived().await?, items)
}

/// It succeeds.
pub async fn an_empty_batch_does_nothing<T, S, H>(h: &H) -> Outcome
where
    T: PartialEq + fmt::Debug + Send + Sync,
    S: Sink<T>,
    H: Harness<Backend = Probe<S, T>>,
{
    let probe = h.fresh().await;
    probe.backend.write(&[]).await?.into_result()?;
    ensure_eq!(probe.arrived().await?, [], "items after an empty batch");
    Ok(())
}
