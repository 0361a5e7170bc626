//! Partial failures of Kinesis and DynamoDB.

use serde_json::{Map, Value, json};

/// A JSON batch, cut in two.
#[derive(Debug)]
pub(super) struct Split {
    shape: Shape,
    /// The request without what is refused; none: everything is.
    rest: Option<Value>,
    /// For each item in order, whether it is refused.
    refusals: Vec<bool>,
    /// What is refused, in the shape that the answer has for it.
    refused: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    PutRecords,
    BatchWriteItem,
    BatchGetItem,
}

pub(super) fn split(operation: &str, body: &[u8], refuse: impl FnMut() -> bool) -> Option<Split> {
    let shape = match operation {
        "PutRecords" => Shape::PutRecords,
        "BatchWriteItem" => Shape::BatchWriteItem,
        "BatchGetItem" => Shape::BatchGetItem,
        _ => return None,
    };
    let request: Value = serde_json::from_slice(body).ok()?;
    let split = match shape {
        Shape::PutRecords => put_records(request, refuse)?,
        Shape::BatchWriteItem => tables(shape, request, refuse)?,
        Shape::BatchGetItem => tables(shape, request, refuse)?,
    };
    split.refusals.contains(&true).then_some(split)
}

fn put_records(mut request: Value, mut refuse: impl FnMut() -> bool) -> Option<Split> {
    let records = request.get_mut("Records")?.as_array_mut()?;
    let refusals: Vec<bool> = records.iter().map(|_| refuse()).collect();
    keep(records, &refusals, false);
    let rest = (!records.is_empty()).then_some(request);
    Some(Split { shape: Shape::PutRecords, rest, refusals, refused: Value::Null })
}

fn tables(shape: Shape, mut request: Value, mut refuse: impl FnMut() -> bool) -> Option<Split> {
    let items = request.get_mut("RequestItems")?.as_object_mut()?;
    let mut refused = items.clone();
    let mut refusals = Vec::new();
    for (table, entry) in items.iter_mut() {
        let list = list_of(shape, entry)?;
        let roll: Vec<bool> = list.iter().map(|_| refuse()).collect();
        keep(list, &roll, false);
        keep(list_of(shape, refused.get_mut(table)?)?, &roll, true);
        refusals.extend(roll);
    }
    for side in [&mut *items, &mut refused] {
        side.retain(|_, entry| list_of(shape, entry).is_some_and(|list| !list.is_empty()));
    }
    let rest = (!items.is_empty()).then_some(request);
    Some(Split { shape, rest, refusals, refused: Value::Object(refused) })
}

/// The items of one table.
fn list_of(shape: Shape, entry: &mut Value) -> Option<&mut Vec<Value>> {
    if shape == Shape::BatchGetItem {
        entry.get_mut("Keys")?.as_array_mut()
    } else {
        entry.as_array_mut()
    }
}

/// Keeps the items whose refusal is `wanted`.
fn keep(list: &mut Vec<Value>, refusals: &[bool], wanted: bool) {
    let mut refusals = refusals.iter();
    list.retain(|_| refusals.next() == Some(&wanted));
}

impl Split {
    pub(super) fn refused(&self) -> u64 {
        self.refusals.iter().filter(|refused| **refused).count() as u64
    }

    pub(super) fn rest(&self) -> Option<Vec<u8>> {
        self.rest.as_ref().map(|rest| rest.to_string().into_bytes())
    }

    pub(super) fn merge(self, answer: &[u8]) -> Vec<u8> {
        let answer = serde_json::from_slice(answer).unwrap_or_else(|_| Value::Object(Map::new()));
        let merged = match self.shape {
            Shape::PutRecords => self.merge_records(&answer),
            Shape::BatchWriteItem => merge_tables("UnprocessedItems", self.refused, answer),
            Shape::BatchGetItem => merge_tables("UnprocessedKeys", self.refused, answer),
        };
        merged.to_string().into_bytes()
    }

