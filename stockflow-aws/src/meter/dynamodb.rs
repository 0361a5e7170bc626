//! Units of DynamoDB.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    bought::{Answer, json},
    item,
    usage::DynamoUsage,
};

/// What asks the service for the units of a call, its indexes' ones included.
const ASK: &str = "\"ReturnConsumedCapacity\":\"TOTAL\"";
const WRITE_UNIT: u64 = 1_024;
const READ_UNIT: u64 = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Free,
}

fn kind_of(operation: &str) -> Kind {
    match operation {
        "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems" => Kind::Read,
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems" => {
            Kind::Write
        }
        _ => Kind::Free,
    }
}

/// The request with a question for its units; none if it asks already, or cannot.
pub(super) fn ask_for_capacity(operation: &str, body: &[u8]) -> Option<Vec<u8>> {
    if kind_of(operation) == Kind::Free || json(body).get("ReturnConsumedCapacity").is_some() {
        return None;
    }
    let rest = body.strip_prefix(b"{")?;
    let comma: &[u8] = if rest.trim_ascii_start().starts_with(b"}") { b"" } else { b"," };
    Some([b"{", ASK.as_bytes(), comma, rest].concat())
}

#[derive(Debug)]
pub(super) struct Asked {
    kind: Kind,
    transaction: bool,
    /// Units of what is to be written, if all of it is, by the sizes of the new items.
    write_units: u64,
    /// Which tables are to be read as they are now; the empty name stands for the only one.
    consistent: BTreeMap<String, bool>,
    /// How many keys are looked for, without those of a range.
    keys: u64,
}

impl Asked {
    pub(super) fn read(operation: &str, body: &[u8]) -> Self {
        let kind = kind_of(operation);
        let body = if kind == Kind::Free { Value::Null } else { json(body) };
        let is_consistent = |value: &Value| value["ConsistentRead"] == true;
        let transaction = operation.starts_with("Transact");
        let now = transaction || is_consistent(&body);
        let mut consistent = BTreeMap::from([(String::new(), now)]);
        if operation == "BatchGetItem" {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            consistent.extend(tables.map(|(name, table)| (name.clone(), is_consistent(table))));
        }
        Self {
            kind,
            transaction,
            write_units: if kind == Kind::Write { write_units(&body) } else { 0 },
            consistent,
            keys: keys(operation, &body),
        }
    }

    pub(super) fn settle(&self, answer: &Answer<'_>, usage: &mut DynamoUsage) {
        if self.kind == Kind::Free {
            return;
        }
        let body = answer.json();
        let told = if answer.is_success() { consumed(&body["ConsumedCapacity"]) } else { None };
        let units = told.unwrap_or_else(|| self.estimate(answer, &body));
        if told.is_none() {
            usage.estimated_units += units;
        }
        match self.kind {
            Kind::Read => usage.read_units += units,
            _ => usage.write_units += units,
        }
    }

    /// The units of an answer that does not tell them.
    fn estimate(&self, answer: &Answer<'_>, body: &Value) -> f64 {
        let times = if self.transaction { 2.0 } else { 1.0 };
        let units = match (self.kind, answer.is_success()) {
            (Kind::Read, true) => return self.read_units(body) * times,
            (Kind::Write, true) => self.write_units - unprocessed(body).min(self.write_units),
            // What stood in the way was read to be compared, and costs as if it had been written.
            (Kind::Write, false) if is_failed_condition(body) => match item::size(&body["Item"]) {
                0 => self.write_units.max(1),
                size => size.div_ceil(WRITE_UNIT),
            },
            _ => 0,
        };
        units as f64 * times
    }

