#![doc = include_str!("../README.md")]

pub mod alerter;
pub mod backtest;
pub mod bench;
pub mod calendar;
mod codec;
#[cfg(feature = "parquet")]
mod compact;
mod cursors;
pub mod event_source;
mod feed;
mod io;
pub mod lake;
mod ledger;
pub mod nab;
mod pipeline;
mod planting;
mod rng;
mod spool;
#[cfg(feature = "sql")]
mod sql;
mod store;
mod table;
pub mod tune;

#[cfg(test)]
mod samples;

#[cfg(feature = "parquet")]
pub use compact::{CompactedDay, Compactor, verify_compacted};
pub use cursors::FileCursors;
pub use feed::{
    EventKind, Finding, Matches, Paced, PlantedEvent, Replay, ReplayError, ReplayOptions,
    SimulatedMarket, SimulatedOptions, default_symbols, match_events,
};
#[cfg(feature = "yahoo")]
pub use feed::{FeedCounts, YahooPoll, YahooStream};
pub use lake::{Lake, LakeObject, RemoteLake};
pub use ledger::{AlertQuery, LedgerEntry, LocalLedger};
pub use pipeline::{Pipeline, Progress, StageTimes, Summary};
pub use planting::{Local, Planting};
pub use spool::{Damage, Spool, SpoolOptions, SpoolReader, SpoolWriter};
#[cfg(feature = "sql")]
pub use sql::{Answer, AnswerColumn, SqlEngine, SqlError, SqlValue};
pub use store::{LocalReader, Store};
pub use table::LocalTable;
