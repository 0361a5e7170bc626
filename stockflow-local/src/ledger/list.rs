//! Listing alerts by the time of their cause.

use std::ops::Bound;

use redb::ReadTransaction;
use stockflow_core::{Alert, AlertId, Result, Timestamp};

use super::{AlertQuery, LedgerEntry};
use crate::{
    codec::alert::decode_alert,
    store::{
        Faults,
        schema::{ALERT_TIMES, ALERTS},
    },
};

const OPERATION: &str = "alerts";

/// Key of the list: big-endian microseconds, then the id.
pub(super) fn time_key(alert: &Alert, id: &AlertId) -> Vec<u8> {
    [start(alert.cause).as_slice(), id.as_str().as_bytes()].concat()
}

fn start(time: Timestamp) -> [u8; 8] {
    (time.as_micros() as u64).to_be_bytes()
}

pub(crate) fn alerts(
    txn: &ReadTransaction,
    query: &AlertQuery,
    faults: &Faults,
) -> Result<Vec<LedgerEntry>> {
    let times = txn.open_table(ALERT_TIMES).map_err(faults.at(OPERATION))?;
    let alerts = txn.open_table(ALERTS).map_err(faults.at(OPERATION))?;
    let since = query.since.map(start);
    let since = since.as_ref().map_or(Bound::Unbounded, |since| Bound::Included(since.as_slice()));
    let range = times.range::<&[u8]>((since, Bound::Unbounded)).map_err(faults.at(OPERATION))?;
    let mut entries = Vec::new();
    for entry in range.rev() {
        if query.limit.is_some_and(|limit| entries.len() >= limit) {
            break;
        }
        let key = entry.map_err(faults.at(OPERATION))?.0;
        let id = key.value().get(8..).unwrap_or_default();
        let Some(value) = alerts.get(id).map_err(faults.at(OPERATION))? else { continue };
        let name = || format!("alert {}", String::from_utf8_lossy(id));
        let (alert, status) =
            decode_alert(value.value()).map_err(|e| faults.unreadable(OPERATION, name)(e))?;
        if query.symbol.is_none_or(|symbol| symbol == alert.symbol) {
            entries.push(LedgerEntry { alert, status });
        }
    }
    entries.reverse();
    Ok(entries)
}
