//! Partial failures of SNS, which speaks in forms and XML.

use std::collections::BTreeMap;

const MEMBER: &str = "PublishBatchRequestEntries.member.";

/// A `PublishBatch`, cut in two.
#[derive(Debug)]
pub(super) struct Split {
    /// Fields that are of no entry.
    common: Vec<String>,
    /// Fields of the entries that are passed on, without the entry's number.
    rest: Vec<Vec<String>>,
    /// Ids of the others, as they were sent.
    refused: Vec<String>,
}

pub(super) fn split(body: &[u8], mut refuse: impl FnMut() -> bool) -> Option<Split> {
    let mut common = Vec::new();
    let mut entries: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for field in str::from_utf8(body).ok()?.split('&') {
        match field.strip_prefix(MEMBER).and_then(|field| field.split_once('.')) {
            Some((number, field)) => {
                entries.entry(number.parse().ok()?).or_default().push(field.to_owned())
            }
            None => common.push(field.to_owned()),
        }
    }
    let mut split = Split { common, rest: Vec::new(), refused: Vec::new() };
    for entry in entries.into_values() {
        if refuse() {
            split
                .refused
                .push(entry.iter().find_map(|field| field.strip_prefix("Id="))?.to_owned());
        } else {
            split.rest.push(entry);
        }
    }
    (!split.refused.is_empty()).then_some(split)
}

impl Split {
    pub(super) fn refused(&self) -> u64 {
        self.refused.len() as u64
    }

    pub(super) fn rest(&self) -> Option<Vec<u8>> {
        if self.rest.is_empty() {
            return None;
        }
        let mut fields = self.common.clone();
        for (number, entry) in (1..).zip(&self.rest) {
            fields.extend(entry.iter().map(|field| format!("{MEMBER}{number}.{field}")));
        }
        Some(fields.join("&").into_bytes())
    }

    pub(super) fn merge(self, answer: &[u8]) -> Vec<u8> {
        let failures: String = self.refused.iter().map(|id| failure(id)).collect();
        let text = String::from_utf8_lossy(answer);
        let merged = if text.is_empty() {
            format!(
                "<PublishBatchResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishBatchResult><Successful/>\
                 <Failed>{failures}</Failed></PublishBatchResult><ResponseMetadata><RequestId>injected</RequestId>\
                 </ResponseMetadata></PublishBatchResponse>"
            )
        } else if text.contains("</Failed>") {
            text.replace("</Failed>", &format!("{failures}</Failed>"))
        } else if text.contains("<Failed/>") {
            text.replace("<Failed/>", &format!("<Failed>{failures}</Failed>"))
        } else {
            text.replace(
                "</PublishBatchResult>",
                &format!("<Failed>{failures}</Failed></PublishBatchResult>"),
            )
        };
        merged.into_bytes()
    }
}

/// Ids of entries are letters, digits, `-` and `_`: what the form and XML would escape cannot be in them.
fn failure(id: &str) -> String {
    format!(
        "<member><Id>{id}</Id><Code>InternalError</Code><Message>injected</Message><SenderFault>false</SenderFault></member>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "Action=PublishBatch&PublishBatchRequestEntries.member.1.Id=a&\
        PublishBatchRequestEntries.member.1.Message=x&PublishBatchRequestEntries.member.2.Id=b&\
        PublishBatchRequestEntries.member.2.Message=y";

    #[test]
    fn entries_that_are_left_are_numbered_from_one() {
        let mut refuse = false;
        let split = split(BODY.as_bytes(), || {
            refuse = !refuse;
            refuse
        });
        let split = split.unwrap();
        let rest = String::from_utf8(split.rest().unwrap()).unwrap();
        assert_eq!(
            rest,
            "Action=PublishBatch&PublishBatchRequestEntries.member.1.Id=b&PublishBatchRequestEntries.member.1.Message=y"
        );
        let answer = "<PublishBatchResult><Successful><member><Id>b</Id></member></Successful><Failed/></PublishBatchResult>";
        let merged = String::from_utf8(split.merge(answer.as_bytes())).unwrap();
        assert!(
            merged.contains("<Id>b</Id></member></Successful><Failed><member><Id>a</Id><Code>"),
            "{merged}"
        );
    }

    #[test]
    fn nothing_is_sent_when_everything_is_refused() {
        let split = split(BODY.as_bytes(), || true).unwrap();
        assert_eq!((split.rest(), split.refused()), (None, 2));
    }
}
