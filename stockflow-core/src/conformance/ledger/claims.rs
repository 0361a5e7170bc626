//! Who sends which alert.

use std::{sync::Arc, time::Duration};

use crate::{
    Alert, AlertLedger, AlertStatus, Claim, Direction, Result,
    conformance::{
        Harness, Outcome, Violation, concurrent,
        samples::{alert, at, symbol},
    },
};

const LEASE: Duration = Duration::from_secs(60);

fn sample() -> Alert {
    alert(symbol("AAPL"), "price_hampel", Direction::Up, 0)
}

/// And nothing is known of an alert before.
pub async fn a_first_claim_wins<H: Harness<Backend: AlertLedger>>(h: &H) -> Outcome {
    let ledger = h.fresh().await;
    let alert = sample();
    ensure_eq!(ledger.status(&alert.id()).await?, None, "status before any claim");
    ensure_eq!(ledger.claim(&alert, at(0), LEASE).await?, Claim::Won, "first claim");
    let claimed = Some(AlertStatus::Claimed { until: at(60) });
    ensure_eq!(ledger.status(&alert.id()).await?, claimed, "status after the claim");
    Ok(())
}

/// To the microsecond: at the end of the lease the claim is free.
pub async fn a_claim_holds_until_its_lease_is_over<H: Harness<Backend: AlertLedger>>(
    h: &H,
) -> Outcome {
    let ledger = h.fresh().await;
    let alert = sample();
    ensure_eq!(ledger.claim(&alert, at(0), LEASE).await?, Claim::Won, "first claim");
    let held = Claim::Held { until: at(60) };
    for now in [at(0), at(30), at(60).saturating_sub(Duration::from_micros(1))] {
        ensure_eq!(ledger.claim(&alert, now, LEASE).await?, held, "claim at {now}");
    }
    let claimed = Some(AlertStatus::Claimed { until: at(60) });
    ensure_eq!(ledger.status(&alert.id()).await?, claimed, "status after claims in vain");
    ensure_eq!(ledger.claim(&alert, at(60), LEASE).await?, Claim::Won, "claim after the lease");
    Ok(())
}

/// It is counted from the takeover.
pub async fn a_takeover_has_a_lease_of_its_own<H: Harness<Backend: AlertLedger>>(h: &H) -> Outcome {
    let ledger = h.fresh().await;
    let alert = sample();
    ensure_eq!(ledger.claim(&alert, at(0), LEASE).await?, Claim::Won, "first claim");
    let longer = Duration::from_secs(100);
    ensure_eq!(ledger.claim(&alert, at(70), longer).await?, Claim::Won, "takeover");
    let claimed = Some(AlertStatus::Claimed { until: at(170) });
    ensure_eq!(ledger.status(&alert.id()).await?, claimed, "status after the takeover");
    let held = Claim::Held { until: at(170) };
    ensure_eq!(ledger.claim(&alert, at(169), LEASE).await?, held, "claim during it");
    ensure_eq!(ledger.claim(&alert, at(170), LEASE).await?, Claim::Won, "second takeover");
    Ok(())
}

/// Also at the same moment: what a single sender asks for after a restart.
pub async fn a_claim_without_a_lease_is_taken_over_at_once<H: Harness<Backend: AlertLedger>>(
    h: &H,
) -> Outcome {
    let ledger = h.fresh().await;
    for number in 0..3 {
        let claim = ledger.claim(&sample(), at(0), Duration::ZERO).await?;
        ensure_eq!(claim, Claim::Won, "claim number {number}");
    }
    Ok(())
}

/// Whatever comes after it, another mark too.
pub async fn a_mark_is_final<H: Harness<Backend: AlertLedger>>(h: &H) -> Outcome {
    let ledger = h.fresh().await;
    let alert = sample();
    ensure_eq!(ledger.claim(&alert, at(0), LEASE).await?, Claim::Won, "first claim");
    ledger.mark_sent(&alert.id(), at(1)).await?;
    let sent = Some(AlertStatus::Sent { at: at(1) });
    ensure_eq!(ledger.status(&alert.id()).await?, sent, "status after the mark");
    for now in [at(0), at(2), at(60), at(1_000_000)] {
        ensure_eq!(ledger.claim(&alert, now, LEASE).await?, Claim::Sent, "claim at {now}");
    }
    ledger.mark_sent(&alert.id(), at(5)).await?;
    let status = ledger.status(&alert.id()).await?;
    ensure!(matches!(status, Some(AlertStatus::Sent { .. })), "status after two marks: {status:?}");
    Ok(())
}

