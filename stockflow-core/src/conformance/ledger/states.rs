//! States of the alert policy.

use std::sync::Arc;

use crate::{
    AlertLedger, AlertLedgerExt as _, PolicyState, PolicyTrack, RuleKey, Timestamp,
    conformance::{
        Harness, Outcome, concurrent,
        samples::{at, symbol},
    },
};

fn key(of: &str, rule: &'static str) -> RuleKey {
    RuleKey { symbol: symbol(of), rule: rule.into() }
}

fn state(seconds: u64, streak: u32) -> PolicyState {
    let track = PolicyTrack { last_finding: at(seconds), streak, armed: true, last_alert: None };
    PolicyState { last_input: at(seconds), tracks: [Some(track), None, None] }
}

/// Every track, with and without an alert.
pub async fn a_state_comes_back_as_it_was<H: Harness<Backend: AlertLedger>>(h: &H) -> Outcome {
    let (ledger, key) = (h.fresh().await, key("EURUSD=X", "sma_cross"));
    ensure_eq!(ledger.policy_state(&key).await?, None, "state before any");
    let track = |armed, streak, last_alert| {
        Some(PolicyTrack { last_finding: at(3), streak, armed, last_alert })
    };
    let states = [
        PolicyState { last_input: Timestamp::MIN, tracks: [None; 3] },
        PolicyState { last_input: at(1), tracks: [None, None, track(true, 0, None)] },
        PolicyState {
            last_input: at(2),
            tracks: [None, track(false, u32::MAX, Some(at(2))), None],
        },
        PolicyState {
            last_input: Timestamp::MAX,
            tracks: [
                track(true, 1, Some(Timestamp::MIN)),
                track(false, 2, None),
                track(true, 3, Some(Timestamp::MAX)),
            ],
        },
    ];
    for state in states {
        ensure!(ledger.advance(&key, &state).await?, "advance to {state:?} was refused");
        ensure_eq!(ledger.policy_state(&key).await?, Some(state), "state after an advance");
    }
    Ok(())
}

/// An input at or before the last one changes nothing.
pub async fn states_only_move_forward<H: Harness<Backend: AlertLedger>>(h: &H) -> Outcome {
    let (ledger, key) = (h.fresh().await, key("A", "sma_cross"));
    ensure!(ledger.advance(&key, &state(10, 1)).await?, "the first state was refused");
    for late in [state(10, 2), state(9, 3), state(0, 4)] {
        ensure!(!ledger.advance(&key, &late).await?, "moved back to {late:?}");
        ensure_eq!(ledger.policy_state(&key).await?, Some(state(10, 1)), "state after a late one");
    }
    ensure!(ledger.advance(&key, &state(11, 5)).await?, "a later state was refused");
    ensure_eq!(ledger.policy_state(&key).await?, Some(state(11, 5)), "state after a later one");
    Ok(())
}

/// By symbol and rule.
pub async fn states_are_kept_apart<H: Harness<Backend: AlertLedger>>(h: &H) -> Outcome {
    let ledger = h.fresh().await;
    let keys = [key("A", "sma"), key("A", "sma_cross"), key("AA", "sma"), key("a", "sma")];
    for (n, key) in (0..).zip(&keys) {
        ensure!(ledger.advance(key, &state(10 - n, 1)).await?, "{key:?} was refused");
    }
    for (n, key) in (0..).zip(&keys) {
        ensure_eq!(ledger.policy_state(key).await?, Some(state(10 - n, 1)), "state of {key:?}");
    }
    Ok(())
}

/// More than a service takes in one call, most of which have no state, and one of them twice.
pub async fn states_come_in_the_order_of_their_keys<H>(h: &H) -> Outcome
where
    H: Harness<Backend: AlertLedger>,
{
    let ledger = h.fresh().await;
    let mut keys: Vec<_> = (0..130).rev().map(|n| key(&format!("S{n}"), "sma")).collect();
    let mut expected = vec![None; keys.len()];
    for index in (3..keys.len()).step_by(25) {
        let state = state(index as u64, 1);
        ensure!(ledger.advance(&keys[index], &state).await?, "{:?} was refused", keys[index]);
        expected[index] = Some(state);
    }
    keys.insert(4, keys[3].clone());
    expected.insert(4, expected[3]);
    ensure_eq!(ledger.policy_states(&keys).await?, expected, "states of many keys");
    ensure_eq!(ledger.policy_states(&[]).await?, Vec::new(), "states of no keys");
    Ok(())
}

/// And its state is the one that stays.
pub async fn of_eight_concurrent_advances_one_wins<H>(h: &H) -> Outcome
where
    H: Harness<Backend: AlertLedger + 'static>,
{
    let (ledger, key) = (Arc::new(h.fresh().await), key("A", "sma_cross"));
    for round in 0..16 {
        let answers = concurrent::at_once(8, |number| {
            let (ledger, key) = (Arc::clone(&ledger), key.clone());
            async move { ledger.advance(&key, &state(round, number as u32)).await }
        });
        let mut winners = Vec::new();
        for (number, moved) in (0..).zip(answers.await?) {
            if moved? {
                winners.push(number);
            }
        }
        ensure_eq!(winners.len(), 1, "winners of eight advances to one time");
        let expected = Some(state(round, winners[0]));
        ensure_eq!(ledger.policy_state(&key).await?, expected, "state after eight advances");
    }
    Ok(())
}
