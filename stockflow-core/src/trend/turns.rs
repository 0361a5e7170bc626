use super::{Confirmation, TrendSignal, pace::Pace, sides::Sides};
use crate::{
    Direction, Evidence, InvalidConfig, Price, Quote,
    rolling::{Ring, to_f64},
};

/// Tells turns of a trend from noise, as [`Confirmation`] says, given the mean difference as a weighted sum of price changes.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    last: Option<Price>,
    /// The last changes of price, within ±10¹⁷, and the sum of their squares.
    changes: Ring,
    squares: i128,
    /// Variance of the sum for changes of size 1.
    square_norm: f64,
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
        let (changes, sides) = (Ring::new(period)?, Sides::new(memory));
        Ok(Self { last: None, changes, squares: 0, square_norm: 1.0, band, pace: None, sides })
    }

    fn with_weights(mut self, weights: &[f64]) -> Self {
        self.square_norm = weights.iter().map(|w| w * w).sum();
        self
    }

    /// Takes in the next quote and returns the change of price in units of 10⁻⁸.
    #[inline]
    pub(super) fn push(&mut self, quote: &Quote) -> Option<i64> {
        if let Some(pace) = &mut self.pace {
            pace.push(quote.timestamp);
        }
        let change = quote.price.units() - self.last.replace(quote.price)?.units();
        let square = |change: i64| i128::from(change) * i128::from(change);
        let gone = self.changes.push(change).map_or(0, square);
        self.squares += square(change) - gone;
        Some(change)
    }

    /// What the quote means that was pushed last.
    ///
    /// `mean` is the sum, `now` the difference without smoothing, whose sign has to agree; `evidence` gives value
    /// and threshold, given what `mean` had to exceed.
    #[inline]
    pub(super) fn signal(
        &mut self,
        mean: f64,
        now: impl FnOnce() -> f64,
        evidence: impl FnOnce(f64) -> (f64, f64),
    ) -> TrendSignal {
        if !self.changes.is_full() {
            return TrendSignal::WarmingUp;
        }
        let side = self.bound(mean).and_then(|_| match now() {
            now if now > 0.0 && mean > 0.0 => Some(Direction::Up),
            now if now < 0.0 && mean < 0.0 => Some(Direction::Down),
            _ => None,
        });
        if !self.sides.take(side) {
            return TrendSignal::Steady(self.sides.direction());
        }
        let bound = self.bound(mean).unwrap_or(0.0);
        let (value, threshold) = evidence(bound.copysign(mean));
        let error = self.variance().sqrt();
        let score = if error > 0.0 { mean.abs() / error } else { 0.0 };
        TrendSignal::Turned(Evidence { direction: self.sides.direction(), score, value, threshold })
    }

    /// What the size of `mean` exceeds, if it does.
    #[inline]
    fn bound(&self, mean: f64) -> Option<f64> {
        // Squares save a root for each quote, and most are not even beyond the narrowest band.
        let narrow = self.band * self.band * self.variance();
        let square = mean * mean;
        if square <= narrow {
            return None;
        }
        let wide = narrow * self.pace.as_ref().map_or(1.0, Pace::widening);
        (square > wide).then(|| wide.sqrt())
    }

    /// Square of the sum's standard error, in units of 10⁻⁸.
    fn variance(&self) -> f64 {
        let period = self.changes.len();
        let mean_square = if period == 0 { 0.0 } else { to_f64(self.squares) / period as f64 };
        self.square_norm * mean_square
    }

    pub(super) fn reset(&mut self) {
        self.last = None;
        if let Some(pace) = &mut self.pace {
            pace.reset();
        }
        self.changes.clear();
        self.squares = 0;
        self.sides.reset();
    }
}
