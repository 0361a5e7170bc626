//! Suites that every backend of a trait has to pass: one function per behaviour, and `all`.
//!
//! A suite gets a [`Harness`] that makes empty backends, and answers with the first [`Violation`] of the contract. An async
//! closure is a harness:
//!
//! ```
//! use stockflow_core::{conformance, memory::MemoryTable};
//!
//! # let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
//! # runtime.block_on(async {
//! conformance::table::all(&|| async { MemoryTable::new() }).await?;
//! # Ok::<(), conformance::Violation>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Suites that start several callers at once spawn Tokio tasks: run them in a runtime of several threads
//! (`#[tokio::test(flavor = "multi_thread")]`), or the callers only take turns.
//!
//! Not covered, since no suite can see it from here: what survives a crash, and a full disk. Those are tests of the backend.

#[macro_use]
mod violation;

pub mod alerter;
pub mod archive;
pub mod cursors;
pub mod history;
pub mod ledger;
pub mod samples;
pub mod sink;
pub mod source;
pub mod table;

mod concurrent;
mod harness;
mod probe;

pub use harness::Harness;
pub use probe::Probe;
pub use violation::{Outcome, Violation};
