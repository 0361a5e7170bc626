//! Commands that talk to AWS, against an emulator.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test")]

mod athena;
mod cost;
mod doctor;
mod lake;
mod redrive;
mod relay;
mod same;
mod tail;
mod world;
