//! How many rows there are.

use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata};
use stockflow_core::Result;

use super::{Store, schema::ROWS};
use crate::codec::key::key_bytes;

impl Store {
    /// Rows in the table, late ones too.
    ///
    /// # Errors
    /// As for any read.
    pub fn row_count(&self) -> Result<u64> {
        const OPERATION: &str = "row_count";
        let inner = &self.inner;
        // The lock is held over the read: a row that moves in between would count twice, or not at all.
        let memory = inner.memory();
        let txn = inner.database.begin_read().map_err(inner.faults.at(OPERATION))?;
        let table = txn.open_table(ROWS).map_err(inner.faults.at(OPERATION))?;
        let mut rows = table.len().map_err(inner.faults.at(OPERATION))?;
        for (symbol, waiting) in &memory.recent.symbols {
            for (time, _) in waiting.all() {
                let key = key_bytes(*symbol, time);
                let stored =
                    table.get(key.as_slice()).map_err(inner.faults.at(OPERATION))?.is_some();
                rows += u64::from(!stored);
            }
        }
        Ok(rows)
    }
}
