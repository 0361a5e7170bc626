//! What a stream must come to, said in the fewest words: which keys have rows, which are late, what lies in lake and quarantine.

use std::collections::{BTreeMap, HashMap};

use stockflow_core::{StreamRecord, Symbol, Timestamp, wire};

use crate::world::Remains;

/// Compares what is left with the model.
pub fn check(records: &[StreamRecord], remains: &Remains) {
    let mut newest: HashMap<Symbol, Timestamp> = HashMap::new();
    let mut rows: BTreeMap<(Symbol, Timestamp), (bool, String)> = BTreeMap::new();
    let mut lake = Vec::new();
    let mut unreadable = 0;
    for record in records {
        let five_minutes_on = record.arrival.as_micros() + 300_000_000;
        let decoded = wire::decode(&record.data).ok();
        let Some(quote) =
            decoded.map(|d| d.quote).filter(|q| q.timestamp.as_micros() <= five_minutes_on)
        else {
            unreadable += 1;
            continue;
        };
        let mut line = Vec::new();
        wire::encode(&quote, &mut line);
        lake.push(String::from_utf8(line).unwrap());
        let late = newest.get(&quote.symbol).is_some_and(|newest| quote.timestamp <= *newest);
        if !late {
            newest.insert(quote.symbol, quote.timestamp);
        }
        rows.entry((quote.symbol, quote.timestamp)).or_insert((late, quote.price.to_string()));
    }
    lake.sort();
    assert_eq!(lake, remains.lake);
    assert_eq!(unreadable, remains.quarantine.len());
    assert_eq!(rows.len(), remains.rows.len());
    for (((symbol, time), (late, price)), row) in rows.iter().zip(&remains.rows) {
        for part in [
            format!("\"symbol\":\"{symbol}\""),
            format!("\"timestamp\":\"{time}\""),
            format!("\"price\":{price},"),
            format!("\"late\":{late}"),
        ] {
            assert!(row.contains(&part), "{part} is not in {row}");
        }
    }
}
