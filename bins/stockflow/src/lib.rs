//! The `stockflow` command line, as a library that tests can call.
//!
//! Answers go to standard output; alerts as they are raised, progress, notes and errors go to standard error.
//! The exit code is 0 for success, 1 for a failure, 2 for wrong usage or configuration.

#[cfg(feature = "aws")]
mod aws;
mod cli;
pub mod cmd;
mod fail;
pub mod output;
mod shell;

use std::{io::IsTerminal as _, process::ExitCode};

pub use cli::{Cli, Command, DataDir};
pub use fail::{Failure, Outcome};

/// Runs the command and tells a failure on standard error.
#[must_use]
pub fn execute(cli: Cli) -> ExitCode {
    log_to_stderr();
    match cli.command.execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(text) = failure.text() {
                fail::note(format_args!("error: {text}"));
            }
            failure.exit_code()
        }
    }
}

/// Whether standard error is a terminal, and `NO_COLOR` is not set.
fn stderr_has_colour() -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !plain
}

/// Warnings and errors of the libraries; more by `RUST_LOG`.
fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    // Fails only if there is one already, which is as good.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(stderr_has_colour())
        .try_init();
}
