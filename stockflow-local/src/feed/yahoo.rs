//! Live quotes from Yahoo.

mod breaker;
mod budget;
mod chart;
mod counts;
mod fresh;
mod http;
mod outcome;
mod poll;
mod stream;

pub use self::{counts::FeedCounts, poll::YahooPoll, stream::YahooStream};

const BACKEND: &str = "yahoo";
/// Under which the client is known, unless told otherwise.
const USER_AGENT: &str = "Mozilla/5.0 (compatible; stockflow)";
