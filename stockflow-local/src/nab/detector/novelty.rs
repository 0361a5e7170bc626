use stockflow_core::anomaly::NoveltySeries;

use super::{NabDetector, SeriesDetector};

pub(super) const ENTRY: NabDetector = NabDetector {
    name: "novelty",
    summary: "levels, spreads and roughness as they have not been for long",
    build: |_| Box::new(Of(NoveltySeries::new())),
};

/// A finding's ratio on the scale from 0 to 1; 0 for everything else.
#[derive(Debug)]
struct Of(NoveltySeries);

impl SeriesDetector for Of {
    fn judge(&mut self, value: f64) -> f64 {
        let surprise = self.0.judge(value).filter(|surprise| surprise.told);
        surprise.map_or(0.0, |surprise| surprise.ratio / (1.0 + surprise.ratio))
    }
}
