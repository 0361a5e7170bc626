//! Alerts and policy states as bytes.

use std::borrow::Cow;

use stockflow_core::{
    Alert, AlertKind, AlertStatus, PolicyState, PolicyTrack, Price, RuleKey, Severity, Timestamp,
};

use super::{
    VERSION,
    bytes::{Malformed, Reader, put_f64, put_signed, put_text, put_varint},
    evidence,
    key::{put_symbol, read_symbol},
    put_evidence, timestamp, version,
};

/// Appends an alert and what became of it.
pub(crate) fn encode_alert(alert: &Alert, status: AlertStatus, out: &mut Vec<u8>) {
    out.push(VERSION);
    let (tag, time) = match status {
        AlertStatus::Claimed { until } => (0, until),
        AlertStatus::Sent { at } => (1, at),
    };
    out.push(tag);
    put_time(out, time);
    put_symbol(out, &alert.symbol);
    out.extend_from_slice(&[alert.kind as u8, alert.severity as u8]);
    put_text(out, &alert.rule);
    put_time(out, alert.cause);
    put_varint(out, alert.price.units() as u64);
    put_f64(out, alert.change_percent);
    put_evidence(out, &alert.evidence);
}

/// Reads what [`encode_alert`] wrote.
pub(crate) fn decode_alert(bytes: &[u8]) -> Result<(Alert, AlertStatus), Malformed> {
    let mut reader = Reader(bytes);
    version(&mut reader)?;
    let status = match reader.byte()? {
        0 => AlertStatus::Claimed { until: time(&mut reader)? },
        1 => AlertStatus::Sent { at: time(&mut reader)? },
        _ => return Err(Malformed::Value("status")),
    };
    let symbol = read_symbol(&mut reader)?;
    let kind = match reader.byte()? {
        0 => AlertKind::Anomaly,
        1 => AlertKind::Trend,
        _ => return Err(Malformed::Value("kind")),
    };
    let severity = match reader.byte()? {
        0 => Severity::Info,
        1 => Severity::Warning,
        2 => Severity::Critical,
        _ => return Err(Malformed::Value("severity")),
    };
    let rule = Cow::Owned(reader.text()?.to_owned());
    let cause = time(&mut reader)?;
    let price = i64::try_from(reader.varint()?).ok().and_then(|u| Price::from_units(u).ok());
    let price = price.ok_or(Malformed::Value("price"))?;
    let change_percent = reader.f64()?;
    let evidence = evidence(&mut reader)?;
    reader.end()?;
    let alert = Alert { symbol, kind, rule, severity, cause, price, change_percent, evidence };
    Ok((alert, status))
}

/// Key of a rule's policy state: symbol, zero, rule.
pub(crate) fn policy_key(key: &RuleKey) -> Vec<u8> {
    [key.symbol.as_bytes(), &[0], key.rule.as_bytes()].concat()
}

/// Appends a policy state.
pub(crate) fn encode_policy(state: &PolicyState, out: &mut Vec<u8>) {
    out.push(VERSION);
    put_time(out, state.last_input);
    for track in &state.tracks {
        let Some(track) = track else {
            out.push(0);
            continue;
        };
        out.push(1 | u8::from(track.armed) << 1 | u8::from(track.last_alert.is_some()) << 2);
        put_time(out, track.last_finding);
        put_varint(out, u64::from(track.streak));
        if let Some(last) = track.last_alert {
            put_signed(out, last.as_micros());
        }
    }
}

/// Reads what [`encode_policy`] wrote.
pub(crate) fn decode_policy(bytes: &[u8]) -> Result<PolicyState, Malformed> {
    let mut reader = Reader(bytes);
    version(&mut reader)?;
    let mut state = PolicyState { last_input: time(&mut reader)?, tracks: [None; 3] };
    for track in &mut state.tracks {
        let flags = reader.byte()?;
        if flags == 0 {
            continue;
        }
        let last_finding = time(&mut reader)?;
        let streak = u32::try_from(reader.varint()?).map_err(|_| Malformed::Value("streak"))?;
        let last_alert = if flags & 4 != 0 { Some(timestamp(reader.signed()?)?) } else { None };
        *track = Some(PolicyTrack { last_finding, streak, armed: flags & 2 != 0, last_alert });
    }
    reader.end()?;
    Ok(state)
}

fn put_time(out: &mut Vec<u8>, time: Timestamp) {
    put_signed(out, time.as_micros());
}

fn time(reader: &mut Reader<'_>) -> Result<Timestamp, Malformed> {
    timestamp(reader.signed()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    proptest! {
        #[test]
        fn alerts_read_back(
            row in samples::any_stored_row(), evidence in samples::any_evidence(),
            time in samples::any_time(), sent: bool,
        ) {
            let status =
                if sent { AlertStatus::Sent { at: time } } else { AlertStatus::Claimed { until: time } };
            let kind = if sent { AlertKind::Trend } else { AlertKind::Anomaly };
            let alert = Alert::new(&row.row.quote, kind, "a_rule".into(), Severity::Critical, evidence);
            let mut out = Vec::new();
            encode_alert(&alert, status, &mut out);
            prop_assert_eq!(decode_alert(&out), Ok((alert, status)));
            for cut in 0..out.len() {
                prop_assert!(decode_alert(&out[..cut]).is_err());
            }
        }

        #[test]
        fn policy_states_read_back(
            last_input in samples::any_time(), last_finding in samples::any_time(),
            streak: u32, armed: bool, alerted: bool, slot in 0usize..3,
        ) {
            let track =
                PolicyTrack { last_finding, streak, armed, last_alert: alerted.then_some(last_input) };
            let mut state = PolicyState { last_input, tracks: [None; 3] };
            state.tracks[slot] = Some(track);
            let mut out = Vec::new();
            encode_policy(&state, &mut out);
            prop_assert_eq!(decode_policy(&out), Ok(state));
            for cut in 0..out.len() {
                prop_assert!(decode_policy(&out[..cut]).is_err());
            }
        }
    }
}
