//! Where quotes come from on one machine: a simulated market, and files.

mod replay;
mod simulated;

pub use replay::{Replay, ReplayError, ReplayOptions};
pub use simulated::{
    EventKind, Finding, Matches, PlantedEvent, SimulatedMarket, SimulatedOptions, default_symbols,
    match_events,
};
