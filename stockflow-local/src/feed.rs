//! Where quotes come from on one machine: a simulated market, and files.

mod simulated;

pub use simulated::{
    EventKind, Finding, Matches, PlantedEvent, SimulatedMarket, SimulatedOptions, default_symbols,
    match_events,
};
