//! One file for each command.

pub mod alerts;
pub mod backtest;
pub mod bench;
#[cfg(not(feature = "aws"))]
#[path = "cmd/cloud/absent.rs"]
mod cloud;
#[cfg(feature = "aws")]
#[path = "cmd/cloud/present.rs"]
mod cloud;
pub mod compact;
pub mod cost;
pub mod detectors;
pub mod doctor;
#[cfg(not(feature = "query"))]
#[path = "cmd/engine/absent.rs"]
mod engine;
#[cfg(feature = "query")]
#[path = "cmd/engine/present.rs"]
mod engine;
pub mod latest;
pub mod nab;
mod parse;
pub mod query;
pub mod redrive;
pub mod run;
mod signals;
pub mod tail;
pub mod tune;
