//! Live quotes from Yahoo.

mod breaker;
mod budget;
mod chart;
mod counts;
mod fresh;
mod http;
mod outcome;
mod poll;

pub use self::{counts::FeedCounts, poll::YahooPoll};

const BACKEND: &str = "yahoo";
