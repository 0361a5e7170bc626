//! Recorded quotes for tests, and what stage 1 makes of a stream.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, sync::Arc, time::Duration};

use stockflow_core::{
    Position, Processor, RecordBatch, Rules, SequenceNumber, StreamRecord, Timestamp,
    memory::{MemoryArchive, MemoryTable},
    wire,
};

/// Writes `count` quotes of five symbols, in CSV, of which some share a time and some are late or twice.
pub fn write(path: &Path, count: u64, seed: u64) {
    let start: Timestamp = "2026-11-23T14:30:00Z".parse().unwrap();
    let mut text = "timestamp,symbol,open,high,low,price,previous_close,volume\n".to_owned();
    let mut random = seed;
    let mut dice = move |sides: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) % sides
    };
    for number in 0..count {
        let symbol = ["AAPL", "MSFT", "IBM", "^GSPC", "BTC-USD"][dice(5) as usize];
        let late = if dice(40) == 0 { dice(900) } else { 0 };
        let time = start
            .saturating_add(Duration::from_millis(number / 2 * 700))
            .saturating_sub(Duration::from_secs(late));
        let spread = if dice(60) == 0 { 2_000 } else { 200 };
        let cents = 9_900 + dice(spread);
        let price = format!("{}.{:02}", cents / 100, cents % 100);
        let _ = writeln!(text, "{time},{symbol},100,120,90,{price},100,{}", 1_000 + number);
    }
    std::fs::write(path, text).unwrap();
}

#[allow(dead_code, reason = "not every test asks")]
/// The rows that stage 1 stores for these records, by their JSON.
pub async fn rows(records: impl IntoIterator<Item = Vec<u8>>) -> BTreeMap<String, String> {
    let arrival: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    let records: Vec<StreamRecord> = records
        .into_iter()
        .enumerate()
        .map(|(number, data)| StreamRecord {
            position: Position::new(SequenceNumber::from(number as u64 + 1)),
            arrival,
            data: data.into(),
        })
        .collect();
    let table = Arc::new(MemoryTable::default());
    let lake = Arc::new(MemoryArchive::default());
    let mut processor =
        Processor::new(&Rules::default_set(), table.clone(), lake.clone(), lake.clone());
    let mut quarantined = 0;
    for part in records.chunks(500) {
        let batch = RecordBatch { shard: "shard".into(), records: part.to_vec() };
        let outcome = processor.process(&batch).await.unwrap();
        quarantined += outcome.counts.quarantined;
        outcome.report.into_result().unwrap();
    }
    assert_eq!(quarantined, 0);
    let mut rows = BTreeMap::new();
    for stored in table.snapshot() {
        let mut json = Vec::new();
        wire::encode_row(&stored.row, &mut json);
        let key = format!("{} {}", stored.row.quote.symbol, stored.row.quote.timestamp);
        let before = rows.insert(key, String::from_utf8(json).unwrap());
        assert!(before.is_none(), "a key has two rows");
    }
    rows
}
