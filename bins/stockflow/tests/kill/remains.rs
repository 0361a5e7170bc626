//! What a data folder holds, in a form that two can be compared in.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use stockflow_core::{AlertStatus, wire};
use stockflow_local::{
    AlertQuery, LocalReader, Spool, SpoolOptions, Store,
    lake::{days, objects},
};

/// Things by their text, and how often each is there.
type Counted = BTreeMap<String, u64>;

/// Everything that a replay leaves, but for what depends on how it was cut into batches.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Remains {
    /// Rows with verdicts.
    pub rows: Counted,
    /// Lines of the lake, by day.
    pub lake: Counted,
    /// What was quarantined and why, without the time at which it came.
    pub quarantine: Counted,
    /// Alerts in the file alerter's file.
    pub told: Counted,
    /// Alerts in the ledger.
    pub ledger: Counted,
    /// How far the feeds were read.
    pub cursors: Counted,
}

impl Remains {
    /// Of a replay that has ended.
    ///
    /// # Panics
    /// Something is left to do, or an alert is not marked as sent.
    pub fn of(data: &Path) -> Self {
        let mut remains = Self::default();
        let told = fs::read_to_string(data.join("alerts.ndjson")).unwrap();
        told.lines().for_each(|alert| count(&mut remains.told, alert.to_owned()));
        for (dt, line) in lines(&data.join("lake")) {
            count(&mut remains.lake, format!("{dt} {line}"));
        }
        for (_, line) in lines(&data.join("quarantine")) {
            let mut line: Value = serde_json::from_str(&line).unwrap();
            line.as_object_mut().unwrap().remove("arrival");
            // Records of the stream are named by shard, whose name each spool makes up.
            let origin = line["origin"].as_str().unwrap().to_owned();
            if origin.starts_with("spool-") {
                line["origin"] = origin.rsplit('/').next().into();
            }
            let reason = line["reason"].as_str().unwrap();
            line["reason"] = reason.split(" after the arrival at").next().into();
            count(&mut remains.quarantine, line.to_string());
        }
        remains.read_table(data);
        remains.read_spool(data);
        remains
    }

    fn read_table(&mut self, data: &Path) {
        let reader = LocalReader::open(data).unwrap();
        let mut after = None;
        loop {
            let page = reader.scan(after, 10_000).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.row.key());
            for stored in page {
                let mut json = Vec::new();
                wire::encode_row(&stored.row, &mut json);
                count(&mut self.rows, String::from_utf8(json).unwrap());
            }
        }
        for entry in reader.alerts(&AlertQuery::default()).unwrap() {
            assert!(matches!(entry.status, AlertStatus::Sent { .. }), "{entry:?}");
            count(&mut self.ledger, entry.alert.to_json());
        }
        drop(reader);
        let waiting = Store::open(data).unwrap().feed(10).unwrap();
        assert!(waiting.is_empty(), "checkpoints that stage 2 is not done with: {waiting:?}");
    }

    fn read_spool(&mut self, data: &Path) {
        let spool = Spool::open(data.join("spool"), SpoolOptions::default()).unwrap();
        assert_eq!(spool.damages(), []);
        let waiting = spool.reader().read(10, 1 << 20).unwrap();
        assert!(waiting.records.is_empty(), "not acknowledged: {:?}", waiting.records);
        for cursor in spool.cursors() {
            count(&mut self.cursors, format!("{} {}", cursor.feed, cursor.offset));
        }
    }

    /// What differs from `expected`, for people; a few of each.
    pub fn differences(&self, expected: &Self) -> Vec<String> {
        let parts = |remains: &'_ Self| {
            let Self { rows, lake, quarantine, told, ledger, cursors } = remains;
            [rows, lake, quarantine, told, ledger, cursors].map(Clone::clone)
        };
        let names = ["row", "lake", "quarantine", "told", "ledger", "cursor"];
        let mut differences = Vec::new();
        for ((name, ours), theirs) in names.iter().zip(parts(self)).zip(parts(expected)) {
            let all: Counted = ours.keys().chain(theirs.keys()).map(|k| (k.clone(), 0)).collect();
            let times = |counted: &Counted, key: &String| counted.get(key).copied().unwrap_or(0);
            let differ = all.keys().filter(|key| times(&ours, key) != times(&theirs, key));
            differences.extend(differ.take(3).map(|key| {
                format!("{name}: {} times, not {}: {key}", times(&ours, key), times(&theirs, key))
            }));
        }
        differences
    }
}

fn count(counted: &mut Counted, key: String) {
    *counted.entry(key).or_default() += 1;
}

/// The lines of all objects, with their days.
fn lines(folder: &Path) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for dt in days(folder).unwrap() {
        for object in objects(folder, dt).unwrap() {
            let text = object.read().unwrap();
            let text = std::str::from_utf8(&text).unwrap();
            lines.extend(text.lines().map(|line| (dt.to_string(), line.to_owned())));
        }
    }
    lines
}
