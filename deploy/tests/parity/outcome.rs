//! What a run leaves, in a form that two can be compared in.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;
use stockflow_aws::s3::S3Lake;
use stockflow_core::{AlertStatus, QuoteHistory as _, RowQuery, StoredRow, Symbol, wire};
use stockflow_deploy::Emulated;
use stockflow_local::{
    AlertQuery, LocalReader,
    lake::{days, objects},
};

/// Things by their text, and how often each is there.
pub(crate) type Counted = BTreeMap<String, u64>;

/// Everything that must not depend on where it ran, in canonical JSON.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Rows with verdicts.
    pub(crate) rows: Counted,
    /// Lines of the lake, by day.
    pub(crate) lake: Counted,
    /// The bytes that were quarantined.
    pub(crate) quarantine: Counted,
    /// What people were told.
    pub(crate) alerts: Counted,
}

/// What the stages counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) late: u64,
    pub(crate) duplicate: u64,
    pub(crate) quarantined: u64,
    pub(crate) anomalies: u64,
    pub(crate) turns: u64,
    pub(crate) alerts: u64,
}

impl Outcome {
    /// Of a data folder.
    pub(crate) fn of_folder(data: &Path) -> Self {
        let mut outcome = Self::default();
        outcome.add_lines(
            lines_of_folder(&data.join("lake")),
            lines_of_folder(&data.join("quarantine")),
        );
        let reader = LocalReader::open(data).unwrap();
        let mut after = None;
        loop {
            let page = reader.scan(after, 10_000).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.row.key());
            page.iter().for_each(|row| outcome.add_row(row));
        }
        for entry in reader.alerts(&AlertQuery::default()).unwrap() {
            assert!(matches!(entry.status, AlertStatus::Sent { .. }), "{entry:?}");
            count(&mut outcome.alerts, entry.alert.to_json());
        }
        outcome
    }

    /// Of the emulator, and of the messages that came out of it.
    ///
    /// # Panics
    /// The ledger says otherwise than the messages, or the table has rows whose quotes are not in the lake.
    pub(crate) async fn of_cloud(stack: &Emulated, messages: Vec<String>) -> Self {
        let mut outcome = Self::default();
        let lake = stack.archive("lake").unwrap();
        outcome.add_lines(
            lines_of_cloud(&lake).await,
            lines_of_cloud(&stack.archive("quarantine").unwrap()).await,
        );
        let table = stack.table().unwrap();
        for symbol in outcome.symbols() {
            let rows = table.rows(RowQuery::latest(symbol, 1_000_000)).await.unwrap();
            rows.iter().for_each(|row| outcome.add_row(row));
        }
        let rows: u64 = outcome.rows.values().sum();
        assert_eq!(stack.count_rows(None).await.unwrap(), rows);
        messages.into_iter().for_each(|message| count(&mut outcome.alerts, message));
        let ledger = stack.ledger().unwrap();
        let mut entered = Counted::new();
        for day in lake.days().await.unwrap() {
            for entry in ledger.alerts_of(day).await.unwrap() {
                assert!(matches!(entry.status, AlertStatus::Sent { .. }), "{entry:?}");
                count(&mut entered, entry.alert.to_json());
            }
        }
        assert_eq!(entered, outcome.alerts, "the ledger, not the messages");
        outcome
    }

    /// What a producer has quarantined itself: how much that is.
    pub(crate) fn add_quarantine_of(&mut self, folder: &Path) -> u64 {
        let lines = lines_of_folder(&folder.join("quarantine"));
        let count = lines.len() as u64;
        self.add_lines(Vec::new(), lines);
        count
    }

    fn add_lines(&mut self, lake: Vec<(String, String)>, quarantine: Vec<(String, String)>) {
        lake.into_iter().for_each(|(dt, line)| count(&mut self.lake, format!("{dt} {line}")));
        for (_, line) in quarantine {
            let line: Value = serde_json::from_str(&line).unwrap();
            let bytes = line.get("data").or(line.get("data_hex")).unwrap();
            count(&mut self.quarantine, bytes.as_str().unwrap().to_owned());
        }
    }

    fn add_row(&mut self, stored: &StoredRow) {
        let mut json = Vec::new();
        wire::encode_row(&stored.row, &mut json);
        count(&mut self.rows, String::from_utf8(json).unwrap());
    }

    fn symbols(&self) -> BTreeSet<Symbol> {
        let symbol = |line: &String| {
            let (_, line) = line.split_once(' ').unwrap();
            wire::decode(line.as_bytes()).unwrap().quote.symbol
        };
        self.lake.keys().map(symbol).collect()
    }

    /// What differs from `expected`, for people; a few of each.
    pub(crate) fn differences(&self, expected: &Self) -> Vec<String> {
        let parts = |outcome: &Self| {
            [&outcome.rows, &outcome.lake, &outcome.quarantine, &outcome.alerts].map(Clone::clone)
        };
        let names = ["row", "lake", "quarantine", "alert"];
        let mut differences = Vec::new();
        for ((name, ours), theirs) in names.iter().zip(parts(self)).zip(parts(expected)) {
            let all: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
            let times = |counted: &Counted, key: &String| counted.get(key).copied().unwrap_or(0);
            let differ = all.into_iter().filter(|key| times(&ours, key) != times(&theirs, key));
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
fn lines_of_folder(folder: &Path) -> Vec<(String, String)> {
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

async fn lines_of_cloud(lake: &S3Lake) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for dt in lake.days().await.unwrap() {
        for object in lake.objects(dt).await.unwrap() {
            let text = lake.read(&object).await.unwrap();
            let text = std::str::from_utf8(&text).unwrap();
            lines.extend(text.lines().map(|line| (dt.to_string(), line.to_owned())));
        }
    }
    lines
}
