//! The job with stockflow: the monitor, and both stages over backends in memory.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use stockflow_core::{
    Alert, Monitor, Policy, Position, Processor, RecordBatch, Rule, Rules, Severity, StreamRecord,
    Symbol, Timestamp, TrendWatch,
    anomaly::{PercentChange, ReturnZScore},
    memory::{MemoryAlerter, MemoryArchive, MemoryLedger, MemoryTable},
    trend::{Confirmation, SmaCrossover},
    wire,
};

use super::rules::{LONG, PERCENT, PERIOD, SHORT, Z};

/// The peers' three rules, with their parameters: what ours have beside them (least moves, dead bands) is off.
pub(crate) fn three_rules() -> Rules {
    let policy = Policy { rearm: Duration::ZERO, ..Policy::default() };
    let percent = |_: &Symbol| Some(Box::new(PercentChange::new(PERCENT, 1).ok()?) as _);
    let returns = |_: &Symbol| {
        let detector = ReturnZScore::new(PERIOD, Z).ok()?.with_min_move(0.0, 0).ok()?;
        Some(Box::new(detector) as _)
    };
    let averages =
        |_: &Symbol| Some(Box::new(SmaCrossover::new(SHORT, LONG, Confirmation::RAW).ok()?) as _);
    let severity = Severity::Warning;
    Rules::empty()
        .with_anomaly(Rule::new("percent_change", severity, percent).with_policy(policy))
        .with_anomaly(Rule::new("return_zscore", severity, returns).with_policy(policy))
        .with_trend(Rule::new("sma_crossover", severity, averages).with_policy(policy))
}

/// One quote at a time, in memory only.
pub(crate) fn monitor(records: &[&'static [u8]], rules: &Rules) -> Vec<Alert> {
    let mut monitor = Monitor::new(rules);
    let mut alerts = Vec::new();
    for record in records {
        if let Ok(decoded) = wire::decode(record) {
            let _ = monitor.observe(&decoded.quote, &mut alerts);
        }
    }
    alerts
}

/// Both stages, with all that they promise but durability, in batches.
pub(crate) fn stages(records: &[Bytes], rules: &Rules, batch: usize) -> Vec<Alert> {
    let table = Arc::new(MemoryTable::new());
    let archive = || Arc::new(MemoryArchive::new());
    let alerter = Arc::new(MemoryAlerter::new());
    let ledger = Arc::new(MemoryLedger::new());
    let mut processor = Processor::new(rules, table.clone(), archive(), archive());
    let mut watch = TrendWatch::new(rules, table.clone(), ledger, alerter.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("no I/O to fail");
    runtime.block_on(async {
        for (number, chunk) in records.chunks(batch).enumerate() {
            let record = |(index, data): (usize, &Bytes)| StreamRecord {
                position: Position::new(((number * batch + index) as u64).into()),
                arrival: Timestamp::MAX,
                data: data.clone(),
            };
            let records = chunk.iter().enumerate().map(record).collect();
            let report = processor.process(&RecordBatch { shard: "0".into(), records }).await;
            assert!(report.expect("memory does not fail").report.is_complete());
            let report = watch.process(&table.take_checkpoints(), Timestamp::MAX).await;
            assert!(report.report.is_complete());
        }
    });
    alerter.sent()
}
