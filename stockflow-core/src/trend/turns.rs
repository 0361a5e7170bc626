use super::{Confirmation, TrendSignal, pace::Pace, sides::Sides};
use crate::{Direction, Evidence, InvalidConfig, Price, Quote, rolling::Moments};

/// Tells turns of a trend from noise, as [`Confirmation`] says, given the mean difference as a weighted sum of price changes.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    last: Option<Price>,
    changes: Moments,
    /// Deviation of the sum for changes of size 1.
    norm: f64,
    band: f64,
    /// Unless the band is the same for all.
    pace: Option<Pace>,
    sides: Sides,
}

impl Turns {
    /// For a sum with these weights; the size of changes is that of the last `period` ones.
    pub(super) fn new(
        confirmation: Confirmation,
        weights: &[f64],
        period: usize,
    ) -> Result<Self, InvalidConfig> {
        let Confirmation { band, memory, .. } = confirmation;
        let pace = Some(Pace::new(period)?);
        Ok(Self { pace, ..Self::of_changes(period, band, memory)?.with_weights(weights) })
    }

    /// For a sum of the size of one change, with a band that does not widen.
    pub(super) fn of_changes(
        period: usize,
        band: f64,
        memory: usize,
    ) -> Result<Self, InvalidConfig> {
        let (changes, sides) = (Moments::new(period)?, Sides::new(memory));
        Ok(Self { last: None, changes, norm: 1.0, band, pace: None, sides })
    }

    fn with_weights(mut self, weights: &[f64]) -> Self {
        self.norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
        self
    }

    /// Takes in the next quote and returns the change of price in units of 10⁻⁸.
    pub(super) fn push(&mut self, quote: &Quote) -> Option<i64> {
        if let Some(pace) = &mut self.pace {
            pace.push(quote.timestamp);
        }
        let change = quote.price.units() - self.last.replace(quote.price)?.units();
        self.changes.push(change);
        Some(change)
    }

    /// Standard error of the sum, in units of 10⁻⁸; `None` before enough changes are known.
    pub(super) fn standard_error(&self) -> Option<f64> {
        self.changes.is_full().then(|| self.norm * self.changes.root_mean_square())
    }

    /// What the quote means that was pushed last.
    ///
    /// `mean` is the sum, `now` the difference without smoothing, whose sign has to agree; `evidence` gives value
    /// and threshold, given what `mean` had to exceed.
    pub(super) fn signal(
        &mut self,
        mean: f64,
        now: impl Fn() -> f64,
        evidence: impl FnOnce(f64) -> (f64, f64),
    ) -> TrendSignal {
        let Some(error) = self.standard_error() else { return TrendSignal::WarmingUp };
        let bound = self.bound(mean.abs(), error);
        let side = if mean > bound && now() > 0.0 {
            Some(Direction::Up)
        } else if mean < -bound && now() < 0.0 {
            Some(Direction::Down)
        } else {
            None
        };
        if !self.sides.take(side) {
            return TrendSignal::Steady(self.sides.direction());
        }
        let (value, threshold) = evidence(if mean < 0.0 { -bound } else { bound });
        let score = if error > 0.0 { mean.abs() / error } else { 0.0 };
        TrendSignal::Turned(Evidence { direction: self.sides.direction(), score, value, threshold })
    }

    /// What a sum has to exceed. How often quotes come matters only to one that is large enough for the narrowest band.
    fn bound(&self, size: f64, error: f64) -> f64 {
        let narrow = self.band * error;
        match &self.pace {
            Some(pace) if size > narrow => narrow * pace.widening().sqrt(),
            _ => narrow,
        }
    }

    pub(super) fn reset(&mut self) {
        self.last = None;
        if let Some(pace) = &mut self.pace {
            pace.reset();
        }
        self.changes.clear();
        self.sides.reset();
    }
}
