//! What tests of the deployed whole have in common: the template, the real programs, their packages, and the AWS side on an emulator.

mod emulated;
mod package;
mod programs;
mod stack;
mod template;

pub use emulated::{CHECKPOINTS_ONLY, Emulated, Mapping, Progress};
pub use package::package;
pub use programs::Programs;
pub use stack::{Stack, Without};
pub use template::Template;

/// What goes wrong here is told to who runs the test.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
