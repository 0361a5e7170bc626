//! For tests of your own pipelines on AWS: an emulator for the case that all goes well, faults for the rest.
//!
//! No emulator throttles, or fails a batch in part: those answers are made by a client that fails by seed.

mod emulator;
mod install;

pub use emulator::{Emulator, EmulatorError};
