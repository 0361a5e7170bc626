//! Alerts as JSON: one canonical line, exact both ways.

use serde::Serialize;

use super::{Alert, AlertKind, Severity};
use crate::{
    Direction, Evidence, Price, Symbol, Timestamp,
    wire::{
        DecodeError,
        general::{self, Object},
    },
};

/// The keys that say everything; `id` and `subject` follow from them.
const KEYS: [&str; 11] = [
    "symbol",
    "kind",
    "rule",
    "severity",
    "direction",
    "time",
    "price",
    "change_percent",
    "score",
    "value",
    "threshold",
];

impl Alert {
    /// One line of JSON without a line feed: `id`, `symbol`, `kind`, `rule`, `severity`, `direction`, `time` (of the cause),
    /// `price`, `change_percent`, `score`, `value`, `threshold`, `subject`, in this order.
    ///
    /// An infinite number becomes the largest finite one, NaN becomes `null`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(320);
        text(&mut out, "{\"id\":", self.id().as_str());
        text(&mut out, ",\"symbol\":", self.symbol.as_str());
        text(&mut out, ",\"kind\":", self.kind.as_str());
        text(&mut out, ",\"rule\":", &self.rule);
        text(&mut out, ",\"severity\":", self.severity.as_str());
        text(&mut out, ",\"direction\":", self.evidence.direction.as_str());
        text(&mut out, ",\"time\":", &self.cause.to_string());
        out.push_str(",\"price\":");
        out.push_str(&self.price.to_string());
        number(&mut out, ",\"change_percent\":", self.change_percent);
        number(&mut out, ",\"score\":", self.evidence.score);
        number(&mut out, ",\"value\":", self.evidence.value);
        number(&mut out, ",\"threshold\":", self.evidence.threshold);
        text(&mut out, ",\"subject\":", &self.subject());
        out.push('}');
        out
    }

    /// Reads what [`to_json`](Self::to_json) wrote, in any order of keys; others are ignored, and `id` and `subject`, which
    /// follow from the rest, are not trusted.
    ///
    /// # Errors
    /// [`DecodeError`]; never a panic, whatever the bytes are.
    pub fn from_json(bytes: &[u8]) -> Result<Self, DecodeError> {
        let object = Object::read(general::text(bytes)?, &KEYS)?;
        Ok(Self {
            symbol: Symbol::new(&object.string("symbol")?).map_err(DecodeError::Symbol)?,
            kind: named(&object, "kind", "kind of alert", AlertKind::from_name)?,
            rule: object.string("rule")?.into_owned().into(),
            severity: named(&object, "severity", "severity", Severity::from_name)?,
            cause: Timestamp::from_bytes(object.string("time")?.as_bytes())
                .map_err(DecodeError::Timestamp)?,
            price: Price::from_bytes(object.number("price")?.as_bytes())
                .map_err(|error| DecodeError::Price { key: "price", error })?,
            change_percent: float(&object, "change_percent")?,
            evidence: Evidence {
                direction: named(&object, "direction", "direction", Direction::from_name)?,
                score: float(&object, "score")?,
                value: float(&object, "value")?,
                threshold: float(&object, "threshold")?,
            },
        })
    }
}

type Fields<'a> = Object<'a, { KEYS.len() }>;

fn named<T>(
    object: &Fields<'_>,
    key: &'static str,
    expected: &'static str,
    from_name: impl Fn(&str) -> Option<T>,
) -> Result<T, DecodeError> {
    from_name(&object.string(key)?).ok_or(DecodeError::Type { key, expected })
}

/// The nearest float to the text of a number, which is the one that was written; `null` is NaN.
fn float(object: &Fields<'_>, key: &'static str) -> Result<f64, DecodeError> {
    match object.number(key) {
        Ok(text) => text.parse().map_err(|_| DecodeError::Type { key, expected: "number" }),
        Err(DecodeError::Missing(_)) => Ok(f64::NAN),
        Err(error) => Err(error),
    }
}

fn text(out: &mut String, start: &str, value: &str) {
    out.push_str(start);
    push(out, value);
}

fn number(out: &mut String, start: &str, value: f64) {
    out.push_str(start);
    push(out, &value.clamp(f64::MIN, f64::MAX));
}

fn push(out: &mut String, value: &(impl Serialize + ?Sized)) {
    // Numbers and texts into memory: there is nothing that could fail.
    out.push_str(&serde_json::to_string(value).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Alert {
        Alert {
            symbol: "BRK-B".parse().unwrap(),
            kind: AlertKind::Trend,
            rule: "sma_crossover".into(),
            severity: Severity::Warning,
            cause: "2026-11-23T14:30:00.000001Z".parse().unwrap(),
            price: "183.75".parse().unwrap(),
            change_percent: -0.1,
            evidence: Evidence {
                direction: Direction::Up,
                score: 0.1 + 0.2,
                value: 1e-7,
                threshold: 5.0,
            },
        }
    }

    #[test]
    fn the_line_is_canonical() {
        assert_eq!(
            sample().to_json(),
            concat!(
                r#"{"id":"BRK-B/sma_crossover/up/2026-11-23T14:30:00.000001Z","symbol":"BRK-B","kind":"trend","#,
                r#""rule":"sma_crossover","severity":"warning","direction":"up","time":"2026-11-23T14:30:00.000001Z","#,
                r#""price":183.75,"change_percent":-0.1,"score":0.30000000000000004,"value":1e-7,"threshold":5.0,"#,
                r#""subject":"Warning: BRK-B uptrend, averages crossed, 183.75 (-0.10 %)"}"#
            )
        );
    }

    proptest! {
        #[test]
        fn reading_gives_back_what_was_written(
            numbers in prop::array::uniform4(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO),
            rule in ".{0,40}",
            micros in 0..=Timestamp::MAX.as_micros(),
            units in 1..=Price::MAX.units(),
        ) {
            let [change_percent, score, value, threshold] = numbers;
            let mut alert = sample();
            alert.rule = rule.into();
            alert.cause = Timestamp::from_micros(micros).unwrap();
            alert.price = Price::from_units(units).unwrap();
            alert.change_percent = change_percent;
            alert.evidence = Evidence { direction: Direction::Flat, score, value, threshold };
            let json = alert.to_json();
            prop_assert!(!json.contains('\n'));
            let back = Alert::from_json(json.as_bytes()).unwrap();
            prop_assert_eq!(back.to_json(), json);
            prop_assert_eq!(back, alert);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Alert::from_json(&bytes);
        }
    }

    #[test]
    fn what_is_not_a_number_is_null_and_the_infinite_is_the_largest() {
        let mut alert = sample();
        alert.evidence.score = f64::NAN;
        alert.evidence.value = f64::NEG_INFINITY;
        let back = Alert::from_json(alert.to_json().as_bytes()).unwrap();
        assert!(back.evidence.score.is_nan());
        assert_eq!(back.evidence.value, f64::MIN);
    }

    #[test]
    fn what_is_not_an_alert_is_refused() {
        let json = sample().to_json();
        for (part, other) in [
            ("\"trend\"", "\"trendy\""),
            ("183.75,", "-1,"),
            ("\"symbol\":\"BRK-B\"", "\"symbol\":\"../x\""),
            ("\"direction\":\"up\"", "\"direction\":7"),
            ("\"rule\":\"sma_crossover\",", ""),
            ("\"score\"", "\"value\""),
        ] {
            assert!(json.contains(part));
            assert!(Alert::from_json(json.replacen(part, other, 1).as_bytes()).is_err(), "{part}");
        }
        assert!(Alert::from_json(b"[]").is_err());
    }
}
