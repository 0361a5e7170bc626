//! Feeds that do not end.

#[cfg(feature = "aws")]
mod kinesis;
#[cfg(not(feature = "aws"))]
#[path = "live/no_kinesis.rs"]
mod kinesis;
#[cfg(not(feature = "yahoo"))]
#[path = "live/no_yahoo.rs"]
mod yahoo;
#[cfg(feature = "yahoo")]
mod yahoo;

use std::{str::FromStr, time::Duration};

use stockflow_core::{Cursor, QuoteSource, Symbol};

use crate::Failure;

/// A live feed, or the simulated market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedName {
    /// A trading day out of a seed.
    Simulated,
    /// Yahoo, by polling.
    Yahoo,
    /// Yahoo, by its stream.
    YahooStream,
    /// The Kinesis stream of that name.
    Kinesis(String),
}

impl FromStr for FeedName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "simulated" => Ok(Self::Simulated),
            "yahoo" => Ok(Self::Yahoo),
            "yahoo-stream" => Ok(Self::YahooStream),
            _ => match text.strip_prefix("kinesis:").filter(|stream| !stream.is_empty()) {
                Some(stream) => Ok(Self::Kinesis(stream.to_owned())),
                None => Err("none of simulated, yahoo, yahoo-stream, kinesis:STREAM".to_owned()),
            },
        }
    }
}

/// How live feeds are asked.
#[derive(clap::Args, Clone, Debug)]
pub struct LiveOptions {
    /// Of the feed yahoo: seconds from one poll of a symbol to the next
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub interval: u32,
    /// Asks another host in place of Yahoo's
    #[arg(long, value_name = "URL", env = "STOCKFLOW_YAHOO_URL", hide = true)]
    pub yahoo_url: Option<String>,
    /// Listens to another host in place of Yahoo's stream
    #[arg(long, value_name = "URL", env = "STOCKFLOW_YAHOO_STREAM_URL", hide = true)]
    pub yahoo_stream_url: Option<String>,
}

impl LiveOptions {
    const fn interval(&self) -> Duration {
        Duration::from_secs(self.interval as u64)
    }
}

/// Opens a live feed after what `cursors` say was read of it.
pub(super) async fn open(
    feed: &FeedName,
    options: &LiveOptions,
    symbols: Option<Vec<Symbol>>,
    cursors: &[Cursor],
) -> Result<(String, Box<dyn QuoteSource>), Failure> {
    match feed {
        FeedName::Yahoo => yahoo::open(options, &wanted(symbols)?, cursors),
        FeedName::YahooStream => yahoo::listen(options, &wanted(symbols)?, cursors),
        FeedName::Kinesis(stream) => kinesis::open(stream, symbols, cursors).await,
        FeedName::Simulated => Err(Failure::usage("the simulated market is no live feed")),
    }
}

fn wanted(symbols: Option<Vec<Symbol>>) -> Result<Vec<Symbol>, Failure> {
    symbols.filter(|symbols| !symbols.is_empty()).ok_or_else(|| {
        Failure::usage("say whose quotes: --symbols AAPL,MSFT, or symbols in the configuration")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_named() {
        assert_eq!("yahoo".parse(), Ok(FeedName::Yahoo));
        assert_eq!("yahoo-stream".parse(), Ok(FeedName::YahooStream));
        assert_eq!("kinesis:quotes".parse(), Ok(FeedName::Kinesis("quotes".into())));
        for text in ["", "kinesis", "kinesis:", "yahoo-", "nasdaq"] {
            assert!(text.parse::<FeedName>().unwrap_err().contains("kinesis:STREAM"), "{text}");
        }
    }
}
