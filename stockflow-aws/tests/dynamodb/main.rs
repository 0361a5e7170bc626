//! DynamoDB: table, stream, ledger and cursors on the emulator, and against a client that fails by seed.
#![cfg(all(feature = "dynamodb", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod capacity;
mod conform;
mod cursors;
mod errors;
mod fake;
mod faults;
mod items;
mod ledger;
mod stream;
mod world;
