//! What tests of the deployed whole have in common.

mod template;

pub use template::Template;

/// What goes wrong here is told to who runs the test.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
