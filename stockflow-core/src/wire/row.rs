//! Judged rows as JSON.

use serde_json::value::RawValue;

use super::{
    DecodeError, encode,
    general::{self, Object},
};
use crate::{Anomaly, Direction, Evidence, Judgement, Quality, Row};

const KEYS: [&str; 15] = [
    "symbol",
    "timestamp",
    "open",
    "high",
    "low",
    "price",
    "previous_close",
    "change",
    "change_percent",
    "volume",
    "ohlc4",
    "late",
    "quality",
    "warming_up",
    "anomalies",
];
const ANOMALY_KEYS: [&str; 5] = ["rule", "direction", "score", "value", "threshold"];

/// Appends the canonical JSON of a row.
pub(super) fn write(row: &Row, out: &mut Vec<u8>) {
    encode::row_start(&row.quote, out);
    let (late, quality, warming_up, anomalies): (_, _, _, &[_]) = match &row.judgement {
        Judgement::Late => (&b"true"[..], Quality::GOOD, 0, &[]),
        Judgement::Accepted { quality, warming_up, anomalies } => {
            (&b"false"[..], *quality, *warming_up, anomalies)
        }
    };
    out.extend_from_slice(br#","late":"#);
    out.extend_from_slice(late);
    out.extend_from_slice(br#","quality":["#);
    for (i, name) in quality.names().enumerate() {
        out.extend_from_slice(if i == 0 { b"\"" } else { b",\"" });
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(br#"],"warming_up":"#);
    json(out, &warming_up);
    out.extend_from_slice(br#","anomalies":["#);
    for (i, anomaly) in anomalies.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_anomaly(anomaly, out);
    }
    out.extend_from_slice(b"]}");
}

fn write_anomaly(Anomaly { rule, evidence }: &Anomaly, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"rule":"#);
    json(out, rule);
    out.extend_from_slice(br#","direction":""#);
    out.extend_from_slice(evidence.direction.as_str().as_bytes());
    out.push(b'"');
    for (key, number) in [
        (&br#","score":"#[..], evidence.score),
        (br#","value":"#, evidence.value),
        (br#","threshold":"#, evidence.threshold),
    ] {
        out.extend_from_slice(key);
        // JSON has no infinity; NaN, which no detector may answer, becomes null.
        json(out, &number.clamp(f64::MIN, f64::MAX));
    }
    out.push(b'}');
}

fn json(out: &mut Vec<u8>, value: &(impl serde::Serialize + ?Sized)) {
    // Numbers and texts into memory: there is nothing that could fail.
    let _ = serde_json::to_writer(out, value);
}

/// Reads a row.
pub(super) fn read(bytes: &[u8]) -> Result<Row, DecodeError> {
    let object = Object::read(general::text(bytes)?, &KEYS)?;
    let quote = general::quote(&object)?;
    let judgement = match object.value("late")? {
        "true" => Judgement::Late,
        "false" => Judgement::Accepted {
            quality: quality(object.value("quality")?)?,
            warming_up: object.number("warming_up")?.parse().map_err(|_| DecodeError::Type {
                key: "warming_up",
                expected: "number up to 255",
            })?,
            anomalies: anomalies(object.value("anomalies")?)?,
        },
        _ => return Err(DecodeError::Type { key: "late", expected: "boolean" }),
    };
    Ok(Row { quote, judgement })
}

fn quality(text: &str) -> Result<Quality, DecodeError> {
    const ERROR: DecodeError = DecodeError::Type { key: "quality", expected: "list of flags" };
    let names: Vec<String> = serde_json::from_str(text).map_err(|_| ERROR)?;
    names
        .iter()
        .try_fold(Quality::GOOD, |all, name| Ok(all | Quality::from_name(name).ok_or(ERROR)?))
}

fn anomalies(text: &str) -> Result<Vec<Anomaly>, DecodeError> {
    const ERROR: DecodeError = DecodeError::Type { key: "anomalies", expected: "list" };
    let anomalies: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| ERROR)?;
    anomalies.into_iter().map(|anomaly| read_anomaly(anomaly.get())).collect()
}

fn read_anomaly(text: &str) -> Result<Anomaly, DecodeError> {
    let object = Object::read(text, &ANOMALY_KEYS)?;
    let number = |key| match object.number(key) {
        Ok(text) => text.parse().map_err(|_| DecodeError::Type { key, expected: "number" }),
        Err(DecodeError::Missing(_)) => Ok(f64::NAN),
        Err(error) => Err(error),
    };
    Ok(Anomaly {
        rule: object.string("rule")?.into_owned().into(),
        evidence: Evidence {
            direction: Direction::from_name(&object.string("direction")?)
                .ok_or(DecodeError::Type { key: "direction", expected: "direction" })?,
            score: number("score")?,
            value: number("value")?,
            threshold: number("threshold")?,
        },
    })
}
