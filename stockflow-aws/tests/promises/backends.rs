//! Backends in memory, as a container reaches them.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use stockflow_core::{
    Alert, AlertId, AlertLedger, AlertStatus, Alerter, Archive, BatchReport, Claim, Object,
    PolicyState, QuoteHistory, QuoteTable, Result, RowKey, RowQuery, RuleKey, StoredRow, Symbol,
    Timestamp,
    memory::{MemoryAlerter, MemoryArchive, MemoryLedger, MemoryTable},
};

use crate::fate::{Container, report};

/// What outlives all containers.
#[derive(Debug, Default)]
pub struct Stores {
    pub table: Arc<MemoryTable>,
    pub lake: Arc<MemoryArchive>,
    pub quarantine: Arc<MemoryArchive>,
    pub ledger: Arc<MemoryLedger>,
    pub alerter: Arc<MemoryAlerter>,
    images: Mutex<BTreeMap<RowKey, StoredRow>>,
    changes: Mutex<Vec<StoredRow>>,
    told: Mutex<Told>,
}

/// Who was told what, and what was wrong with that.
#[derive(Debug, Default)]
struct Told {
    marked: HashSet<AlertId>,
    /// How much had gone wrong when it was told last.
    at: HashMap<AlertId, u64>,
    wrong: Vec<String>,
    twice: u64,
    held: u64,
}

impl Stores {
    /// Changes of the table since the last call. A put that changes nothing makes none.
    pub fn take_changes(&self) -> Vec<StoredRow> {
        std::mem::take(&mut self.changes.lock().unwrap())
    }

    pub fn last_checkpoint(&self, symbol: Symbol) -> Option<Timestamp> {
        let key = |timestamp| RowKey { symbol, timestamp };
        let images = self.images.lock().unwrap();
        let rows = images.range(key(Timestamp::MIN)..=key(Timestamp::MAX)).rev();
        let mut checkpoints = rows.filter(|(_, row)| row.checkpoint.is_some());
        checkpoints.next().map(|(key, _)| key.timestamp)
    }

    /// Alerts that were told although that must not be.
    pub fn told_wrongly(&self) -> Vec<String> {
        self.told.lock().unwrap().wrong.clone()
    }

    /// How often an alert was told once more, and how often a claim was held by somebody else.
    pub fn twice_and_held(&self) -> (u64, u64) {
        let told = self.told.lock().unwrap();
        (told.twice, told.held)
    }

    fn note(&self, row: &StoredRow, replaces: bool) {
        let mut images = self.images.lock().unwrap();
        let key = row.row.key();
        let is_new = images.get(&key).is_none_or(|image| replaces && image != row);
        if is_new {
            images.insert(key, row.clone());
            self.changes.lock().unwrap().push(row.clone());
        }
    }

    fn tell(&self, alert: &Alert, excuses: u64) {
        let mut told = self.told.lock().unwrap();
        let id = alert.id();
        if told.marked.contains(&id) {
            told.wrong.push(format!("told after it was marked as sent: {}", alert.to_json()));
        }
        if let Some(before) = told.at.insert(id, excuses) {
            told.twice += 1;
            if before == excuses {
                told.wrong.push(format!("told twice for no reason: {}", alert.to_json()));
            }
        }
    }
}

/// All backends of one container.
#[derive(Clone, Debug)]
pub struct Backend {
    pub stores: Arc<Stores>,
    pub container: Container,
}

/// One of the two archives.
#[derive(Debug)]
pub struct Folder {
    pub of: Backend,
    pub is_lake: bool,
}

impl Backend {
    async fn put_rows(&self, rows: &[StoredRow], replaces: bool) -> Result<BatchReport> {
        let operation = if replaces { "put" } else { "put_absent" };
        let stores = &self.stores;
        let put = |reached: Vec<usize>| async move {
            let rows: Vec<StoredRow> = reached.iter().map(|&index| rows[index].clone()).collect();
            rows.iter().for_each(|row| stores.note(row, replaces));
            if replaces {
                stores.table.put(&rows).await
            } else {
                stores.table.put_absent(&rows).await
            }
        };
        let (_, refused) = self.container.call(operation, rows.len(), put).await?;
        Ok(report(operation, refused))
    }

    async fn whole<R, F>(&self, operation: &'static str, call: F) -> Result<R>
    where
        F: Future<Output = Result<R>> + Send,
    {
        Ok(self.container.call(operation, 0, |_| call).await?.0)
    }
}

#[async_trait]
impl QuoteHistory for Backend {
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>> {
        self.whole("rows", self.stores.table.rows(query)).await
    }
}

#[async_trait]
impl QuoteTable for Backend {
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        self.whole("newest", self.stores.table.newest(symbols)).await
    }
    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        self.whole("contains", self.stores.table.contains(keys)).await
    }
    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        self.put_rows(rows, true).await
    }
    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        self.put_rows(rows, false).await
    }
}

#[async_trait]
impl Archive for Folder {
    async fn put(&self, object: Object) -> Result<()> {
        let stores = &self.of.stores;
        if self.is_lake {
            self.of.whole("lake", stores.lake.put(object)).await
        } else {
            self.of.whole("quarantine", stores.quarantine.put(object)).await
        }
    }
}

#[async_trait]
impl AlertLedger for Backend {
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim> {
        let stores = &self.stores;
        let claim = async {
            let claim = stores.ledger.claim(alert, now, lease).await?;
            stores.told.lock().unwrap().held += u64::from(matches!(claim, Claim::Held { .. }));
            Ok(claim)
        };
        self.whole("claim", claim).await
    }
    async fn mark_sent(&self, id: &AlertId, at: Timestamp) -> Result<()> {
        let stores = &self.stores;
        let mark = async {
            stores.told.lock().unwrap().marked.insert(id.clone());
            stores.ledger.mark_sent(id, at).await
        };
        self.whole("mark_sent", mark).await
    }
    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>> {
        self.whole("status", self.stores.ledger.status(id)).await
    }
    async fn policy_states(&self, keys: &[RuleKey]) -> Result<Vec<Option<PolicyState>>> {
        self.whole("policy_states", self.stores.ledger.policy_states(keys)).await
    }
    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool> {
        self.whole("advance", self.stores.ledger.advance(key, state)).await
    }
}

#[async_trait]
impl Alerter for Backend {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        let Self { stores, container } = self;
        let notify = |reached: Vec<usize>| async move {
            let alerts: Vec<Alert> = reached.iter().map(|&index| alerts[index].clone()).collect();
            alerts.iter().for_each(|alert| stores.tell(alert, container.fate.excuses()));
            stores.alerter.notify(&alerts).await
        };
        let (_, refused) = container.call("notify", alerts.len(), notify).await?;
        Ok(report("notify", refused))
    }
}
