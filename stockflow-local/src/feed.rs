//! Where quotes come from on one machine: a simulated market, files, and either at the market's pace.

mod paced;
mod replay;
mod simulated;

pub use paced::Paced;
pub use replay::{Replay, ReplayError, ReplayOptions};
pub use simulated::{
    EventKind, Finding, Matches, PlantedEvent, SimulatedMarket, SimulatedOptions, default_symbols,
    match_events,
};
