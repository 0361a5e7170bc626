//! The producer: quotes of a feed onto a Kinesis stream, as a library that tests can call.
//!
//! ```text
//! feed ──▶ spool (durable, bounded) ──▶ Kinesis
//! ```
//!
//! What the feed gave is in the spool, together with how far the feed was read, before the feed is asked again; it leaves the
//! spool when the stream has confirmed it. So whatever is killed, nothing that was read is lost; what is sent twice has the same key,
//! and stage 1 stores it once.
//!
//! Logs are lines of JSON on standard error, metrics are lines of JSON on standard output (CloudWatch embedded metric format). The
//! exit code is 0 for success, 1 for a failure, 2 for wrong usage or configuration.

mod check;
mod cli;
mod delivery;
mod dry_run;
mod failure;
mod feed;
mod health;
mod intake;
mod metrics;
mod once;
mod pause;
mod producer;
mod run;
mod settings;
mod signals;
mod status;
mod stream;

use std::process::ExitCode;

pub use check::check_health;
pub use cli::Cli;
pub use dry_run::dry_run;
pub use failure::Failure;
pub use feed::{Feed, open as open_feed};
pub use health::Health;
pub use metrics::Metrics;
pub use once::Once;
pub use producer::{Producer, Summary};
pub use run::{now, run};
pub use settings::{FeedKind, RecordForm, Settings, Simulated, Yahoo};
pub use status::{Status, Tally};
pub use stream::sink;

/// The producer's name, under which it logs and counts.
pub const PRODUCER: &str = "stockflow-producer";

/// Runs until the feed ends or the process is told to stop, and tells a failure on standard error.
#[must_use]
pub fn execute(cli: &Cli) -> ExitCode {
    log();
    match work(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}

fn work(cli: &Cli) -> Result<(), Failure> {
    if cli.check_health {
        return check_health(Settings::health_address(cli)?);
    }
    let settings = Settings::new(cli)?;
    // Appends to the spool block for about a millisecond: enough threads that neither signals nor deliveries wait for them.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Failed(error.to_string()))?;
    runtime.block_on(run(&settings, signals::stop()))
}

/// Lines of JSON on standard error: warnings and the producer's own notes; more by `RUST_LOG`.
fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,stockflow_producer=info"));
    // Fails only if there is one already, which is as good.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