    fn merge_records(&self, answer: &Value) -> Value {
        let mut done = answer["Records"].as_array().into_iter().flatten();
        let failure = json!({
            "ErrorCode": "ProvisionedThroughputExceededException",
            "ErrorMessage": "Rate exceeded for shard shardId-000000000000",
        });
        let records = self.refusals.iter().map(|refused| {
            if *refused {
                failure.clone()
            } else {
                done.next().cloned().unwrap_or_else(|| failure.clone())
            }
        });
        let records: Vec<Value> = records.collect();
        let failed = records.iter().filter(|record| !record["ErrorCode"].is_null()).count();
        json!({ "FailedRecordCount": failed, "Records": records })
    }
}

/// Adds what was refused here to what the service itself did not do.
fn merge_tables(field: &str, refused: Value, mut answer: Value) -> Value {
    if let (Value::Object(more), Some(own)) = (&refused, answer[field].as_object_mut()) {
        for (table, entry) in more {
            match own.get_mut(table) {
                None => drop(own.insert(table.clone(), entry.clone())),
                Some(Value::Array(list)) => {
                    list.extend(entry.as_array().into_iter().flatten().cloned())
                }
                Some(keys) => {
                    if let Some(list) = keys["Keys"].as_array_mut() {
                        list.extend(entry["Keys"].as_array().into_iter().flatten().cloned());
                    }
                }
            }
        }
    } else {
        answer[field] = refused;
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_second() -> impl FnMut() -> bool {
        let mut refuse = true;
        move || {
            refuse = !refuse;
            refuse
        }
    }

    #[test]
    fn refused_records_keep_their_places_in_the_answer() {
        let body =
            json!({"StreamName": "s", "Records": [{"Data": "a"}, {"Data": "b"}, {"Data": "c"}]});
        let split = split("PutRecords", body.to_string().as_bytes(), every_second()).unwrap();
        let rest: Value = serde_json::from_slice(&split.rest().unwrap()).unwrap();
        assert_eq!(rest["Records"], json!([{"Data": "a"}, {"Data": "c"}]));
        let answer = json!({"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1"}, {"SequenceNumber": "2"}]});
        let merged: Value =
            serde_json::from_slice(&split.merge(answer.to_string().as_bytes())).unwrap();
        assert_eq!(merged["FailedRecordCount"], 1);
        assert_eq!(merged["Records"][0]["SequenceNumber"], "1");
        assert_eq!(merged["Records"][1]["ErrorCode"], "ProvisionedThroughputExceededException");
        assert_eq!(merged["Records"][2]["SequenceNumber"], "2");
    }

    #[test]
    fn refused_writes_are_unprocessed_with_their_table() {
        let put = |name: &str| json!({"PutRequest": {"Item": {"k": {"S": name}}}});
        let body = json!({"RequestItems": {"t": [put("a"), put("b")], "u": [put("c"), put("d")]}});
        let split = split("BatchWriteItem", body.to_string().as_bytes(), every_second()).unwrap();
        assert_eq!(split.refused(), 2);
        let rest: Value = serde_json::from_slice(&split.rest().unwrap()).unwrap();
        assert_eq!(rest["RequestItems"], json!({"t": [put("a")], "u": [put("c")]}));
        let answer = json!({"UnprocessedItems": {"t": [put("a")]}});
        let merged: Value =
            serde_json::from_slice(&split.merge(answer.to_string().as_bytes())).unwrap();
        assert_eq!(merged["UnprocessedItems"], json!({"t": [put("a"), put("b")], "u": [put("d")]}));
    }

    #[test]
    fn a_batch_that_is_refused_as_a_whole_is_not_sent() {
        let body =
            json!({"RequestItems": {"t": {"Keys": [{"k": {"S": "a"}}], "ConsistentRead": true}}});
        let split = split("BatchGetItem", body.to_string().as_bytes(), || true).unwrap();
        assert_eq!(split.rest(), None);
        let merged: Value = serde_json::from_slice(&split.merge(&[])).unwrap();
        assert_eq!(merged["UnprocessedKeys"], body["RequestItems"]);
    }
}
