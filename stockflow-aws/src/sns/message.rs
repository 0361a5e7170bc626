//! An alert as a message.

use std::fmt::Write as _;

use aws_sdk_sns::{
    error::BuildError,
    types::{MessageAttributeValue, PublishBatchRequestEntry},
};
use sha2::{Digest as _, Sha256};
use stockflow_core::Alert;

/// SNS's bound for a request, attributes included.
pub(super) const REQUEST_BYTES: usize = 256 << 10;

/// What is published of an alert.
#[derive(Debug)]
pub(super) struct Message {
    subject: String,
    /// Texts by protocol, as JSON.
    body: String,
    attributes: Vec<(&'static str, String)>,
    fifo: Option<Fifo>,
}

#[derive(Debug)]
struct Fifo {
    group: String,
    deduplication: String,
}

impl Message {
    pub(super) fn new(alert: &Alert, fifo: bool) -> Self {
        let texts = [
            ("default", ascii(alert.to_json())),
            ("email", alert.message()),
            ("sms", alert.short()),
        ];
        let mut body = String::with_capacity(1_024);
        for (at, (protocol, text)) in texts.iter().enumerate() {
            let start = if at == 0 { '{' } else { ',' };
            let text = serde_json::Value::from(text.as_str());
            // Into memory: there is nothing that could fail.
            let _ = write!(body, "{start}\"{protocol}\":{text}");
        }
        body.push('}');
        let attributes = [
            ("symbol", alert.symbol.as_str()),
            ("kind", alert.kind.as_str()),
            ("rule", alert.rule.as_ref()),
            ("direction", alert.evidence.direction.as_str()),
            ("severity", alert.severity.as_str()),
        ];
        Self {
            subject: alert.subject(),
            body,
            attributes: attributes.map(|(name, value)| (name, attribute(value))).to_vec(),
            fifo: fifo.then(|| Fifo::of(alert)),
        }
    }

    /// What SNS counts of it.
    pub(super) fn bytes(&self) -> usize {
        // Each attribute counts with its name, its type and its value.
        let attribute = |(name, value): &(&str, String)| name.len() + "String".len() + value.len();
        let attributes: usize = self.attributes.iter().map(attribute).sum();
        self.subject.len() + self.body.len() + attributes
    }

    /// Whether SNS can take it at all.
    pub(super) fn check(&self) -> Result<(), String> {
        let bytes = self.bytes();
        if bytes > REQUEST_BYTES {
            return Err(format!(
                "the message has {bytes} bytes, at most {REQUEST_BYTES} are allowed"
            ));
        }
        Ok(())
    }

    /// As an entry of a request.
    pub(super) fn entry(&self, id: usize) -> Result<PublishBatchRequestEntry, BuildError> {
        let mut entry = PublishBatchRequestEntry::builder()
            .id(id.to_string())
            .subject(&self.subject)
            .message(&self.body)
            .message_structure("json");
        for (name, value) in &self.attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value);
            entry = entry.message_attributes(*name, value.build()?);
        }
        if let Some(fifo) = &self.fifo {
            entry =
                entry.message_group_id(&fifo.group).message_deduplication_id(&fifo.deduplication);
        }
        entry.build()
    }
}

impl Fifo {
    fn of(alert: &Alert) -> Self {
        // An id may be longer than the 128 characters that SNS allows, and a rule may be called anything.
        let mut deduplication = String::with_capacity(64);
        for byte in Sha256::digest(alert.id().as_str()) {
            let _ = write!(deduplication, "{byte:02x}");
        }
        Self { group: alert.symbol.to_string(), deduplication }
    }
}

/// The same JSON in ASCII: some characters that JSON may hold are refused by SNS and by the queues behind it.
fn ascii(json: String) -> String {
    if json.is_ascii() {
        return json;
    }
    let mut text = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// Printable ASCII, at least one character, as SNS wants it.
fn attribute(value: &str) -> String {
    if value.is_empty() {
        return "-".into();
    }
    value.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stockflow_core::{
        AlertKind, Direction, Evidence, Price, Severity, Symbol, Timestamp, conformance::samples,
    };

    use super::*;

    fn any_alert() -> impl Strategy<Value = Alert> {
        let symbol = "[A-Za-z0-9._=^&+:$#@!*-]{1,23}"
            .prop_filter_map("a symbol", |text| text.parse::<Symbol>().ok());
        let rule = prop_oneof![
            "[a-z_]{1,30}",
            ".{0,400}",
            "\\PC*",
            "[\\x00-\\x1f\\u{fffe}\\u{10ffff}]{1,9}"
        ];
        let number = prop::num::f64::ANY;
        let evidence =
            (0..3_usize, number, number, number).prop_map(|(at, score, value, threshold)| {
                let direction = [Direction::Up, Direction::Down, Direction::Flat][at];
                Evidence { direction, score, value, threshold }
            });
        let times = 0..=Timestamp::MAX.as_micros();
        let prices = 1..=Price::MAX.units();
        (symbol, rule, 0..3_usize, any::<bool>(), times, prices, number, evidence).prop_map(
            |(symbol, rule, severity, trend, micros, units, change_percent, evidence)| Alert {
                symbol,
                kind: if trend { AlertKind::Trend } else { AlertKind::Anomaly },
                rule: rule.into(),
                severity: [Severity::Info, Severity::Warning, Severity::Critical][severity],
                cause: Timestamp::from_micros(micros).unwrap(),
                price: Price::from_units(units).unwrap(),
                change_percent,
                evidence,
            },
        )
    }

    proptest! {
        #[test]
        fn every_alert_makes_a_legal_message(alert in any_alert()) {
            let message = Message::new(&alert, true);
            let subject = &message.subject;
            prop_assert!((1..100).contains(&subject.len()), "{subject:?}");
            prop_assert!(subject.bytes().all(|b| matches!(b, b' '..=b'~')) && !subject.starts_with(' '));
            for (name, value) in &message.attributes {
                prop_assert!(!value.is_empty() && value.bytes().all(|b| matches!(b, b' '..=b'~')), "{name}");
            }
            let texts: serde_json::Value = serde_json::from_str(&message.body).unwrap();
            let text = |protocol: &str| texts[protocol].as_str().unwrap();
            prop_assert!(message.body.is_ascii());
            prop_assert!(text("sms").len() <= 140);
            prop_assert!(text("email").bytes().all(|b| matches!(b, b' '..=b'~' | b'\n')));
            let back = Alert::from_json(text("default").as_bytes()).unwrap();
            prop_assert_eq!(back.id(), alert.id());
            let fifo = message.fifo.as_ref().unwrap();
            prop_assert!(fifo.deduplication.len() == 64 && fifo.group.len() <= 128);
            prop_assert!(message.check().is_ok() && message.entry(9).is_ok());
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_told_with_its_size() {
        let mut alert = samples::alerts(1).remove(0);
        alert.rule = "x".repeat(REQUEST_BYTES).into();
        assert!(Message::new(&alert, false).check().unwrap_err().contains("at most 262144"));
    }

    #[test]
    fn one_alert_has_one_deduplication_id_and_another_one_another() {
        let alerts = samples::alerts(2);
        let id = |alert: &Alert| Fifo::of(alert).deduplication;
        assert_eq!(id(&alerts[0]), id(&alerts[0].clone()));
        assert_ne!(id(&alerts[0]), id(&alerts[1]));
    }
}