    fn read_units(&self, body: &Value) -> f64 {
        let part = |table: &str| if self.consistent.get(table) == Some(&true) { 1.0 } else { 0.5 };
        let units = |size: u64| size.div_ceil(READ_UNIT).max(1) as f64;
        if let Some(items) = body["Items"].as_array() {
            // Of a range, the sum is rounded up.
            return units(items.iter().map(item::size).sum()) * part("");
        }
        let of_tables =
            body["Responses"].as_object().into_iter().flatten().flat_map(|(table, items)| {
                items.as_array().into_iter().flatten().map(move |item| (table.as_str(), item))
            });
        let of_transaction = body["Responses"].as_array().into_iter().flatten();
        let single =
            of_transaction.chain([body]).filter_map(|answer| Some(("", answer.get("Item")?)));
        let (mut found, mut count) = (0.0, 0);
        for (table, item) in of_tables.chain(single) {
            found += units(item::size(item)) * part(table);
            count += 1;
        }
        // Looking for what is not there costs a read too.
        let missing = self.keys.saturating_sub(count + keys_of(&body["UnprocessedKeys"]));
        let dearest = self.consistent.values().any(|now| *now);
        found + missing as f64 * if dearest { 1.0 } else { 0.5 }
    }
}

/// The sum of what the answer tells, of one table or of several.
fn consumed(capacity: &Value) -> Option<f64> {
    match capacity {
        Value::Object(table) => table.get("CapacityUnits")?.as_f64(),
        Value::Array(tables) if !tables.is_empty() => tables.iter().map(consumed).sum(),
        _ => None,
    }
}

fn write_units(body: &Value) -> u64 {
    if let Some(item) = body.get("Item") {
        return units_of(item);
    }
    if let Some(tables) = body.get("RequestItems") {
        return units_of_batch(tables);
    }
    if let Some(items) = body["TransactItems"].as_array() {
        return items.iter().map(|item| units_of(&item["Put"]["Item"])).sum();
    }
    // An update or a deletion: the size of what is there is not known.
    1
}

fn units_of(item: &Value) -> u64 {
    item::size(item).div_ceil(WRITE_UNIT).max(1)
}

/// Of a map from tables to lists of writes.
fn units_of_batch(tables: &Value) -> u64 {
    let tables = tables.as_object().into_iter().flatten();
    let writes = tables.flat_map(|(_, writes)| writes.as_array().into_iter().flatten());
    writes.map(|write| units_of(&write["PutRequest"]["Item"])).sum()
}

fn unprocessed(body: &Value) -> u64 {
    units_of_batch(&body["UnprocessedItems"])
}

fn keys(operation: &str, body: &Value) -> u64 {
    match operation {
        "GetItem" => 1,
        "BatchGetItem" => keys_of(&body["RequestItems"]),
        "TransactGetItems" => body["TransactItems"].as_array().map_or(0, |keys| keys.len() as u64),
        _ => 0,
    }
}

fn keys_of(tables: &Value) -> u64 {
    let tables = tables.as_object().into_iter().flatten();
    tables.map(|(_, table)| table["Keys"].as_array().map_or(0, |keys| keys.len() as u64)).sum()
}

