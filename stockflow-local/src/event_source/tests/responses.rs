//! How a response is read.

use serde_json::{Value, json};

use super::*;

/// The batches that a function sees which answers `response` once, and success from then on.
fn after(response: impl Fn(&[Record<u32>]) -> Value + Clone + Send + 'static) -> Vec<Vec<u32>> {
    with(reporting(), response)
}

fn with(
    options: MappingOptions,
    response: impl Fn(&[Record<u32>]) -> Value + Clone + Send + 'static,
) -> Vec<Vec<u32>> {
    let first = Arc::new(Mutex::new(true));
    let answer = move |invocation: &Invocation<u32>| {
        let first = std::mem::replace(&mut *first.lock().unwrap(), false);
        if first { Reply::Response(response(&invocation.records)) } else { Reply::success() }
    };
    let (mut mapping, seen) = mapping(options, &clock(), answer);
    // All at once: the first is not delivered before the others are there.
    (1..=4).for_each(|data| mapping.put("AAPL", data));
    mapping.run();
    taken(&seen)
}

fn items(ids: &[&str]) -> Value {
    let items: Vec<Value> = ids.iter().map(|id| json!({ "itemIdentifier": id })).collect();
    json!({ "batchItemFailures": items })
}

const ONCE: [&[u32]; 1] = [&[1, 2, 3, 4]];
const TWICE: [&[u32]; 2] = [&[1, 2, 3, 4], &[1, 2, 3, 4]];

#[test]
fn an_empty_list_is_success() {
    assert_eq!(after(|_| json!({ "batchItemFailures": [] })), ONCE);
}

#[test]
fn a_null_list_is_success() {
    assert_eq!(after(|_| json!({ "batchItemFailures": null })), ONCE);
}

#[test]
fn an_empty_response_is_success() {
    assert_eq!(after(|_| json!({})), ONCE);
}

#[test]
fn a_null_response_is_success() {
    assert_eq!(after(|_| Value::Null), ONCE);
}

#[test]
fn a_misspelt_list_is_success_and_loses_data() {
    let misspelt = |records: &[Record<u32>]| json!({ "batchItemFailure": [{ "itemIdentifier": records[0].sequence.to_string() }] });
    assert_eq!(after(misspelt), ONCE);
}

#[test]
fn an_empty_identifier_is_complete_failure() {
    assert_eq!(after(|_| items(&[""])), TWICE);
}

#[test]
fn a_null_identifier_is_complete_failure() {
    assert_eq!(after(|_| json!({ "batchItemFailures": [{ "itemIdentifier": null }] })), TWICE);
}

#[test]
fn a_misspelt_identifier_is_complete_failure() {
    let misspelt = |records: &[Record<u32>]| json!({ "batchItemFailures": [{ "itemId": records[2].sequence.to_string() }] });
    assert_eq!(after(misspelt), TWICE);
}

#[test]
fn an_unknown_identifier_is_complete_failure_even_beside_a_known_one() {
    let unknown = |records: &[Record<u32>]| items(&[&records[2].sequence.to_string(), "4711"]);
    assert_eq!(after(unknown), TWICE);
}

#[test]
fn what_is_no_list_or_no_object_is_complete_failure() {
    assert_eq!(after(|_| json!({ "batchItemFailures": "none" })), TWICE);
    assert_eq!(after(|_| json!("done")), TWICE);
}

#[test]
fn the_lowest_sequence_number_is_the_checkpoint() {
    let two = |records: &[Record<u32>]| {
        items(&[&records[3].sequence.to_string(), &records[1].sequence.to_string()])
    };
    // 3 comes again too, though it succeeded.
    assert_eq!(after(two), [&[1, 2, 3, 4][..], &[2, 3, 4]]);
}

#[test]
fn responses_are_not_looked_at_unless_that_is_asked_for() {
    let failed = |records: &[Record<u32>]| items(&[&records[0].sequence.to_string()]);
    assert_eq!(with(MappingOptions::default(), failed), ONCE);
}
