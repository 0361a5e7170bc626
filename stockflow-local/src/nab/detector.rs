//! What can be run over the corpus.

mod novelty;
mod null;
mod random;
mod windowed_gaussian;

use std::fmt;

/// Judges the values of one series as they come.
pub trait SeriesDetector: fmt::Debug + Send {
    /// How unusual `value` is after those before it, 0 to 1; then learns from it.
    fn judge(&mut self, value: f64) -> f64;
}

/// A row in the table of what can be run.
#[derive(Clone, Copy, Debug)]
pub struct NabDetector {
    /// Also the folder of its results.
    pub name: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// Makes one for the series of that number. Only the random one may go by it: the rule is the same for all series.
    pub build: fn(u64) -> Box<dyn SeriesDetector>,
}

/// Every detector that can be run over the corpus.
pub static DETECTORS: &[NabDetector] =
    &[novelty::ENTRY, windowed_gaussian::ENTRY, random::ENTRY, null::ENTRY];

/// The one of that name.
#[must_use]
pub fn detector(name: &str) -> Option<&'static NabDetector> {
    DETECTORS.iter().find(|entry| entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_score_is_from_0_to_1_whatever_the_values() {
        let wild = [0.0, 1e300, -1e300, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 1.0, 1.0];
        for entry in DETECTORS {
            let mut one = (entry.build)(0);
            for value in wild.into_iter().cycle().take(20_000) {
                let score = one.judge(value);
                assert!((0.0..=1.0).contains(&score), "{}: {score} for {value}", entry.name);
            }
        }
    }
}
