//! Records of Kinesis.

use serde_json::Value;

use super::{
    bought::{Answer, base64_bytes, json},
    usage::KinesisUsage,
};

const PUT_UNIT: u64 = 25 << 10;
const KIB: u64 = 1 << 10;

#[derive(Debug)]
pub(super) enum Asked {
    /// Bytes of each record.
    Put(Vec<u64>),
    Get,
    Other,
}

impl Asked {
    pub(super) fn read(operation: &str, body: &[u8]) -> Self {
        match operation {
            "PutRecord" => Self::Put(vec![base64_bytes(&json(body)["Data"])]),
            "PutRecords" => Self::Put(records(&json(body))),
            "GetRecords" => Self::Get,
            _ => Self::Other,
        }
    }

    pub(super) fn settle(&self, answer: &Answer<'_>, usage: &mut KinesisUsage) {
        if !answer.is_success() {
            return;
        }
        match self {
            Self::Put(sizes) => {
                let body = answer.json();
                let entries = body["Records"].as_array().map_or(&[][..], Vec::as_slice);
                for (index, bytes) in sizes.iter().enumerate() {
                    let refused = entries.get(index).is_some_and(|e| !e["ErrorCode"].is_null());
                    if !refused {
                        usage.records += 1;
                        usage.put_units += bytes.div_ceil(PUT_UNIT).max(1);
                        usage.bytes_in += bytes.div_ceil(KIB).max(1) * KIB;
                    }
                }
            }
            Self::Get => usage.bytes_out += records(&answer.json()).iter().sum::<u64>(),
            Self::Other => {}
        }
    }
}

fn records(body: &Value) -> Vec<u64> {
    let records = body["Records"].as_array().into_iter().flatten();
    records.map(|record| base64_bytes(&record["Data"])).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn data(bytes: usize) -> Value {
        let digits = (bytes * 8).div_ceil(6);
        let text = "A".repeat(digits) + &"=".repeat((4 - digits % 4) % 4);
        json!({"Data": text, "PartitionKey": "AAPL"})
    }

    fn settle(operation: &str, request: &Value, answer: &Value) -> KinesisUsage {
        let body = answer.to_string();
        let answer = Answer { status: 200, body: body.as_bytes(), length: 0 };
        let mut usage = KinesisUsage::default();
        Asked::read(operation, request.to_string().as_bytes()).settle(&answer, &mut usage);
        usage
    }

    #[test]
    fn a_record_is_billed_in_whole_kib_and_in_units_of_25_kib() {
        for (bytes, kib, units) in
            [(1, 1, 1), (204, 1, 1), (1_024, 1, 1), (1_025, 2, 1), (25_600, 25, 1), (25_601, 26, 2)]
        {
            let usage = settle("PutRecord", &data(bytes), &json!({"SequenceNumber": "1"}));
            let expected =
                KinesisUsage { records: 1, put_units: units, bytes_in: kib << 10, bytes_out: 0 };
            assert_eq!(usage, expected, "{bytes}");
        }
    }

    #[test]
    fn what_was_refused_is_not_billed() {
        let records = json!({"Records": [data(200), data(2_000), data(30_000)]});
        let answer = json!({"FailedRecordCount": 1, "Records": [
            {"SequenceNumber": "1"}, {"ErrorCode": "InternalFailure"}, {"SequenceNumber": "2", "ErrorCode": null}]});
        let usage = settle("PutRecords", &records, &answer);
        assert_eq!((usage.records, usage.put_units, usage.bytes_in), (2, 3, 31 << 10));
    }

    #[test]
    fn what_is_read_is_billed_as_it_is() {
        let answer = json!({"Records": [data(200), data(201)]});
        assert_eq!(settle("GetRecords", &json!({}), &answer).bytes_out, 401);
    }
}
