#![doc = include_str!("../README.md")]

mod codec;
mod io;
mod ledger;
mod store;
mod table;

#[cfg(test)]
mod samples;

pub use ledger::{AlertQuery, LedgerEntry, LocalLedger};
pub use store::{LocalReader, Store};
pub use table::LocalTable;
