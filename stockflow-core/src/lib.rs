#![doc = include_str!("../README.md")]

pub mod alert;
pub mod anomaly;
pub mod archive;
mod bank;
mod batch;
pub mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod cursors;
mod dice;
mod digits;
mod error;
mod ledger;
pub mod memory;
mod monitor;
mod numbering;
mod of_symbol;
pub mod params;
mod policy;
mod price;
mod processor;
mod quality;
mod quote;
mod record;
pub mod rolling;
mod row;
mod rules;
mod session;
mod sink;
mod source;
mod symbol;
mod table;
mod time;
pub mod trend;
mod trend_watch;
pub mod wire;
pub mod wrap;

pub use alert::{Alert, AlertId, AlertKind, Alerter, RuleKey, Severity};
pub use anomaly::{AnomalyDetector, AnomalyDetectorExt, Verdict};
pub use archive::{Archive, Object, ObjectName};
pub use bank::AnomalyBank;
pub use batch::{BatchReport, ItemFailure};
pub use cursors::CursorStore;
pub use error::{Error, ErrorKind, Result};
pub use ledger::{AlertLedger, AlertLedgerExt, AlertStatus, Claim};
pub use monitor::Monitor;
pub use numbering::TickNumbering;
pub use of_symbol::OfSymbol;
pub use params::{InvalidConfig, MAX_LOOKBACK};
pub use policy::{Policy, PolicyState, PolicyTrack};
pub use price::{InvalidPrice, Price};
pub use processor::{ProcessCounts, ProcessReport, Processor, write_unreadable};
pub use quality::{Assessor, Quality};
pub use quote::{InvalidVolume, Quote, Volume};
pub use record::{Position, RecordBatch, SequenceNumber, ShardId, StreamRecord};
pub use row::{
    Anomaly, Checkpoint, Direction, Evidence, Judgement, Row, RowKey, RuleName, StoredRow,
};
pub use rules::{Rule, Rules, rule_from_entry};
pub use sink::{Sink, SinkExt};
pub use source::{Cursor, QuoteSource, SourceBatch, Unreadable};
pub use symbol::{InvalidSymbol, Symbol};
pub use table::{QuoteHistory, QuoteTable, RowQuery};
pub use time::{Date, InvalidTimestamp, Timestamp};
pub use trend::{TrendDetector, TrendSignal};
pub use trend_watch::{TrendWatch, WatchCounts, WatchReport};
