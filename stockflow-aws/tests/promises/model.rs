//! What a stream must come to, said in few words: no batches, no table, no ledger, nothing that fails.

use std::collections::BTreeMap;

use stockflow_core::{Judgement, Monitor, Position, Row, RowKey, Rules};

use crate::{
    remains::{Remains, difference, row},
    stream::line,
    world::Story,
};

/// What must be left, and what may be.
#[derive(Debug, Default)]
pub struct Expected {
    pub remains: Remains,
    /// In the lake and in the quarantine, of batches that were given up: nobody knows how far they came. And when the first part of a
    /// batch is given up, an object that the whole of it left stays, beside what the other part stores again.
    pub spare_lake: Vec<String>,
    pub spare_quarantine: Vec<String>,
}

#[derive(Clone, Copy)]
struct Sorted {
    given_up: bool,
    beside: bool,
}

impl Expected {
    pub fn of(story: &Story, rules: &Rules) -> Self {
        let mut expected = Self::default();
        let mut rows: BTreeMap<RowKey, Row> = BTreeMap::new();
        let mut monitor = Monitor::new(rules);
        let mut alerts = Vec::new();
        for record in &story.records {
            let given_up = story.given_up.get(&record.sequence);
            let beside = story.beside.contains(&record.sequence);
            let sorted = Sorted { given_up: given_up.is_some(), beside };
            for (index, part) in (0..).zip(record.data.parts.iter()) {
                let position = Position { sequence: record.sequence.clone(), index };
                let five_minutes_on = record.arrival.as_micros() + 300_000_000;
                let quote = part.quote.filter(|q| q.timestamp.as_micros() <= five_minutes_on);
                let Some(quote) = quote else {
                    let origin = format!("{}/{position}", record.shard);
                    let must = &mut expected.remains.quarantine;
                    Self::sort(must, &mut expected.spare_quarantine, origin, sorted);
                    continue;
                };
                let text = String::from_utf8(line(&quote)).unwrap();
                let must = &mut expected.remains.lake;
                Self::sort(must, &mut expected.spare_lake, text, sorted);
                // Without a checkpoint, it was never there.
                if given_up.is_some_and(|covered| Some(quote.timestamp) > *covered) {
                    continue;
                }
                let judgement = monitor.observe(&quote, &mut alerts);
                let key = RowKey { symbol: quote.symbol, timestamp: quote.timestamp };
                if judgement != Judgement::Late || !rows.contains_key(&key) {
                    rows.insert(key, Row { quote, judgement });
                }
            }
        }
        expected.remains.rows = rows.values().map(row).collect();
        expected.remains.alerts = alerts.iter().map(|alert| alert.to_json()).collect();
        expected.remains.lake.sort();
        expected.remains.quarantine.sort();
        expected.remains.alerts.sort();
        expected
    }

    /// Puts `line` where it belongs.
    fn sort(must: &mut Vec<String>, may: &mut Vec<String>, line: String, sorted: Sorted) {
        if sorted.beside {
            may.extend(std::iter::repeat_n(line.clone(), 4));
        }
        if sorted.given_up { may.push(line) } else { must.push(line) }
    }

    /// What is wrong with `remains`, a line each.
    pub fn difference(&self, remains: &Remains) -> Vec<String> {
        let Self { remains: expected, spare_lake, spare_quarantine } = self;
        [
            difference("row", &expected.rows, &remains.rows, &[]),
            difference("lake", &expected.lake, &remains.lake, spare_lake),
            difference("quarantine", &expected.quarantine, &remains.quarantine, spare_quarantine),
            difference("alert", &expected.alerts, &remains.alerts, &[]),
        ]
        .concat()
    }
}