/// A sender that outlasted its lease has sent all the same.
pub async fn a_mark_counts_after_the_lease_too<H: Harness<Backend: AlertLedger>>(h: &H) -> Outcome {
    let ledger = h.fresh().await;
    for (seconds, taken_over) in [(0, false), (1, true)] {
        let alert = alert(symbol("AAPL"), "price_hampel", Direction::Up, seconds);
        ensure_eq!(ledger.claim(&alert, at(0), LEASE).await?, Claim::Won, "first claim");
        if taken_over {
            ensure_eq!(ledger.claim(&alert, at(60), LEASE).await?, Claim::Won, "takeover");
        }
        ledger.mark_sent(&alert.id(), at(61)).await?;
        let claim = ledger.claim(&alert, at(500), LEASE).await?;
        ensure_eq!(claim, Claim::Sent, "claim after the mark (taken over: {taken_over})");
    }
    Ok(())
}

/// By symbol, rule, direction and time.
pub async fn alerts_are_kept_apart<H: Harness<Backend: AlertLedger>>(h: &H) -> Outcome {
    let ledger = h.fresh().await;
    let (a, aa) = (symbol("A"), symbol("AA"));
    let alerts = [
        alert(a, "price_hampel", Direction::Up, 0),
        alert(aa, "price_hampel", Direction::Up, 0),
        alert(a, "price", Direction::Up, 0),
        alert(a, "price_hampel", Direction::Down, 0),
        alert(a, "price_hampel", Direction::Flat, 0),
        alert(a, "price_hampel", Direction::Up, 1),
    ];
    for alert in &alerts {
        ensure_eq!(ledger.claim(alert, at(0), LEASE).await?, Claim::Won, "{}", alert.id());
    }
    ledger.mark_sent(&alerts[0].id(), at(1)).await?;
    for alert in &alerts[1..] {
        let held = Claim::Held { until: at(60) };
        ensure_eq!(ledger.claim(alert, at(1), LEASE).await?, held, "{}", alert.id());
    }
    Ok(())
}

/// The others are told who holds it.
pub async fn of_eight_concurrent_claims_one_wins<H>(h: &H) -> Outcome
where
    H: Harness<Backend: AlertLedger + 'static>,
{
    let ledger = Arc::new(h.fresh().await);
    for round in 0..16 {
        let alert = alert(symbol("AAPL"), "price_hampel", Direction::Up, round);
        race(&ledger, &alert, 0).await?;
    }
    Ok(())
}

/// Of those who come when the lease is over.
pub async fn of_eight_concurrent_takeovers_one_wins<H>(h: &H) -> Outcome
where
    H: Harness<Backend: AlertLedger + 'static>,
{
    let ledger = Arc::new(h.fresh().await);
    for round in 0..16 {
        race(&ledger, &sample(), 60 * round).await?;
    }
    Ok(())
}

async fn race<L: AlertLedger + 'static>(ledger: &Arc<L>, alert: &Alert, seconds: u64) -> Outcome {
    let claims = concurrent::at_once(8, |_| {
        let (ledger, alert) = (Arc::clone(ledger), alert.clone());
        async move { ledger.claim(&alert, at(seconds), LEASE).await }
    });
    let claims: Vec<Claim> =
        claims.await?.into_iter().collect::<Result<_>>().map_err(Violation::from)?;
    let won = claims.iter().filter(|claim| **claim == Claim::Won).count();
    let held = Claim::Held { until: at(seconds + 60) };
    let held = claims.iter().filter(|claim| **claim == held).count();
    ensure!((won, held) == (1, 7), "one of eight wins and seven are held off: {claims:?}");
    Ok(())
}
