//! An alert as a mail.

use lettre::{
    Message,
    message::{
        Body, Mailbox,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use stockflow_core::{Alert, InvalidConfig};

/// Reads an address, with a name or without.
pub(super) fn mailbox(key: &str, text: &str) -> Result<Mailbox, InvalidConfig> {
    text.parse().map_err(|_| {
        let allowed = "an address, ann@example.com or Ann <ann@example.com>";
        InvalidConfig::new(key, format!("{text:?}"), allowed)
    })
}

pub(super) fn compose(
    alert: &Alert,
    from: &Mailbox,
    to: &[Mailbox],
) -> Result<Message, lettre::error::Error> {
    let id = blake3::hash(alert.id().as_str().as_bytes()).to_hex();
    let domain = from.email.domain();
    let mut builder = Message::builder()
        .from(from.clone())
        .message_id(Some(format!("<stockflow-{}@{domain}>", &id[..32])))
        // Printable ASCII in one line, whatever the alert holds: no header can be smuggled in.
        .subject(alert.subject())
        .header(ContentType::TEXT_PLAIN);
    for to in to {
        builder = builder.to(to.clone());
    }
    // So that nobody's absence note answers (RFC 3834).
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    builder = builder.raw_header(HeaderValue::new(name, "auto-generated".to_owned()));
    builder.body(body(&alert.message()))
}

/// The text as it is, which any program can show: it is ASCII. Only a line beyond what a mail may hold (998) makes it encoded.
fn body(text: &str) -> Body {
    if text.is_ascii() && text.lines().all(|line| line.len() <= 990) {
        let lines = text.replace('\n', "\r\n").into_bytes();
        return Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit);
    }
    Body::new(text.to_owned())
}

#[cfg(test)]
mod tests {
    use stockflow_core::conformance::samples;

    use super::*;

    fn composed(alert: &Alert) -> String {
        let from = mailbox("from", "stockflow <alerts@example.com>").unwrap();
        let to =
            [mailbox("to", "ann@example.com").unwrap(), mailbox("to", "b@example.com").unwrap()];
        String::from_utf8(compose(alert, &from, &to).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_mail_has_subject_text_and_a_lasting_id() {
        let alert = samples::alerts(1).remove(0);
        let (head, body) = composed(&alert)
            .split_once("\r\n\r\n")
            .map(|(head, body)| (head.to_owned(), body.replace("\r\n", "\n")))
            .unwrap();
        assert!(head.contains(&format!("\r\nSubject: {}", &alert.subject()[..20])), "{head}");
        assert!(head.contains("\r\nTo: ann@example.com, b@example.com"), "{head}");
        assert!(head.contains("\r\nAuto-Submitted: auto-generated"), "{head}");
        assert_eq!(body, alert.message());
        let id =
            |mail: String| mail.lines().find(|l| l.starts_with("Message-ID")).unwrap().to_owned();
        assert_eq!(id(composed(&alert)), id(composed(&alert)));
        assert_ne!(id(composed(&alert)), id(composed(&samples::alerts(2)[1])));
    }

    #[test]
    fn no_alert_can_add_a_header_or_end_the_mail() {
        let mut alert = samples::alerts(1).remove(0);
        for rule in
            ["x\r\nBcc: eve@example.com\r\n\r\nHello", "x\n.\nMAIL FROM:<eve>", "\u{2028}Bcc: eve"]
        {
            alert.rule = rule.into();
            let mail = composed(&alert);
            let (head, body) = mail.split_once("\r\n\r\n").unwrap();
            assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
            assert!(!body.lines().any(|line| line == "." || line.starts_with("MAIL")), "{body}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_for_a_mail_is_encoded() {
        let mut alert = samples::alerts(1).remove(0);
        alert.rule = "x".repeat(2000).into();
        let mail = composed(&alert);
        assert!(mail.contains("Content-Transfer-Encoding: quoted-printable"));
        assert!(mail.lines().all(|line| line.len() <= 998));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "ann", "ann@", "a@b\r\nBcc: eve@example.com", "a@b, c@d"] {
            assert!(mailbox("to", text).is_err(), "{text:?}");
        }
    }
}
