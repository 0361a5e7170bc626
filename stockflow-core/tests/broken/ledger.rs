use std::{collections::HashMap, sync::Mutex, time::Duration};

use async_trait::async_trait;
use stockflow_core::{
    Alert, AlertId, AlertLedger, AlertStatus, Claim, PolicyState, Result, RuleKey, Timestamp,
    conformance::{Harness, ledger},
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Defect {
    RemembersNoClaim,
    HoldsTooLong,
    HoldsForEver,
    TakeoverKeepsTheLease,
    MarkIsForgotten,
    MarkNeedsALease,
    IdWithoutDirection,
    ReadsThenClaims,
    ReadsThenTakesOver,
    LosesTracks,
    AdvancesToEqual,
    MovesBack,
    StatesBySymbol,
    LeavesOutWhatIsNotThere,
    AnswersInItsOwnOrder,
    AnswersTwinsOnce,
    ReadsThenAdvances,
}
use Defect::*;

#[derive(Debug, Default)]
struct Broken {
    alerts: Mutex<HashMap<String, AlertStatus>>,
    states: Mutex<HashMap<String, PolicyState>>,
    defect: Option<Defect>,
}

impl Broken {
    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn id(&self, id: &AlertId) -> String {
        let text = id.as_str();
        if self.has(IdWithoutDirection) { text.replace("/down/", "/up/") } else { text.to_owned() }
    }

    fn key(&self, key: &RuleKey) -> String {
        if self.has(StatesBySymbol) { key.symbol.to_string() } else { format!("{key:?}") }
    }

    /// Gives others the time to come in between.
    async fn dawdle(&self, if_it_has: Defect) {
        if self.has(if_it_has) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[async_trait]
impl AlertLedger for Broken {
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim> {
        let id = self.id(&alert.id());
        let known = self.alerts.lock().unwrap().get(&id).copied();
        if known.is_none() {
            self.dawdle(ReadsThenClaims).await;
        }
        let racing = known.is_none() && self.has(ReadsThenClaims);
        let overtaking = known.is_some() && self.has(ReadsThenTakesOver);
        if overtaking {
            self.dawdle(ReadsThenTakesOver).await;
        }
        let mut alerts = self.alerts.lock().unwrap();
        let known = if racing || overtaking { known } else { alerts.get(&id).copied() };
        match known {
            Some(AlertStatus::Sent { .. }) => return Ok(Claim::Sent),
            Some(AlertStatus::Claimed { until })
                if until > now
                    || (until == now && self.has(HoldsTooLong))
                    || self.has(HoldsForEver) =>
            {
                return Ok(Claim::Held { until });
            }
            Some(AlertStatus::Claimed { .. }) if self.has(TakeoverKeepsTheLease) => {
                return Ok(Claim::Won);
            }
            _ => {}
        }
        if !self.has(RemembersNoClaim) {
            alerts.insert(id, AlertStatus::Claimed { until: now.saturating_add(lease) });
        }
        Ok(Claim::Won)
    }

    async fn mark_sent(&self, id: &AlertId, at: Timestamp) -> Result<()> {
        let mut alerts = self.alerts.lock().unwrap();
        let id = self.id(id);
        let over = matches!(alerts.get(&id), Some(AlertStatus::Claimed { until }) if *until <= at);
        let forgotten = self.has(MarkIsForgotten) || (over && self.has(MarkNeedsALease));
        if !forgotten {
            alerts.insert(id, AlertStatus::Sent { at });
        }
        Ok(())
    }

    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>> {
        Ok(self.alerts.lock().unwrap().get(&self.id(id)).copied())
    }

    async fn policy_states(&self, keys: &[RuleKey]) -> Result<Vec<Option<PolicyState>>> {
        let states = self.states.lock().unwrap();
        let mut keys = keys.to_vec();
        if self.has(AnswersInItsOwnOrder) {
            keys.sort_by_key(|key| format!("{key:?}"));
        }
        if self.has(AnswersTwinsOnce) {
            keys.dedup();
        }
        let state = |key| states.get(&self.key(key)).copied();
        let all = keys.iter().map(state);
        Ok(if self.has(LeavesOutWhatIsNotThere) {
            all.flatten().map(Some).collect()
        } else {
            all.collect()
        })
    }

    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool> {
        let mut state = *state;
        let key = self.key(key);
        let read = self.states.lock().unwrap().get(&key).copied();
        self.dawdle(ReadsThenAdvances).await;
        let mut states = self.states.lock().unwrap();
        let known = if self.has(ReadsThenAdvances) { read } else { states.get(&key).copied() };
        let later = |known: PolicyState| {
            state.last_input > known.last_input
                || (state.last_input == known.last_input && self.has(AdvancesToEqual))
                || self.has(MovesBack)
        };
        if !known.is_none_or(later) {
            return Ok(false);
        }
        if self.has(LosesTracks) {
            state.tracks[2] = None;
        }
        states.insert(key, state);
        Ok(true)
    }
}

fn with(defect: Option<Defect>) -> impl Harness<Backend = Broken> {
    move || async move { Broken { defect, ..Broken::default() } }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_broken_ledger_is_noticed() {
    noticed!(ledger::all, with, {
        RemembersNoClaim => ledger::a_first_claim_wins,
        RemembersNoClaim => ledger::of_eight_concurrent_claims_one_wins,
        HoldsTooLong => ledger::a_claim_holds_until_its_lease_is_over,
        HoldsForEver => ledger::a_claim_holds_until_its_lease_is_over,
        TakeoverKeepsTheLease => ledger::a_takeover_has_a_lease_of_its_own,
        HoldsTooLong => ledger::a_claim_without_a_lease_is_taken_over_at_once,
        MarkIsForgotten => ledger::a_mark_is_final,
        MarkNeedsALease => ledger::a_mark_counts_after_the_lease_too,
        IdWithoutDirection => ledger::alerts_are_kept_apart,
        ReadsThenClaims => ledger::of_eight_concurrent_claims_one_wins,
        ReadsThenTakesOver => ledger::of_eight_concurrent_takeovers_one_wins,
        LosesTracks => ledger::a_state_comes_back_as_it_was,
        AdvancesToEqual => ledger::states_only_move_forward,
        MovesBack => ledger::states_only_move_forward,
        StatesBySymbol => ledger::states_are_kept_apart,
        LeavesOutWhatIsNotThere => ledger::states_come_in_the_order_of_their_keys,
        AnswersInItsOwnOrder => ledger::states_come_in_the_order_of_their_keys,
        AnswersTwinsOnce => ledger::states_come_in_the_order_of_their_keys,
        ReadsThenAdvances => ledger::of_eight_concurrent_advances_one_wins,
    });
}
