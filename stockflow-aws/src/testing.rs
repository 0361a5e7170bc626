//! For tests of your own pipelines on AWS: an emulator for the case that all goes well, faults for the rest.
//!
//! No emulator throttles, or fails a batch in part: [`Faults`] around any HTTP client does, by seed.

mod emulator;
mod faults;
mod install;
mod runtime_api;

pub use emulator::{Emulator, EmulatorError};
pub use faults::{Fault, Faults, FaultyClient};
pub use install::{emulator_python, python};
pub use runtime_api::RuntimeApi;
