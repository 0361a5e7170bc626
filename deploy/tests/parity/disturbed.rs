//! A stream as it must not be: with copies, out of order, and with records that are no quotes.

use aws_sdk_kinesis::{primitives::Blob, types::PutRecordsRequestEntry};
use serde_json::Value;
use stockflow_core::{QuoteSource, wire};
use stockflow_deploy::Emulated;

/// So many quotes of `source` as lines; then a twentieth of them once more, a twentieth moved by up to 100 places, and a hundredth as
/// many lines that nobody can read.
pub(crate) async fn lines(mut source: impl QuoteSource, quotes: usize) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::with_capacity(quotes + quotes / 16);
    while lines.len() < quotes
        && let Some(batch) = source.next_batch().await.unwrap()
    {
        lines.extend(batch.quotes.iter().take(quotes - lines.len()).map(|quote| {
            let mut line = Vec::new();
            wire::encode(quote, &mut line);
            line
        }));
    }
    assert_eq!(lines.len(), quotes);
    let mut dice = Dice(7);
    for _ in 0..quotes / 20 {
        let at = dice.below(lines.len());
        let line = lines.remove(at);
        lines.insert((at + dice.below(201)).saturating_sub(100).min(lines.len()), line);
    }
    for _ in 0..quotes / 20 {
        let at = dice.below(lines.len());
        let later = (at + 1 + dice.below(100)).min(lines.len());
        lines.insert(later, lines[at].clone());
    }
    for number in 0..quotes / 100 {
        let at = dice.below(lines.len());
        let poison = match dice.below(4) {
            0 => lines[at][..lines[at].len() / 2].to_vec(),
            1 => String::from_utf8(lines[at].clone())
                .unwrap()
                .replace("\"price\":", "\"price\":-")
                .into(),
            2 => format!("no quote {number}").into_bytes(),
            _ => b"{}".to_vec(),
        };
        lines.insert(at, poison);
    }
    lines
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// Most records of a request.
const REQUEST: usize = 500;

/// Puts these bytes, whatever they are, in this order.
pub(crate) async fn put(stack: &Emulated, lines: &[Vec<u8>]) {
    let kinesis = stack.kinesis();
    for lines in lines.chunks(REQUEST) {
        let entry = |line: &Vec<u8>| {
            let entry = PutRecordsRequestEntry::builder().data(Blob::new(line.as_slice()));
            entry.partition_key(key(line)).build().unwrap()
        };
        let entries = lines.iter().map(entry).collect();
        let request = kinesis.put_records().stream_name(stack.stream_name());
        let answer = request.set_records(Some(entries)).send().await.unwrap();
        assert_eq!(answer.failed_record_count, Some(0));
    }
}

/// The symbol, as all producers route by it.
fn key(line: &[u8]) -> String {
    let value: Value = serde_json::from_slice(line).unwrap_or_default();
    value["symbol"].as_str().unwrap_or("nobody").to_owned()
}
