//! Alerts sent: [`Alerter`]. The harness tells with each alerter the ids of what was told, in order.

use super::{Harness, Outcome, Probe, samples};
use crate::{Alert, Alerter};

/// Every behaviour of this module.
///
/// # Errors
/// The first [`Violation`](super::Violation).
pub async fn all<A, H>(harness: &H) -> Outcome
where
    A: Alerter,
    H: Harness<Backend = Probe<A, String>>,
{
    run!(harness:
        every_alert_is_told_once,
        calls_keep_their_order,
        a_long_batch_is_told_whole,
        an_empty_batch_tells_nothing,
    )
}

fn ids<'a>(alerts: impl IntoIterator<Item = &'a Alert>) -> Vec<String> {
    alerts.into_iter().map(|alert| alert.id().to_string()).collect()
}

/// Each once, and those of a symbol in the order of the calls.
fn ensure_told(told: &[String], alerts: &[Alert]) -> Outcome {
    for text in samples::SYMBOLS {
        let of_symbol = |id: &&String| id.starts_with(&format!("{text}/"));
        let told: Vec<&String> = told.iter().filter(of_symbol).collect();
        let expected = ids(alerts.iter().filter(|alert| alert.symbol.as_str() == text));
        ensure!(told.iter().copied().eq(&expected), "{text}: expected {expected:?}, told {told:?}");
    }
    ensure_eq!(told.len(), alerts.len(), "number of alerts told");
    Ok(())
}

/// Of one call, whatever the symbol is called.
pub async fn every_alert_is_told_once<A, H>(h: &H) -> Outcome
where
    A: Alerter,
    H: Harness<Backend = Probe<A, String>>,
{
    let probe = h.fresh().await;
    let alert =
        |(n, text)| samples::alert(samples::symbol(text), "sma_cross", crate::Direction::Down, n);
    let alerts: Vec<Alert> = (0..).zip(samples::SYMBOLS).map(alert).collect();
    probe.backend.notify(&alerts).await?.into_result()?;
    ensure_told(&probe.arrived().await?, &alerts)
}

/// What a call told is before what the next one tells.
pub async fn calls_keep_their_order<A, H>(h: &H) -> Outcome
where
    A: Alerter,
    H: Harness<Backend = Probe<A, String>>,
{
    let probe = h.fresh().await;
    let alerts = samples::alerts(24);
    for batch in alerts.chunks(5) {
        probe.backend.notify(batch).await?.into_result()?;
    }
    ensure_told(&probe.arrived().await?, &alerts)
}

/// Of 60 alerts, more than the limits of common services.
pub async fn a_long_batch_is_told_whole<A, H>(h: &H) -> Outcome
where
    A: Alerter,
    H: Harness<Backend = Probe<A, String>>,
{
    let probe = h.fresh().await;
    let alerts = samples::alerts(60);
    probe.backend.notify(&alerts).await?.into_result()?;
    ensure_told(&probe.arrived().await?, &alerts)
}

/// It succeeds.
pub async fn an_empty_batch_tells_nothing<A, H>(h: &H) -> Outcome
where
    A: Alerter,
    H: Harness<Backend = Probe<A, String>>,
{
    let probe = h.fresh().await;
    probe.backend.notify(&[]).await?.into_result()?;
    ensure_told(&probe.arrived().await?, &[])
}
