//! The same stream through both stages, called by hand: no mapping, no function, nothing that fails.

use std::sync::Arc;

use stockflow_aws::records::unpack;
use stockflow_core::{
    Position, Processor, RecordBatch, Rules, ShardId, StreamRecord, Timestamp, TrendWatch,
};

use crate::{backends::Stores, remains::Remains, world::Story};

pub async fn run(story: &Story, rules: &Rules, batch: usize) -> Remains {
    let stores = Stores::default();
    let Stores { table, lake, quarantine, ledger, alerter, .. } = &stores;
    let mut one = Processor::new(
        rules,
        Arc::clone(table) as _,
        Arc::clone(lake) as _,
        Arc::clone(quarantine) as _,
    );
    let mut two = TrendWatch::new(
        rules,
        Arc::clone(table) as _,
        Arc::clone(ledger) as _,
        Arc::clone(alerter) as _,
    );
    let shards: std::collections::BTreeSet<ShardId> =
        story.records.iter().map(|record| record.shard.clone()).collect();
    for shard in shards {
        let records = records(story, &shard);
        for records in records.chunks(batch) {
            let batch = RecordBatch { shard: shard.clone(), records: records.to_vec() };
            assert!(one.process(&batch).await.unwrap().report.is_complete());
            let report = two.process(&table.take_checkpoints(), Timestamp::MIN).await.report;
            assert!(report.is_complete());
        }
    }
    Remains::of(&stores)
}

/// What counts as delivered, in order.
fn records(story: &Story, shard: &ShardId) -> Vec<StreamRecord> {
    let mut out = Vec::new();
    for record in story.records.iter().filter(|record| record.shard == *shard) {
        let begin = out.len();
        let position = Position::new(record.sequence.clone());
        let data = record.data.data.clone();
        unpack(StreamRecord { position, arrival: record.arrival, data }, None, &mut out);
        if let Some(covered) = story.given_up.get(&record.sequence) {
            let mut parts = record.data.parts.iter();
            let mut left = out.split_off(begin);
            left.retain(|_| {
                let quote = parts.next().and_then(|part| part.quote);
                quote.is_some_and(|quote| Some(quote.timestamp) <= *covered)
            });
            out.extend(left);
        }
    }
    out
}
