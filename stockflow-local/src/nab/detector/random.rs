use super::{NabDetector, SeriesDetector};
use crate::rng::Rng;

pub(super) const ENTRY: NabDetector = NabDetector {
    name: "random",
    summary: "rolls dice: what can be had without looking",
    build: |series| Box::new(Random(Rng::new(&[series]))),
};

/// Says anything.
#[derive(Debug)]
struct Random(Rng);

impl SeriesDetector for Random {
    fn judge(&mut self, _: f64) -> f64 {
        self.0.unit()
    }
}
