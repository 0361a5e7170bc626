//! Where quotes come from on one machine: a simulated market, files, either at the market's pace, and live quotes.

mod paced;
mod replay;
mod simulated;
#[cfg(feature = "yahoo")]
mod yahoo;

pub use paced::Paced;
pub use replay::{Replay, ReplayError, ReplayOptions};
pub use simulated::{
    EventKind, Finding, Matches, PlantedEvent, SimulatedMarket, SimulatedOptions, default_symbols,
    match_events,
};
#[cfg(feature = "yahoo")]
pub use yahoo::{FeedCounts, YahooPoll, YahooStream};