fn is_failed_condition(body: &Value) -> bool {
    let name = body["__type"].as_str().unwrap_or_default();
    name.ends_with("ConditionalCheckFailedException")
        || name.ends_with("TransactionCanceledException")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settle(operation: &str, request: &Value, status: u16, answer: &Value) -> DynamoUsage {
        let body = answer.to_string();
        let answer = Answer { status, body: body.as_bytes(), length: body.len() as u64 };
        let mut usage = DynamoUsage::default();
        Asked::read(operation, request.to_string().as_bytes()).settle(&answer, &mut usage);
        usage
    }

    fn sized(bytes: usize) -> Value {
        json!({"a": {"S": "x".repeat(bytes - 1)}})
    }

    #[test]
    fn an_item_of_1025_bytes_is_two_units() {
        for (bytes, units) in [(2, 1.0), (1_024, 1.0), (1_025, 2.0), (2_048, 2.0), (2_049, 3.0)] {
            let usage = settle("PutItem", &json!({"Item": sized(bytes)}), 200, &json!({}));
            assert_eq!((usage.write_units, usage.estimated_units), (units, units), "{bytes}");
        }
    }

    #[test]
    fn what_the_answer_tells_counts() {
        let put = json!({"Item": sized(5_000)});
        let told = json!({"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 7.0}});
        let usage = settle("PutItem", &put, 200, &told);
        assert_eq!((usage.write_units, usage.estimated_units), (7.0, 0.0));
        let told = json!({"ConsumedCapacity": [{"CapacityUnits": 7.0}, {"CapacityUnits": 0.5}]});
        assert_eq!(settle("BatchGetItem", &json!({}), 200, &told).read_units, 7.5);
    }

    #[test]
    fn what_a_batch_left_undone_costs_nothing() {
        let put = |bytes| json!({"PutRequest": {"Item": sized(bytes)}});
        let delete = json!({"DeleteRequest": {"Key": {"a": {"S": "x"}}}});
        let batch = json!({"RequestItems": {"t": [put(1_024), put(1_025), put(3_000), delete]}});
        assert_eq!(settle("BatchWriteItem", &batch, 200, &json!({})).write_units, 7.0);
        let left = json!({"UnprocessedItems": {"t": [put(1_025)]}});
        assert_eq!(settle("BatchWriteItem", &batch, 200, &left).write_units, 5.0);
    }

    #[test]
    fn a_failed_condition_costs_what_stood_in_the_way() {
        let put = json!({"Item": sized(3_000)});
        let name = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
        let told = json!({"__type": name, "Item": sized(2_000)});
        assert_eq!(settle("PutItem", &put, 400, &told).write_units, 2.0);
        assert_eq!(settle("PutItem", &put, 400, &json!({"__type": name})).write_units, 3.0);
        let update = json!({"Key": {}});
        assert_eq!(settle("UpdateItem", &update, 400, &json!({"__type": name})).write_units, 1.0);
        let throttled = json!({"__type": "ProvisionedThroughputExceededException"});
        assert_eq!(settle("PutItem", &put, 400, &throttled), DynamoUsage::default());
    }

    #[test]
    fn a_transaction_costs_twice_also_one_that_is_cancelled() {
        let puts = json!({"TransactItems": [{"Put": {"Item": sized(1_025)}}, {"Delete": {}}]});
        assert_eq!(settle("TransactWriteItems", &puts, 200, &json!({})).write_units, 6.0);
        let cancelled = json!({"__type": "TransactionCanceledException"});
        assert_eq!(settle("TransactWriteItems", &puts, 400, &cancelled).write_units, 6.0);
        let found = json!({"Responses": [{"Item": sized(4_097)}, {}]});
        let gets = json!({"TransactItems": [{"Get": {}}, {"Get": {}}]});
        assert_eq!(settle("TransactGetItems", &gets, 200, &found).read_units, 6.0);
    }

    #[test]
    fn reads_cost_half_of_a_unit_for_4_kib_or_a_whole_one_if_consistent() {
        for (now, times) in [(false, 0.5), (true, 1.0)] {
            let ask = json!({"ConsistentRead": now, "Key": {}});
            let get = |answer| settle("GetItem", &ask, 200, &answer).read_units;
            assert_eq!(get(json!({"Item": sized(4_096)})), times);
            assert_eq!(get(json!({"Item": sized(4_097)})), 2.0 * times);
            assert_eq!(get(json!({})), times, "what is not there");
            // Of a range the sum is rounded up, not each item.
            let items = json!({"Items": [sized(2_000), sized(2_000), sized(200)]});
            assert_eq!(settle("Query", &ask, 200, &items).read_units, 2.0 * times);
            assert_eq!(settle("Query", &ask, 200, &json!({"Items": []})).read_units, times);
            let keys = json!([{}, {}, {}]);
            let batch = json!({"RequestItems": {"t": {"Keys": keys, "ConsistentRead": now}}});
            let found = json!({"Responses": {"t": [sized(5_000)]}, "UnprocessedKeys": {"t": {"Keys": [{}]}}});
            assert_eq!(settle("BatchGetItem", &batch, 200, &found).read_units, 3.0 * times);
        }
    }

    #[test]
    fn units_are_asked_for_where_nobody_else_does() {
        let asked = ask_for_capacity("PutItem", br#"{"Item":{}}"#).unwrap();
        assert_eq!(asked, br#"{"ReturnConsumedCapacity":"TOTAL","Item":{}}"#);
        assert_eq!(
            json(&ask_for_capacity("Scan", b"{ }").unwrap())["ReturnConsumedCapacity"],
            "TOTAL"
        );
        let indexes = br#"{"ReturnConsumedCapacity":"INDEXES"}"#;
        assert_eq!(ask_for_capacity("PutItem", indexes), None);
        assert_eq!(ask_for_capacity("CreateTable", b"{}"), None);
        assert_eq!(ask_for_capacity("PutItem", b""), None);
    }
}
