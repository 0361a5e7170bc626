//! Listing alerts by the day of their cause.

use stockflow_core::{Alert, AlertStatus, Date, Result};

use super::{
    super::{
        call::retry,
        definition::ALERT_DAYS,
        value::{Fields, text},
    },
    DynamoLedger, corrupt, item,
};

/// An alert, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEntry {
    /// What was told, or is to be told.
    pub alert: Alert,
    /// Whether it was sent.
    pub status: AlertStatus,
}

impl DynamoLedger {
    /// The alerts whose cause is of that UTC day of market time, claimed or sent, in the order of market time.
    ///
    /// They come from the index, eventually consistent: what was claimed or marked a moment ago may be missing.
    ///
    /// # Errors
    /// As the trait's calls, and [`ErrorKind::Corrupt`](stockflow_core::ErrorKind::Corrupt) for an item that cannot be read.
    pub async fn alerts_of(&self, day: Date) -> Result<Vec<LedgerEntry>> {
        let mut attempts = self.patience.begin();
        let (mut entries, mut start) = (Vec::new(), None);
        loop {
            let call = self.call("Query");
            let page = retry(call, &mut attempts, || {
                let query = self.client.query().table_name(&self.name).index_name(ALERT_DAYS.name);
                let query = query
                    .key_condition_expression("#day = :day")
                    .expression_attribute_names("#day", "day")
                    .expression_attribute_values(":day", text(day.to_string()))
                    .set_exclusive_start_key(start.clone());
                async move { query.send().await.map_err(|error| call.failed(error)) }
            });
            let page = page.await?;
            for item in page.items.unwrap_or_default() {
                let fields = Fields::from(&item);
                let read = |fields| {
                    Ok(LedgerEntry {
                        alert: item::decode_alert(fields)?,
                        status: item::decode_status(fields)?,
                    })
                };
                entries.push(read(&fields).map_err(|error| corrupt(call, &item, error))?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(entries);
            }
        }
    }
}
