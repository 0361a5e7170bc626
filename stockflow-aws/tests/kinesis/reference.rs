//! Aggregated records, held against the implementation that AWS publishes for Python.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use stockflow_aws::{
    records::{Aggregate, HashRange, hash_of, unpack},
    testing::python,
};
use stockflow_core::{
    Position, SequenceNumber, StreamRecord, Timestamp, conformance::samples, wire,
};

const PACKAGES: &str = "aws_kinesis_agg==1.2.3\nprotobuf==7.36.2\nsix==1.17.0\n";

/// A part: its key, its data, and its explicit hash key.
type Part = (String, Vec<u8>, Option<u128>);

fn reference(join: &[Vec<Part>], split: &[Vec<u8>]) -> Value {
    let python = python("stockflow-kinesis-agg", PACKAGES).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kinesis/reference.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let part =
        |(key, data, hash): &Part| json!([key, hex(data), hash.map(|hash| hash.to_string())]);
    let join: Vec<Vec<Value>> = join.iter().map(|parts| parts.iter().map(part).collect()).collect();
    let split: Vec<String> = split.iter().map(|data| hex(data)).collect();
    let work = json!({"join": join, "split": split}).to_string();
    child.stdin.take().unwrap().write_all(work.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn ours(parts: &[Part]) -> Vec<u8> {
    let mut aggregate = Aggregate::default();
    let mut keys: Vec<&str> = Vec::new();
    for (key, data, _) in parts {
        let index = keys.iter().position(|known| known == key).unwrap_or_else(|| {
            aggregate.add_key(key.as_bytes());
            keys.push(key);
            keys.len() - 1
        });
        aggregate.add(index as u64, data);
    }
    aggregate.finish()
}

fn unpacked(data: &[u8], shard: Option<&HashRange>) -> Vec<Vec<u8>> {
    let record = StreamRecord {
        position: Position::new(SequenceNumber::from(1)),
        arrival: Timestamp::MIN,
        data: data.to_vec().into(),
    };
    let mut records = Vec::new();
    unpack(record, shard, &mut records);
    records.into_iter().map(|record| record.data.to_vec()).collect()
}

/// Aggregates of quotes and of odd bytes, of one part to 3,000.
fn aggregates() -> Vec<Vec<Part>> {
    let quotes = samples::quotes(3_000);
    let quote = |index: usize| {
        let mut line = Vec::new();
        wire::encode(&quotes[index], &mut line);
        (quotes[index].symbol.to_string(), line, None)
    };
    let odd = |index: usize| {
        let data = (0..index * 37 % 400).map(|byte| (byte * index) as u8).collect();
        ("schlüssel".repeat(index % 9) + "k", data, None)
    };
    let mut all: Vec<Vec<Part>> =
        [1, 2, 127, 128, 3_000].map(|n| (0..n).map(quote).collect()).into();
    all.push((0..200).map(odd).collect());
    all
}

#[test]
fn our_aggregates_are_those_of_the_reference_to_the_byte() {
    let aggregates = aggregates();
    let answer = reference(&aggregates, &[]);
    for (parts, theirs) in aggregates.iter().zip(answer["join"].as_array().unwrap()) {
        assert_eq!(hex(&ours(parts)), theirs.as_str().unwrap());
    }
}

#[test]
fn the_reference_reads_our_aggregates() {
    let aggregates = aggregates();
    let records: Vec<Vec<u8>> = aggregates.iter().map(|parts| ours(parts)).collect();
    let answer = reference(&[], &records);
    for (parts, theirs) in aggregates.iter().zip(answer["split"].as_array().unwrap()) {
        let parts: Vec<Value> =
            parts.iter().map(|(key, data, _)| json!([key, hex(data)])).collect();
        assert_eq!(&parts, theirs.as_array().unwrap());
    }
}

#[test]
fn we_read_the_aggregates_of_the_reference_with_explicit_hash_keys_too() {
    let mut aggregates = aggregates();
    // Hash keys that have nothing to do with the partition keys.
    let hashed = (0..100_u8).map(|n| (format!("key {n}"), vec![n; 9], Some(u128::from(n) << 120)));
    aggregates.push(hashed.collect());
    let answer = reference(&aggregates, &[]);
    let low = HashRange::new(0, u128::MAX / 5);
    for (parts, theirs) in aggregates.iter().zip(answer["join"].as_array().unwrap()) {
        let record = bytes(theirs.as_str().unwrap());
        let all: Vec<Vec<u8>> = parts.iter().map(|(_, data, _)| data.clone()).collect();
        assert_eq!(unpacked(&record, None), all);
        let here: Vec<Vec<u8>> = parts
            .iter()
            .filter(|(key, _, hash)| low.holds(hash.unwrap_or_else(|| hash_of(key.as_bytes()))))
            .map(|(_, data, _)| data.clone())
            .collect();
        assert_eq!(unpacked(&record, Some(&low)), here);
    }
}
