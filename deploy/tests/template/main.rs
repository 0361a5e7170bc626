//! The template against what the programs are and what the docs say.
#![allow(clippy::unwrap_used, reason = "a test")]

mod alarms;
mod lake;
mod remains;
mod tables;
mod variables;

use std::sync::LazyLock;

use stockflow_deploy::Template;

/// Made once for all tests.
static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::transformed().unwrap());

/// A file of the repository.
fn file(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The texts of an array, in their order.
fn texts(array: &serde_json::Value) -> Vec<&str> {
    array.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}
