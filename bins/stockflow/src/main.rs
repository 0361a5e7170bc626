//! The `stockflow` command line.

use std::process::ExitCode;

use clap::Parser as _;
use stockflow_cli::{Cli, execute};

fn main() -> ExitCode {
    execute(Cli::parse())
}
