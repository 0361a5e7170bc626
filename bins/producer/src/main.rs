//! The program `stockflow-producer`.

use std::process::ExitCode;

use clap::Parser as _;
use stockflow_producer::{Cli, execute};

fn main() -> ExitCode {
    execute(&Cli::parse())
}
