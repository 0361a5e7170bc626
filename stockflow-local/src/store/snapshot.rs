//! Looking into the file while another process may be writing it.

use std::{fmt, path::Path};

use async_trait::async_trait;
use redb::{DatabaseError, ReadOnlyDatabase, ReadTransaction, ReadableDatabase};
use stockflow_core::{QuoteHistory, Result, RowKey, RowQuery, StoredRow};

use super::{
    Store,
    fault::Faults,
    open::{self, builder},
    read,
    recent::Recent,
    schema::{META, ROWS, meta},
};
use crate::ledger::{AlertQuery, LedgerEntry, list};

const OPERATION: &str = "open";

/// What the file holds at the moment of opening, for reading only; beside a running writer too.
pub struct LocalReader {
    txn: ReadTransaction,
    recent: Recent,
    faults: Faults,
}

impl LocalReader {
    /// Looks into `stockflow.redb` in the folder `data`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](stockflow_core::ErrorKind::NotFound) if there is none;
    /// [`Denied`](stockflow_core::ErrorKind::Denied) if it may not be read;
    /// [`Corrupt`](stockflow_core::ErrorKind::Corrupt) if it is damaged, or of a later format.
    pub fn open(data: impl AsRef<Path>) -> Result<Self> {
        let path = data.as_ref().join(Store::FILE_NAME);
        let faults = open::faults(path.clone());
        let database = match builder(Store::CACHE_BYTES).open_read_only(&path) {
            // Its writer was killed: opening it for writing mends it.
            Err(DatabaseError::RepairAborted) => {
                drop(builder(Store::CACHE_BYTES).open(&path).map_err(faults.at(OPERATION))?);
                builder(Store::CACHE_BYTES).open_read_only(&path)
            }
            other => other,
        };
        Self::from_database(&database.map_err(faults.at(OPERATION))?, faults)
    }

    fn from_database(database: &ReadOnlyDatabase, faults: Faults) -> Result<Self> {
        let txn = database.begin_read().map_err(faults.at(OPERATION))?;
        let counters = txn.open_table(META).map_err(faults.at(OPERATION))?;
        let format = counters.get(meta::FORMAT).map_err(faults.at(OPERATION))?;
        open::check_format(format.map_or(0, |format| format.value()), &faults)?;
        let recent = open::load_recent(&txn, &faults)?;
        Ok(Self { txn, recent, faults })
    }

    /// At most `limit` rows after `after`, of all symbols, in the order of their keys; none: that was all.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](stockflow_core::ErrorKind::Corrupt) for a row that cannot be read.
    pub fn scan(&self, after: Option<RowKey>, limit: usize) -> Result<Vec<StoredRow>> {
        let table = self.txn.open_table(ROWS).map_err(self.faults.at("scan"))?;
        read::page(&table, &self.recent, after, limit, &self.faults)
    }

    /// The rows that `query` asks for.
    ///
    /// # Errors
    /// As [`QuoteHistory::rows`].
    pub fn query(&self, query: &RowQuery) -> Result<Vec<StoredRow>> {
        let table = self.txn.open_table(ROWS).map_err(self.faults.at("rows"))?;
        let waiting = read::waiting(&self.recent, query, &self.faults)?;
        Ok(read::merge(read::stored(&table, query, &self.faults)?, waiting, query.limit))
    }

    /// The alerts that `query` asks for, in the order of their causes.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](stockflow_core::ErrorKind::Corrupt) for an alert that cannot be read.
    pub fn alerts(&self, query: &AlertQuery) -> Result<Vec<LedgerEntry>> {
        list::alerts(&self.txn, query, &self.faults)
    }
}

#[async_trait]
impl QuoteHistory for LocalReader {
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>> {
        self.query(&query)
    }
}

impl fmt::Debug for LocalReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalReader").field("path", &self.faults.path).finish_non_exhaustive()
    }
}

impl Store {
    /// The alerts that `query` asks for, in the order of their causes.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](stockflow_core::ErrorKind::Corrupt) for an alert that cannot be read.
    pub fn alerts(&self, query: &AlertQuery) -> Result<Vec<LedgerEntry>> {
        self.inner.sync()?;
        let begun = self.inner.database.begin_read();
        let txn = begun.map_err(self.inner.faults.at("alerts"))?;
        list::alerts(&txn, query, &self.inner.faults)
    }

    /// At most `limit` rows after `after`, of all symbols, in the order of their keys; none: that was all.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](stockflow_core::ErrorKind::Corrupt) for a row that cannot be read.
    pub fn scan(&self, after: Option<RowKey>, limit: usize) -> Result<Vec<StoredRow>> {
        self.inner.page(after, limit)
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// As for any read.
    pub fn row_count(&self) -> Result<u64> {
        self.inner.row_count()
    }
}
