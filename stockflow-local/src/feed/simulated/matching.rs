//! How much of what was planted was found, and what was raised beside it.

use std::time::Duration;

use stockflow_core::{Alert, AlertKind, Direction, RuleName, Symbol, Timestamp};

use super::event::PlantedEvent;

/// For so long after an event's end whatever is raised on its symbol counts as its consequence.
const AFTERMATH: Duration = Duration::from_secs(20 * 60);

/// What was raised: an alert, or a finding that never became one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// On whose quote.
    pub symbol: Symbol,
    /// Anomaly or trend.
    pub kind: AlertKind,
    /// By which rule.
    pub rule: RuleName,
    /// Market time of the quote.
    pub at: Timestamp,
    /// Which way.
    pub direction: Direction,
}

impl From<&Alert> for Finding {
    fn from(alert: &Alert) -> Self {
        Self {
            symbol: alert.symbol,
            kind: alert.kind,
            rule: alert.rule.clone(),
            at: alert.cause,
            direction: alert.evidence.direction,
        }
    }
}

/// What [`match_events`] makes of planted events and findings.
#[must_use]
#[derive(Clone, Debug, Default)]
pub struct Matches {
    /// Events that were found, each with the first finding that tells it.
    pub found: Vec<(PlantedEvent, Finding)>,
    /// Events that nobody told.
    pub missed: Vec<PlantedEvent>,
    /// How many findings belong to an event, the first ones included: its consequences.
    pub explained: usize,
    /// Findings far from every event of their symbol.
    pub false_alerts: Vec<Finding>,
}

/// Holds `findings`, in any order, against what was planted.
///
/// An event is **found** by a finding on its symbol that [is expected](super::EventKind::expects) of it, from its
/// cause to its end and a [grace](super::EventKind::grace). Any other finding from an event's start to 20 minutes
/// after its end is a consequence of it: a crash brings volume and a turn of the trend. What remains is a false alert.
pub fn match_events(events: &[PlantedEvent], findings: &[Finding]) -> Matches {
    let mut in_order: Vec<&Finding> = findings.iter().collect();
    in_order.sort_by_key(|finding| finding.at);
    let mut matches = Matches::default();
    for event in events {
        match in_order.iter().find(|finding| tells(event, finding)) {
            Some(&finding) => matches.found.push((*event, finding.clone())),
            None => matches.missed.push(*event),
        }
    }
    let (explained, beside): (Vec<&Finding>, Vec<&Finding>) = in_order
        .into_iter()
        .partition(|finding| events.iter().any(|event| explains(event, finding)));
    matches.explained = explained.len();
    matches.false_alerts = beside.into_iter().cloned().collect();
    matches
}

fn tells(event: &PlantedEvent, finding: &Finding) -> bool {
    event.symbol == finding.symbol
        && finding.at >= event.cause
        && finding.at <= event.end.saturating_add(event.kind.grace())
        && event.kind.expects(event.direction, finding.kind, &finding.rule, finding.direction)
}

fn explains(event: &PlantedEvent, finding: &Finding) -> bool {
    event.symbol == finding.symbol
        && finding.at >= event.start
        && finding.at <= event.end.saturating_add(AFTERMATH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::EventKind;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-23T{text}Z").parse().unwrap()
    }

    fn finding(symbol: &str, rule: &'static str, time: &str, direction: Direction) -> Finding {
        let kind = if rule.ends_with("cross") { AlertKind::Trend } else { AlertKind::Anomaly };
        let symbol = symbol.parse().unwrap();
        Finding { symbol, kind, rule: rule.into(), at: at(time), direction }
    }

    fn event(kind: EventKind, symbol: &str, direction: Direction) -> PlantedEvent {
        PlantedEvent {
            kind,
            symbol: symbol.parse().unwrap(),
            start: at("15:00:00"),
            cause: if kind == EventKind::TrendTurn { at("15:40:00") } else { at("15:00:00") },
            end: at("16:00:00"),
            direction,
            size: 5.0,
        }
    }

    #[test]
    fn symbol_window_rule_and_direction_decide() {
        let events = [
            event(EventKind::Crash, "A", Direction::Down),
            event(EventKind::TrendTurn, "B", Direction::Up),
            event(EventKind::Halt, "C", Direction::Flat),
        ];
        let findings = [
            finding("A", "percent_change", "15:00:20", Direction::Down),
            finding("A", "volume_spike", "16:19:00", Direction::Up),
            finding("B", "sma_cross", "15:10:00", Direction::Up),
            finding("B", "sma_cross", "15:50:00", Direction::Down),
            finding("B", "hampel", "15:50:00", Direction::Up),
            finding("C", "flat_line", "14:59:00", Direction::Flat),
            finding("D", "flat_line", "15:30:00", Direction::Flat),
        ];
        let matches = match_events(&events, &findings);
        assert_eq!(matches.found.len(), 1);
        assert_eq!(matches.found[0].0.kind, EventKind::Crash);
        let missed: Vec<EventKind> = matches.missed.iter().map(|event| event.kind).collect();
        assert_eq!(missed, [EventKind::TrendTurn, EventKind::Halt], "too early or the wrong way");
        assert_eq!(matches.explained, 5);
        assert_eq!(matches.false_alerts.len(), 2);
    }

    #[test]
    fn the_first_finding_in_time_tells_an_event() {
        let events = [event(EventKind::Crash, "A", Direction::Down)];
        let findings = [
            finding("A", "hampel", "15:10:00", Direction::Down),
            finding("A", "return_zscore", "15:02:00", Direction::Down),
        ];
        assert_eq!(match_events(&events, &findings).found[0].1.rule, "return_zscore");
    }
}
