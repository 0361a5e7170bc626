//! Messages of SNS.

use super::{bought::Answer, usage::SnsUsage};

const PUBLISH: u64 = 64 << 10;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    messages: u64,
    bytes: u64,
    fifo: bool,
}

impl Asked {
    pub(super) fn read(operation: &str, body: &[u8]) -> Self {
        let mut asked = Self::default();
        if !matches!(operation, "Publish" | "PublishBatch") {
            return asked;
        }
        for pair in body.split(|byte| *byte == b'&') {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let name = parts.next().unwrap_or_default();
            let value = parts.next().unwrap_or_default();
            // Of a batch, the name of the entry stands before it.
            let name = String::from_utf8_lossy(name);
            let name = name
                .strip_prefix("PublishBatchRequestEntries.member.")
                .map_or(&*name, |rest| rest.split_once('.').map_or("", |(_, name)| name));
            match name {
                "Message" => {
                    asked.messages += 1;
                    asked.bytes += decoded(value);
                }
                "Subject" => asked.bytes += decoded(value),
                "TopicArn" => asked.fifo = value.ends_with(b".fifo"),
                name if name.starts_with("MessageAttributes.") => asked.bytes += decoded(value),
                _ => {}
            }
        }
        asked
    }

    pub(super) fn settle(&self, answer: &Answer<'_>, usage: &mut SnsUsage) {
        if self.messages == 0 || !answer.is_success() {
            return;
        }
        let taken = self.messages.saturating_sub(failed(answer.body));
        usage.messages += taken;
        usage.bytes += self.bytes;
        if self.fifo {
            usage.fifo_messages += taken;
            usage.fifo_bytes += self.bytes;
        } else {
            usage.publishes += self.bytes.div_ceil(PUBLISH).max(1);
        }
    }
}

/// Bytes of a value of a form.
fn decoded(value: &[u8]) -> u64 {
    (value.len() - 2 * value.iter().filter(|byte| **byte == b'%').count()) as u64
}

/// How many messages of a batch were refused.
fn failed(body: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(body);
    let Some((_, rest)) = text.split_once("<Failed>") else { return 0 };
    let failed = rest.split("</Failed>").next().unwrap_or_default();
    failed.matches("<member>").count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(asked: &Asked, body: &str) -> SnsUsage {
        let mut usage = SnsUsage::default();
        asked.settle(&Answer { status: 200, body: body.as_bytes(), length: 0 }, &mut usage);
        usage
    }

    #[test]
    fn each_begun_64_kib_are_a_publish() {
        for (bytes, publishes) in [(1, 1), (65_536, 1), (65_537, 2), (262_144, 4)] {
            let body = format!("Action=Publish&TopicArn=a&Message={}", "x".repeat(bytes));
            let usage = settle(&Asked::read("Publish", body.as_bytes()), "");
            assert_eq!((usage.publishes, usage.messages), (publishes, 1), "{bytes}");
        }
    }

    #[test]
    fn texts_count_as_they_are_before_they_are_encoded() {
        let body = b"Action=Publish&Version=2010-03-31&TopicArn=arn%3Ax&Message=%C3%A4+b&Subject=ab&\
                     MessageAttributes.entry.1.Name=kind&MessageAttributes.entry.1.Value.StringValue=trend";
        assert_eq!(
            Asked::read("Publish", body),
            Asked { messages: 1, bytes: 4 + 2 + 4 + 5, fifo: false }
        );
        assert_eq!(Asked::read("Subscribe", body), Asked::default());
    }

    #[test]
    fn a_batch_is_added_up_and_refused_messages_are_none() {
        let entry = |n, text: &str| {
            format!(
                "PublishBatchRequestEntries.member.{n}.Id={n}&PublishBatchRequestEntries.member.{n}.Message={text}&"
            )
        };
        let long = "x".repeat(40_000);
        let body = entry(1, &long) + &entry(2, &long) + &entry(3, "y") + "TopicArn=arn%3Aa";
        let asked = Asked::read("PublishBatch", body.as_bytes());
        let usage = settle(
            &asked,
            "<Failed><member><Id>3</Id></member></Failed><Successful><member/></Successful>",
        );
        assert_eq!((usage.publishes, usage.messages, usage.bytes), (2, 2, 80_001));
        let fifo = Asked::read("PublishBatch", (body + ".fifo").as_bytes());
        let usage = settle(&fifo, "<Failed/>");
        assert_eq!((usage.publishes, usage.fifo_messages, usage.fifo_bytes), (0, 3, 80_001));
    }
}
