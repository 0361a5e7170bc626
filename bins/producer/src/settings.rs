//! What a producer is told: flags, then variables, then the file, then defaults.

mod file;

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::ValueEnum;
use stockflow_core::{Date, Symbol, params::within};
use stockflow_local::SpoolOptions;

use crate::{Cli, Failure};

/// Where quotes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FeedKind {
    /// A market out of a seed, with labelled events in it
    Simulated,
    /// Recorded quotes
    Replay,
    /// Yahoo, by polling; its API is for personal use
    Yahoo,
    /// Yahoo, by its WebSocket stream; its API is for personal use
    YahooStream,
}

/// What a record of the stream holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RecordForm {
    /// A quote, readable by anybody
    #[default]
    Plain,
    /// Many quotes, in the format of the Kinesis Producer Library
    Aggregated,
    /// Many quotes, compressed: about a tenth of the bytes
    Compressed,
}

/// Of the simulated market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulated {
    /// The same seed gives the same quotes.
    pub seed: u64,
    /// First trading day.
    pub date: Option<Date>,
    /// Trading days.
    pub days: u32,
}

impl Default for Simulated {
    fn default() -> Self {
        Self { seed: 7, date: None, days: 1 }
    }
}

/// Of the feeds of Yahoo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Yahoo {
    /// From one poll of a symbol to the next.
    pub interval: Duration,
    /// Most requests a minute.
    pub requests_a_minute: u32,
    /// Most requests under way at once.
    pub concurrency: usize,
    /// How long a request may take.
    pub timeout: Duration,
    /// Another host in place of Yahoo's.
    pub url: Option<String>,
    /// Another host in place of Yahoo's stream.
    pub stream_url: Option<String>,
}

impl Default for Yahoo {
    fn default() -> Self {
        let (interval, timeout) = (Duration::from_secs(30), Duration::from_secs(10));
        Self {
            interval,
            requests_a_minute: 120,
            concurrency: 4,
            timeout,
            url: None,
            stream_url: None,
        }
    }
}

/// Everything that a producer is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where quotes come from.
    pub feed: FeedKind,
    /// Whose quotes; none: the feed's own.
    pub symbols: Option<Vec<Symbol>>,
    /// Name of the Kinesis stream.
    pub stream: String,
    /// What a record holds.
    pub records: RecordForm,
    /// Folder of spool and quarantine.
    pub folder: PathBuf,
    /// Most bytes that wait in the spool.
    pub spool_bytes: u64,
    /// Of the feed replay.
    pub replay: Vec<PathBuf>,
    /// So many times as fast as the market's clock; none: as fast as the stream takes it.
    pub speed: Option<u32>,
    /// Of the feed simulated.
    pub simulated: Simulated,
    /// Of the feeds of Yahoo.
    pub yahoo: Yahoo,
    /// Where to answer health checks.
    pub health: Option<SocketAddr>,
    /// How long a quote waits for others to be sent with.
    pub linger: Duration,
    /// How long what was read may take to be sent, once asked to stop.
    pub drain: Duration,
    /// Between two lines of metrics.
    pub metrics: Duration,
    /// One batch, and the end.
    pub once: bool,
    /// Print, do not send.
    pub dry_run: bool,
    /// Most quotes in a batch of the feed.
    pub batch: Option<NonZeroUsize>,
}

/// Least bound of the spool: several times what a feed gives at once.
const LEAST_SPOOL: u64 = 16 << 20;
const MOST_SPOOL: u64 = 1 << 44;

impl Settings {
    /// What `cli` says, and the file that it names.
    ///
    /// # Errors
    /// [`Failure::Usage`] with what to do.
    pub fn new(cli: &Cli) -> Result<Self, Failure> {
        told(cli)?.check()
    }

    /// Where health checks are answered; nothing else has to be told for that.
    ///
    /// # Errors
    /// [`Failure::Usage`] with what to do.
    pub fn health_address(cli: &Cli) -> Result<SocketAddr, Failure> {
        told(cli)?.health().ok_or_else(|| {
            Failure::Usage(
                "no address of health checks: say --health (or health in the file)".into(),
            )
        })
    }

    /// Sizes of the spool: segments of a quarter of the bound, so that its room comes back in parts.
    ///
    /// # Errors
    /// A bound that is too small.
    pub fn spool_options(&self) -> Result<SpoolOptions, Failure> {
        within("spool_bytes", self.spool_bytes, LEAST_SPOOL, MOST_SPOOL)?;
        Ok(SpoolOptions::new((self.spool_bytes / 4).min(64 << 20), self.spool_bytes)?)
    }
}

/// The file, and what is laid over it.
fn told(cli: &Cli) -> Result<file::Partial, Failure> {
    let mut settings = match &cli.config {
        Some(path) => file::read(path)?,
        None => file::Partial::default(),
    };
    settings.overlay(cli)?;
    Ok(settings)
}

/// A port of the loopback interface, or an address with a port.
fn address(text: &str) -> Option<SocketAddr> {
    let port = text.parse::<u16>().map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    port.ok().or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests;
