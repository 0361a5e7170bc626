//! Alerts that are claimed, sent, and listed.

use std::time::Duration;

use stockflow_aws::{
    dynamodb::{ALERTS, DynamoLedger},
    testing::{Fault, Faults, FaultyClient},
};
use stockflow_core::{
    AlertLedger as _, AlertLedgerExt as _, AlertStatus, Claim, Direction, ErrorKind, PolicyState,
    RuleKey, Severity,
    conformance::samples::{self, at, symbol},
};

use crate::world;

const LEASE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn one_of_eight_wins_and_if_it_dies_another_one_sends_after_the_lease() {
    let ledger = world::ledger().await;
    let alert = samples::alert(symbol("AAPL"), "price_hampel", Direction::Up, 0);
    for (now, round) in [(at(0), "first"), (at(60), "second")] {
        let claims = (0..8).map(|_| {
            let (ledger, alert) = (ledger.clone(), alert.clone());
            tokio::spawn(async move { ledger.claim(&alert, now, LEASE).await.unwrap() })
        });
        let mut won = 0;
        for claim in claims.collect::<Vec<_>>() {
            match claim.await.unwrap() {
                Claim::Won => won += 1,
                other => assert_eq!(other, Claim::Held { until: now.saturating_add(LEASE) }),
            }
        }
        // The winner dies before it sends.
        assert_eq!(won, 1, "{round} round");
    }
    ledger.mark_sent(&alert.id(), at(61)).await.unwrap();
    assert_eq!(ledger.claim(&alert, at(500), LEASE).await.unwrap(), Claim::Sent);
}

#[tokio::test]
async fn a_claimed_alert_is_stored_in_full_and_listed_by_day() {
    let ledger = world::ledger().await;
    let mut alerts: Vec<_> = (0..4)
        .map(|n| samples::alert(symbol("EURUSD=X"), "sma_cross", Direction::Down, n * 3_600 * 4))
        .collect();
    alerts[0].severity = Severity::Critical;
    alerts[0].evidence.value = 1.0 / 3.0;
    alerts[0].evidence.score = f64::INFINITY;
    for alert in &alerts {
        assert_eq!(ledger.claim(alert, at(0), LEASE).await.unwrap(), Claim::Won);
    }
    ledger.mark_sent(&alerts[1].id(), at(9)).await.unwrap();
    // A policy's state is no alert.
    let key = alerts[0].rule_key();
    let state = PolicyState { last_input: at(3), tracks: [None; 3] };
    assert!(ledger.advance(&key, &state).await.unwrap());

    let found = ledger.alerts_of(at(0).date()).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|entry| (entry.alert, entry.status)).collect();
    let claimed = AlertStatus::Claimed { until: at(60) };
    let sent = AlertStatus::Sent { at: at(9) };
    let expected: Vec<_> = alerts[..3].iter().cloned().zip([claimed, sent, claimed]).collect();
    assert_eq!(found, expected, "the fourth is of the next day");
}

#[tokio::test]
async fn an_id_that_was_never_claimed_cannot_be_marked() {
    let ledger = world::ledger().await;
    let alert = samples::alert(symbol("A"), "x", Direction::Up, 0);
    let error = ledger.mark_sent(&alert.id(), at(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.chain().contains("was never claimed"), "{}", error.chain());
    assert_eq!(ledger.status(&alert.id()).await.unwrap(), None, "nor is it made by the mark");
}

#[tokio::test]
async fn a_rule_with_slashes_is_no_alert() {
    let ledger = world::ledger().await;
    let alert = samples::alert(symbol("A"), "a/b", Direction::Up, 0);
    let key = RuleKey { symbol: symbol("A"), rule: format!("a/b/up/{}", at(0)).into() };
    let state = PolicyState { last_input: at(3), tracks: [None; 3] };
    assert!(ledger.advance(&key, &state).await.unwrap());
    assert_eq!(ledger.status(&alert.id()).await.unwrap(), None);
    assert_eq!(ledger.claim(&alert, at(0), LEASE).await.unwrap(), Claim::Won);
    assert_eq!(ledger.policy_state(&key).await.unwrap(), Some(state));
}

async fn troubled(seed: u64) -> (DynamoLedger, FaultyClient) {
    let client = world::client();
    ALERTS.create(&client, ALERTS.name).await.unwrap();
    let (client, http, hasty) = world::troubled(&client, seed);
    (DynamoLedger::new(client, ALERTS.name).unwrap().with_patience(hasty), http)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_neither_loses_a_claim_nor_gives_it_to_two() {
    for seed in 0..3 {
        let (ledger, http) = troubled(seed).await;
        for n in 0..6 {
            let alert = samples::alert(symbol("AAPL"), "price_hampel", Direction::Up, n);
            let claims = (0..4).map(|_| {
                let (ledger, alert) = (ledger.clone(), alert.clone());
                tokio::spawn(async move { ledger.claim(&alert, at(0), LEASE).await.unwrap() })
            });
            let mut won = 0;
            for claim in claims.collect::<Vec<_>>() {
                won += usize::from(claim.await.unwrap() == Claim::Won);
            }
            assert_eq!(won, 1, "winners of alert {n}, seed {seed}");
            ledger.mark_sent(&alert.id(), at(1)).await.unwrap();
            let status = ledger.status(&alert.id()).await.unwrap();
            assert_eq!(status, Some(AlertStatus::Sent { at: at(1) }));
            assert_eq!(ledger.claim(&alert, at(99), LEASE).await.unwrap(), Claim::Sent);
        }
        assert!(http.count(Fault::Timeout) + http.count(Fault::Reset) > 20, "seed {seed}");
    }
}

#[tokio::test]
async fn a_policy_moves_on_once_for_each_input_whatever_answer_is_lost() {
    let (ledger, _) = troubled(5).await;
    let key = RuleKey { symbol: symbol("A"), rule: "x".into() };
    for n in 0..20 {
        let state = PolicyState { last_input: at(n), tracks: [None; 3] };
        assert!(ledger.advance(&key, &state).await.unwrap(), "input {n}");
        assert!(!ledger.advance(&key, &state).await.unwrap(), "input {n} again");
        assert_eq!(ledger.policy_state(&key).await.unwrap(), Some(state));
    }
}

#[tokio::test]
async fn states_that_the_service_leaves_out_are_asked_for_again() {
    let client = world::client();
    ALERTS.create(&client, ALERTS.name).await.unwrap();
    let calm = DynamoLedger::new(client.clone(), ALERTS.name).unwrap();
    let key = |n: usize| RuleKey { symbol: symbol(&format!("S{n}")), rule: "x".into() };
    let keys: Vec<RuleKey> = (0..30).map(key).collect();
    let state = |n: usize| PolicyState { last_input: at(n as u64), tracks: [None; 3] };
    let mut expected = Vec::new();
    for (n, key) in keys.iter().enumerate() {
        let there = n % 3 > 0;
        assert!(!there || calm.advance(key, &state(n)).await.unwrap());
        expected.push(there.then(|| state(n)));
    }
    for seed in 0..3 {
        let (client, http) =
            world::through(&client, Faults::by_seed(seed).with(Fault::Partial, 0.5));
        let ledger = DynamoLedger::new(client, ALERTS.name).unwrap();
        assert_eq!(ledger.policy_states(&keys).await.unwrap(), expected, "seed {seed}");
        assert!(http.count(Fault::Partial) > 5, "seed {seed}");
    }
}
