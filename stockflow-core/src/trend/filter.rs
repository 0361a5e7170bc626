use super::{Confirmation, TrendSignal, turns::Turns, weights};
use crate::{InvalidConfig, Quote, rolling::Window};

/// A difference of weighted averages of the price, followed by one weighted sum over the last changes of price.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    changes: Window,
    /// Weights of the changes in the difference, and in its mean, oldest first.
    now: Box<[f64]>,
    mean: Box<[f64]>,
    turns: Turns,
    lookback: usize,
}

impl Filter {
    /// For a difference with these weights of prices, newest first, whose slowest part has the period `slow`.
    pub(super) fn new(
        difference: &[f64],
        slow: usize,
        confirmation: Confirmation,
    ) -> Result<Self, InvalidConfig> {
        let Confirmation { smoothing, memory, .. } = confirmation;
        let mean = weights::convolved(difference, &weights::simple(smoothing));
        let mean = weights::oldest_first(weights::of_changes(&mean));
        let now = weights::oldest_first(weights::of_changes(difference));
        Ok(Self {
            changes: Window::new(mean.len())?,
            turns: Turns::new(confirmation, &mean, (slow + smoothing - 2).clamp(1, mean.len()))?,
            lookback: mean.len() + memory,
            now: now.into(),
            mean: mean.into(),
        })
    }

    pub(super) const fn lookback(&self) -> usize {
        self.lookback
    }

    /// Takes in a quote; `evidence` gives value and threshold from the last changes.
    pub(super) fn update(
        &mut self,
        quote: &Quote,
        evidence: impl FnOnce(&Window) -> (f64, f64),
    ) -> TrendSignal {
        if let Some(change) = self.turns.push(quote) {
            self.changes.push(change as f64);
        }
        let Some(mean) = self.changes.weighted_sum(&self.mean) else {
            return TrendSignal::WarmingUp;
        };
        let now = || self.changes.weighted_sum(&self.now).unwrap_or(0.0);
        self.turns.signal(mean, now, |_| evidence(&self.changes))
    }

    pub(super) fn reset(&mut self) {
        self.changes.clear();
        self.turns.reset();
    }
}
