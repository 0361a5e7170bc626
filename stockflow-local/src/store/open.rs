//! Opening the file.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, RwLock},
};

use redb::{Builder, ConcurrencyMode, Database, ReadableDatabase, ReadableTable as _};
use stockflow_core::Result;
use tokio::sync::watch;

use super::{
    BACKEND, Inner, Memory, Outbox, Store,
    fault::{Fault, Faults},
    plan::Limits,
    recent::Recent,
    schema::{ALERT_TIMES, ALERTS, FEED, FORMAT, META, POLICIES, RECENT, ROWS, meta},
};
use crate::io;

const OPERATION: &str = "open";

pub(super) fn builder(cache_bytes: usize) -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(cache_bytes).set_concurrency_mode(ConcurrencyMode::SingleWriter);
    builder
}

pub(super) fn open(data: &Path, cache_bytes: usize) -> Result<Store> {
    fs::create_dir_all(data).map_err(|error| io::failed(BACKEND, OPERATION, data, error))?;
    let path = data.join(Store::FILE_NAME);
    let faults = faults(path.clone());
    let created = !path.exists();
    let database = builder(cache_bytes).create(&path).map_err(faults.at(OPERATION))?;
    if created {
        io::sync_folder(data).map_err(|error| io::failed(BACKEND, OPERATION, data, error))?;
    }
    with_database(database, faults, Limits::default())
}

pub(super) fn faults(path: PathBuf) -> Faults {
    Faults { path: path.into(), backend: BACKEND }
}

pub(super) fn with_database(database: Database, faults: Faults, limits: Limits) -> Result<Store> {
    prepare(&database, &faults)?;
    let txn = database.begin_read().map_err(faults.at(OPERATION))?;
    let recent = load_recent(&txn, &faults)?;
    let counters = txn.open_table(META).map_err(faults.at(OPERATION))?;
    let next = counters.get(meta::FEED_NEXT).map_err(faults.at(OPERATION))?;
    let fed = next.map_or(0, |next| next.value() - 1);
    drop((counters, txn));
    let memory = Memory { recent, ..Memory::default() };
    let inner = Inner {
        database,
        faults,
        limits,
        writer: Mutex::new(()),
        memory: RwLock::new(memory),
        outbox: Mutex::new(Outbox::default()),
        fed: watch::Sender::new(fed),
    };
    Ok(Store { inner: inner.into() })
}

/// Creates what is missing, and refuses a file of a later format.
fn prepare(database: &Database, faults: &Faults) -> Result<()> {
    let txn = database.begin_write().map_err(faults.at(OPERATION))?;
    let found = {
        let mut counters = txn.open_table(META).map_err(faults.at(OPERATION))?;
        let found = counters.get(meta::FORMAT).map_err(faults.at(OPERATION))?.map(|v| v.value());
        if found.is_none() {
            counters.insert(meta::FORMAT, FORMAT).map_err(faults.at(OPERATION))?;
            for table in [ROWS, ALERTS, ALERT_TIMES, POLICIES] {
                txn.open_table(table).map_err(faults.at(OPERATION))?;
            }
            for table in [RECENT, FEED] {
                txn.open_table(table).map_err(faults.at(OPERATION))?;
            }
        }
        found
    };
    match found {
        None => txn.commit().map_err(faults.at(OPERATION)),
        Some(found) => {
            txn.abort().map_err(faults.at(OPERATION))?;
            check_format(found, faults)
        }
    }
}

pub(super) fn check_format(found: u64, faults: &Faults) -> Result<()> {
    if found <= FORMAT {
        return Ok(());
    }
    let fault = Fault::Format { path: faults.path(), found, known: FORMAT };
    Err(faults.error(OPERATION, fault))
}

/// Rebuilds the waiting rows from their chunks.
pub(super) fn load_recent(txn: &redb::ReadTransaction, faults: &Faults) -> Result<Recent> {
    let mut recent = Recent::default();
    let table = txn.open_table(RECENT).map_err(faults.at(OPERATION))?;
    for entry in table.range::<u64>(..).map_err(faults.at(OPERATION))? {
        let (number, chunk) = entry.map_err(faults.at(OPERATION))?;
        let number = number.value();
        let name = || format!("chunk {number} of recent rows");
        recent.load(number, chunk.value()).map_err(|e| faults.unreadable(OPERATION, name)(e))?;
    }
    Ok(recent)
}
