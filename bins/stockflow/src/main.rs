//! The `stockflow` command line.

fn main() {}
