//! The stream: on the emulator what goes well, on a stream in memory what goes wrong.
#![cfg(all(feature = "kinesis", feature = "testing"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod emulated;
mod fake;
mod reader;
mod reference;
mod sink;
mod stream;
