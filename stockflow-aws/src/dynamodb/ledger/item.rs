//! Alerts and policy states as items.

use aws_sdk_dynamodb::types::AttributeValue;
use stockflow_core::{
    Alert, AlertKind, AlertStatus, Direction, PolicyState, PolicyTrack, RuleKey, Severity, Symbol,
    Timestamp, wire::DecodeError,
};

use super::super::{
    row::read_evidence,
    value::{Fields, Item, Value, decimal, float, text, whole},
};

/// The order of [`PolicyState::tracks`].
const DIRECTIONS: [Direction; 3] = [Direction::Up, Direction::Down, Direction::Flat];

/// The key of a policy's state: no id of an alert begins with a slash, since no symbol does.
pub(super) fn policy_id(key: &RuleKey) -> String {
    format!("/{}/{}", key.symbol, key.rule)
}

/// A claimed alert: everything of it, and who claimed it until when.
pub(super) fn encode_alert(alert: &Alert, until: Timestamp, claimant: &str) -> Item {
    let evidence = &alert.evidence;
    Item::from(
        [
            ("id", text(alert.id().as_str())),
            ("day", text(alert.cause.date().to_string())),
            ("time", text(alert.cause.to_string())),
            ("symbol", text(alert.symbol.as_str())),
            ("kind", text(alert.kind.as_str())),
            ("rule", text(alert.rule.as_ref())),
            ("severity", text(alert.severity.as_str())),
            ("direction", text(evidence.direction.as_str())),
            ("price", decimal(alert.price.units().into(), 8)),
            ("change_percent", float(alert.change_percent)),
            ("score", float(evidence.score)),
            ("value", float(evidence.value)),
            ("threshold", float(evidence.threshold)),
            ("subject", text(alert.subject())),
            ("lease_until", text(until.to_string())),
            ("claimant", text(claimant)),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    )
}

/// Reads an alert; the subject, which follows from the rest, is not trusted.
pub(super) fn decode_alert(fields: &Fields<'_>) -> Result<Alert, DecodeError> {
    let name = |key| fields.text(key);
    Ok(Alert {
        symbol: Symbol::new(name("symbol")?).map_err(DecodeError::Symbol)?,
        kind: AlertKind::from_name(name("kind")?)
            .ok_or(DecodeError::Type { key: "kind", expected: "kind of alert" })?,
        rule: name("rule")?.to_owned().into(),
        severity: Severity::from_name(name("severity")?)
            .ok_or(DecodeError::Type { key: "severity", expected: "severity" })?,
        cause: fields.time("time")?,
        price: fields.price("price")?,
        change_percent: fields.float("change_percent")?,
        evidence: read_evidence(fields)?,
    })
}

pub(super) fn decode_status(fields: &Fields<'_>) -> Result<AlertStatus, DecodeError> {
    Ok(match fields.time_if_any("sent_at")? {
        Some(at) => AlertStatus::Sent { at },
        None => AlertStatus::Claimed { until: fields.time("lease_until")? },
    })
}

/// A policy's state, and who wrote it.
pub(super) fn encode_policy(key: &RuleKey, state: &PolicyState, claimant: &str) -> Item {
    let mut item = Item::from(
        [
            ("id", text(policy_id(key))),
            ("symbol", text(key.symbol.as_str())),
            ("rule", text(key.rule.as_ref())),
            ("last_input", text(state.last_input.to_string())),
            ("claimant", text(claimant)),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    for (direction, track) in DIRECTIONS.iter().zip(&state.tracks) {
        let Some(track) = track else { continue };
        let mut map = Item::from(
            [
                ("last_finding", text(track.last_finding.to_string())),
                ("streak", whole(track.streak)),
                ("armed", AttributeValue::Bool(track.armed)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        if let Some(last) = track.last_alert {
            map.insert("last_alert".to_owned(), text(last.to_string()));
        }
        item.insert(direction.to_string(), AttributeValue::M(map));
    }
    item
}

pub(super) fn decode_policy(fields: &Fields<'_>) -> Result<PolicyState, DecodeError> {
    let mut state = PolicyState { last_input: fields.time("last_input")?, tracks: [None; 3] };
    for (direction, track) in DIRECTIONS.iter().zip(&mut state.tracks) {
        *track = match fields.find(direction.as_str()) {
            None => None,
            Some(Value::M(map)) => Some(PolicyTrack {
                last_finding: map.time("last_finding")?,
                streak: map.whole("streak")?,
                armed: map.is_true("armed")?,
                last_alert: map.time_if_any("last_alert")?,
            }),
            Some(_) => {
                return Err(DecodeError::Type { key: direction.as_str(), expected: "map" });
            }
        };
    }
    Ok(state)
}
