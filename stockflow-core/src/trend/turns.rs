use super::{Confirmation, TrendSignal, sides::Sides};
use crate::{Direction, Evidence, InvalidConfig, Price, rolling::Moments};

/// Tells turns of a trend from noise, as [`Confirmation`] says, given the mean difference as a weighted sum of price changes.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    last: Option<Price>,
    changes: Moments,
    /// Deviation of the sum for changes of size 1.
    norm: f64,
    band: f64,
    sides: Sides,
}

impl Turns {
    /// For a sum with these weights; the size of changes is that of the last `period` ones.
    pub(super) fn new(
        weights: &[f64],
        period: usize,
        band: f64,
        memory: usize,
    ) -> Result<Self, InvalidConfig> {
        let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
        Ok(Self {
            last: None,
            changes: Moments::new(period)?,
            norm,
            band,
            sides: Sides::new(memory),
        })
    }

    pub(super) fn of(
        confirmation: Confirmation,
        weights: &[f64],
        period: usize,
    ) -> Result<Self, InvalidConfig> {
        Self::new(weights, period, confirmation.band, confirmation.memory)
    }

    /// Takes in the next price and returns its change in units of 10⁻⁸.
    pub(super) fn push(&mut self, price: Price) -> Option<i64> {
        let change = price.units() - self.last.replace(price)?.units();
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
        let bound = self.band * error;
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

    pub(super) const fn reset(&mut self) {
        self.last = None;
        self.changes.clear();
        self.sides.reset();
    }
}
