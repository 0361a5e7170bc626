//! The Numenta Anomaly Benchmark (NAB): 58 labelled series, and a score for what is told about them as they go by.
//!
//! A detector sees the values of a series one by one, knows nothing of the rest, of the file or of its labels, and gives each a
//! score. One threshold for the whole corpus is then chosen, for each profile of costs, as the benchmark's own rule says: the
//! one that scores best. What the score means is said at [`scorer`]; the data is not part of this crate, see
//! <https://github.com/numenta/NAB> (MIT).
//!
//! The official runner tells a detector the lowest and the highest value of each series, and its length, in advance. This one
//! does not: no live feed knows them.
//!
//! ```no_run
//! use stockflow_local::nab::{Corpus, Detections, detector};
//!
//! let corpus = Corpus::read("NAB".as_ref())?;
//! let detections = Detections::of(&corpus, detector("windowed_gaussian").expect("is in the table"));
//! for profile in &corpus.profiles {
//!     let best = detections.optimise(&corpus, profile);
//!     println!("{}: {:.1}", profile.name, corpus.normalise(profile, best.outcome.raw));
//! }
//! # Ok::<(), stockflow_core::Error>(())
//! ```

mod corpus;
mod detections;
mod detector;
mod results;
pub mod scorer;
mod series;

pub use corpus::Corpus;
pub use detections::Detections;
pub use detector::{DETECTORS, NabDetector, SeriesDetector, detector};
pub use series::Series;

/// How errors name this part.
const BACKEND: &str = "nab";
