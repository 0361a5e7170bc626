//! The ledger through ends and kills.

use std::{path::Path, sync::Arc, time::Duration};

use stockflow_core::{AlertKind, AlertLedgerExt as _, Direction, Evidence, Policy, Severity};

use super::*;
use crate::{LocalReader, LocalTable, samples::row};

const LEASE: Duration = Duration::from_secs(60);

fn alert(symbol: &str, second: u64) -> Alert {
    let evidence = Evidence { direction: Direction::Up, score: 5.5, value: 7.25, threshold: 5.0 };
    let quote = row(symbol, second, false).row.quote;
    Alert::new(&quote, AlertKind::Anomaly, "z_score".into(), Severity::Warning, evidence)
}

fn at(second: u64) -> Timestamp {
    Timestamp::MIN.saturating_add(Duration::from_secs(second))
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().build().unwrap().block_on(work)
}

/// The file as a kill would leave it now.
fn killed(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let name = Store::FILE_NAME;
    std::fs::copy(folder.join(name), copy.path().join(name)).unwrap();
    copy
}

#[test]
fn claims_are_held_until_their_lease_is_over_and_marks_are_final() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let ledger = LocalLedger::new(&store);
        let alert = alert("AAPL", 1);
        let id = alert.id();
        assert_eq!(ledger.status(&id).await.unwrap(), None);
        assert_eq!(ledger.mark_sent(&id, at(1)).await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(ledger.claim(&alert, at(0), LEASE).await.unwrap(), Claim::Won);
        let held = Claim::Held { until: at(60) };
        assert_eq!(ledger.claim(&alert, at(59), LEASE).await.unwrap(), held);
        store.sync().await.unwrap();
        assert_eq!(ledger.claim(&alert, at(59), LEASE).await.unwrap(), held);
        assert_eq!(ledger.claim(&alert, at(60), LEASE).await.unwrap(), Claim::Won);
        ledger.mark_sent(&id, at(61)).await.unwrap();
        ledger.mark_sent(&id, at(62)).await.unwrap();
        assert_eq!(ledger.status(&id).await.unwrap(), Some(AlertStatus::Sent { at: at(61) }));
        assert_eq!(ledger.claim(&alert, at(999), LEASE).await.unwrap(), Claim::Sent);
    });
}

#[test]
fn a_mark_survives_a_kill_and_so_does_all_that_was_changed_before_it() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let ledger = LocalLedger::new(&store);
        let (first, second) = (alert("AAPL", 1), alert("MSFT", 2));
        let (state, _) = Policy::default().decide(None, first.cause, Direction::Up);
        let (later, _) = Policy::default().decide(Some(state), second.cause, Direction::Down);
        assert!(ledger.advance(&first.rule_key(), &state).await.unwrap());
        assert!(!ledger.advance(&first.rule_key(), &state).await.unwrap());
        assert_eq!(ledger.claim(&first, at(0), LEASE).await.unwrap(), Claim::Won);
        ledger.mark_sent(&first.id(), at(1)).await.unwrap();
        assert_eq!(ledger.claim(&second, at(0), LEASE).await.unwrap(), Claim::Won);
        assert!(ledger.advance(&first.rule_key(), &later).await.unwrap());

        let copy = killed(folder.path());
        let after = LocalLedger::new(&Store::open(copy.path()).unwrap());
        assert_eq!(after.status(&first.id()).await.unwrap(), Some(AlertStatus::Sent { at: at(1) }));
        assert_eq!(after.policy_state(&first.rule_key()).await.unwrap(), Some(state));
        assert_eq!(after.status(&second.id()).await.unwrap(), None);

        // A put of rows takes along what waits.
        let _ = stockflow_core::QuoteTable::put(&LocalTable::new(&store), &[row("A", 1, false)])
            .await
            .unwrap();
        let copy = killed(folder.path());
        let after = LocalLedger::new(&Store::open(copy.path()).unwrap());
        let claimed = AlertStatus::Claimed { until: at(60) };
        assert_eq!(after.status(&second.id()).await.unwrap(), Some(claimed));
        assert_eq!(after.policy_state(&first.rule_key()).await.unwrap(), Some(later));
        assert!(!after.advance(&first.rule_key(), &state).await.unwrap());
    });
}

#[test]
fn of_many_callers_one_wins() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Arc::new(LocalLedger::new(&Store::open(folder.path()).unwrap()));
        let mut calls = Vec::new();
        for _ in 0..16 {
            let ledger = Arc::clone(&ledger);
            calls.push(tokio::spawn(async move {
                let alert = alert("AAPL", 1);
                let claim = ledger.claim(&alert, at(0), LEASE).await.unwrap();
                ledger.mark_sent(&alert.id(), at(1)).await.unwrap();
                claim
            }));
        }
        let mut won = 0;
        for call in calls {
            won += usize::from(call.await.unwrap() == Claim::Won);
        }
        assert_eq!(won, 1);
    });
}

#[test]
fn alerts_are_listed_by_the_time_of_their_cause() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let ledger = LocalLedger::new(&store);
        for (symbol, second) in [("B", 3), ("A", 1), ("B", 2), ("A", 4)] {
            assert_eq!(
                ledger.claim(&alert(symbol, second), at(0), LEASE).await.unwrap(),
                Claim::Won
            );
        }
        ledger.mark_sent(&alert("A", 1).id(), at(9)).await.unwrap();
        let list = |query: AlertQuery| {
            let entries = store.alerts(&query).unwrap();
            assert_eq!(LocalReader::open(folder.path()).unwrap().alerts(&query).unwrap(), entries);
            entries.into_iter().map(|entry| entry.alert).collect::<Vec<_>>()
        };
        let all = AlertQuery::default();
        assert_eq!(list(all), [alert("A", 1), alert("B", 2), alert("B", 3), alert("A", 4)]);
        assert_eq!(list(AlertQuery { limit: Some(1), ..all }), [alert("A", 4)]);
        let since = Some(alert("B", 2).cause);
        let symbol = Some("B".parse().unwrap());
        assert_eq!(list(AlertQuery { since, ..all }).len(), 3);
        assert_eq!(
            list(AlertQuery { since, symbol, limit: Some(9) }),
            [alert("B", 2), alert("B", 3)]
        );
        assert_eq!(store.alerts(&all).unwrap()[0].status, AlertStatus::Sent { at: at(9) });
    });
}

#[test]
fn the_ledger_passes_the_suite() {
    let folders = std::sync::Mutex::new(Vec::new());
    let harness = || async {
        let folder = tempfile::tempdir().unwrap();
        let ledger = LocalLedger::new(&Store::open(folder.path()).unwrap());
        folders.lock().unwrap().push(folder);
        ledger
    };
    block_on(stockflow_core::conformance::ledger::all(&harness)).unwrap();
}
