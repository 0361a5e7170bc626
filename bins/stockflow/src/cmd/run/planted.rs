//! What became of the events planted into a simulated market.

use stockflow_core::{QuoteHistory as _, Result, RowQuery};
use stockflow_local::{Finding, LedgerEntry, LocalTable, PlantedEvent, match_events};

/// How many of a simulated market's planted events were found.
#[derive(Clone, Debug, Default)]
pub(super) struct Planted {
    pub(super) events: u64,
    pub(super) found: u64,
    /// What those that are over and were not found were, for people.
    pub(super) missed: Vec<String>,
    /// Those that a run which was stopped has not come to.
    pub(super) to_come: u64,
    /// Alerts that belong to no planted event.
    pub(super) false_alerts: u64,
}

impl Planted {
    /// Holds what was told against `events`; if the run was `stopped`, it may not have come to all of them.
    pub(super) async fn of(
        events: &[PlantedEvent],
        told: &[LedgerEntry],
        table: &LocalTable,
        stopped: bool,
    ) -> Result<Self> {
        let findings: Vec<Finding> = told.iter().map(|entry| Finding::from(&entry.alert)).collect();
        let matches = match_events(events, &findings);
        let mut planted = Self {
            events: events.len() as u64,
            found: matches.found.len() as u64,
            false_alerts: matches.false_alerts.len() as u64,
            ..Self::default()
        };
        for event in &matches.missed {
            if stopped && !is_over(event, table).await? {
                planted.to_come += 1;
            } else {
                planted.missed.push(event.to_string());
            }
        }
        Ok(planted)
    }
}

/// Whether the newest quote of its symbol is late enough that the event should have been told.
async fn is_over(event: &PlantedEvent, table: &LocalTable) -> Result<bool> {
    let newest = table.rows(RowQuery::latest(event.symbol, 1)).await?.pop();
    let told_by = event.end.saturating_add(event.kind.grace());
    Ok(newest.is_some_and(|row| row.row.quote.timestamp >= told_by))
}
