//! Commands that talk to AWS, against an emulator.
#![allow(clippy::unwrap_used, reason = "a test")]

mod athena;
mod doctor;
mod lake;
mod redrive;
mod same;
mod stub;
mod world;
