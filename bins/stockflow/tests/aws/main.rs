//! Commands that talk to AWS, against an emulator.
#![allow(clippy::unwrap_used, reason = "a test")]

mod athena;
mod lake;
mod same;
mod world;
