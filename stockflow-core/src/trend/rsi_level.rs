use super::{TOLERATED, TrendDetector, TrendSignal, sides::Sides, weights};
use crate::{
    Direction, Evidence, InvalidConfig, MAX_LOOKBACK, Price, Quality, Quote, Severity,
    params::{Entry, Param, ParamKind, within},
    rolling::Window,
};

pub(super) const ENTRY: Entry<dyn TrendDetector> = Entry {
    name: "rsi_level",
    summary: "the relative strength index comes back from overbought or oversold",
    params: &[
        Param {
            name: "period",
            about: "period of Wilder's averages, in quotes",
            kind: ParamKind::Integer { default: 14, min: 2, max: 128 },
        },
        Param {
            name: "overbought",
            about: "level from which on too much was bought, in points",
            kind: ParamKind::Number { default: 70.0, min: 50.0, max: 100.0 },
        },
        Param {
            name: "oversold",
            about: "level down from which too much was sold, in points",
            kind: ParamKind::Number { default: 30.0, min: 0.0, max: 50.0 },
        },
        Param {
            name: "margin",
            about: "how far it has to come back from the level, in points",
            kind: ParamKind::Number { default: 5.0, min: 0.0, max: 50.0 },
        },
        Param {
            name: "memory",
            about: "after how many quotes a level that was reached is forgotten",
            kind: ParamKind::Integer { default: 100, min: 1, max: 500 },
        },
    ],
    default: false,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        let levels = RsiLevels {
            overbought: values.number("overbought")?,
            oversold: values.number("oversold")?,
            margin: values.number("margin")?,
        };
        Ok(Box::new(RsiLevel::new(values.count("period")?, levels, values.count("memory")?)?))
    },
};

/// Levels of the relative strength index, in points from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RsiLevels {
    /// From here on too much was bought, 50 to 100.
    pub overbought: f64,
    /// From here down too much was sold, 0 to 50.
    pub oversold: f64,
    /// How far the index has to come back from a level, 0 to 50.
    pub margin: f64,
}

impl Default for RsiLevels {
    /// 70, 30, and 5.
    fn default() -> Self {
        Self { overbought: 70.0, oversold: 30.0, margin: 5.0 }
    }
}

/// Turns when Wilder's relative strength index comes back from a level that it had reached.
///
/// # Formula
/// `RSI = 100·U / (U + D)`, with the averages `U` of the rises and `D` of the falls among the last changes of price. They are
/// Wilder's: exponential with `α = 1/period`, here cut off after `k·period` changes with `k = 8` and scaled to the sum 1. The
/// averages that run on for ever give the changes before these the share `(1-α)^(k·period)`, less than 3.4·10⁻⁴, so this RSI
/// differs from theirs by less than 0.04 points unless those changes were larger than the ones within. Where 512 quotes
/// leave no room for `8·period`, `k` is as large as fits, and at least 3 (a share of 5 %). Without any change it is 50.
///
/// Down: the index falls below `overbought - margin`, and the last time that it was not between there and `overbought`, at most
/// `memory` quotes ago, it was at `overbought` or above. Up: the mirror image at `oversold`.
///
/// With the usual period and levels this happens with every swing: some six times in a day of minute quotes, more often when
/// quotes come more often. It is told sparingly only with a longer period, levels farther out, or a policy of its own.
///
/// Evidence: value and threshold (the level with its margin) in points; the score is the distance between the two.
///
/// # Parameters
/// `period` (14), in quotes; `overbought` (70), `oversold` (30), `margin` (5), in points; `memory` (100), in quotes.
///
/// # Example
/// ```
/// use stockflow_core::{TrendDetector, trend::{RsiLevel, RsiLevels}};
///
/// let trend = RsiLevel::new(14, RsiLevels::default(), 100)?;
/// assert_eq!(trend.lookback(), 8 * 14 + 100);
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
///
/// # Cost
/// `2·k·period` multiplications a quote. State: four numbers for each change.
///
/// # Source
/// J. W. Wilder, "New Concepts in Technical Trading Systems" (1978).
#[derive(Clone, Debug)]
#[doc(alias = "RSI")]
pub struct RsiLevel {
    last: Option<Price>,
    rises: Window,
    falls: Window,
    /// Oldest first.
    weights: Box<[f64]>,
    levels: RsiLevels,
    /// Up: overbought was reached; down: the index came back.
    above: Sides,
    /// Down: oversold was reached; up: the index came back.
    below: Sides,
    lookback: usize,
}

impl RsiLevel {
    /// With averages of `period` quotes.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a period below 2 or a level out of its bounds, and unless all that is looked back on fits
    /// [`MAX_LOOKBACK`].
    pub fn new(period: usize, levels: RsiLevels, memory: usize) -> Result<Self, InvalidConfig> {
        within("overbought", levels.overbought, 50.0, 100.0)?;
        within("oversold", levels.oversold, 0.0, 50.0)?;
        within("margin", levels.margin, 0.0, 50.0)?;
        within("memory", memory, 1, 500)?;
        within("period", period, 2, 128)?;
        let terms =
            period * weights::terms_per_period("period", period, period, MAX_LOOKBACK - memory)?;
        let weights = weights::exponential(1.0 / period as f64, terms);
        Ok(Self {
            last: None,
            rises: Window::new(terms)?,
            falls: Window::new(terms)?,
            weights: weights::oldest_first(weights).into(),
            levels,
            above: Sides::new(memory),
            below: Sides::new(memory),
            lookback: terms + memory,
        })
    }

    /// Averages of rises and falls; `None` before enough changes are known.
    fn averages(&mut self, price: Price) -> Option<(f64, f64)> {
        let change = price.units() - self.last.replace(price)?.units();
        self.rises.push(change.max(0) as f64);
        self.falls.push((-change).max(0) as f64);
        let averages =
            self.rises.weighted_sum(&self.weights).zip(self.falls.weighted_sum(&self.weights));
        // Without a change neither side is the stronger one: 50 points.
        averages.map(|pair| if pair == (0.0, 0.0) { (1.0, 1.0) } else { pair })
    }
}

impl TrendDetector for RsiLevel {
    fn lookback(&self) -> usize {
        self.lookback
    }

    fn tolerates(&self) -> Quality {
        TOLERATED
    }

    fn update(&mut self, quote: &Quote) -> TrendSignal {
        let Some((rises, falls)) = self.averages(quote.price) else {
            return TrendSignal::WarmingUp;
        };
        let RsiLevels { overbought, oversold, margin } = self.levels;
        let back = (overbought - margin, oversold + margin);
        // The index against a level, cross-multiplied: a mirrored series gives the opposite, to the bit.
        let against = |level: f64| rises * (100.0 - level) - falls * level;
        let (up, down) = (Some(Direction::Up), Some(Direction::Down));
        let side = |reached, direction, came_back, opposite| {
            if reached {
                direction
            } else if came_back {
                opposite
            } else {
                None
            }
        };
        let above = side(against(overbought) >= 0.0, up, against(back.0) < 0.0, down);
        let below = side(against(oversold) <= 0.0, down, against(back.1) > 0.0, up);
        let fell = self.above.take(above) && above == down;
        let rose = self.below.take(below) && below == up;
        let (direction, threshold) = match (fell, rose) {
            (true, _) => (Direction::Down, back.0),
            (_, true) => (Direction::Up, back.1),
            _ if rises > falls => return TrendSignal::Steady(Direction::Up),
            _ if rises < falls => return TrendSignal::Steady(Direction::Down),
            _ => return TrendSignal::Steady(Direction::Flat),
        };
        let value = 100.0 * rises / (rises + falls);
        let score = (value - threshold).abs();
        TrendSignal::Turned(Evidence { direction, score, value, threshold })
    }

    fn reset(&mut self) {
        self.last = None;
        self.rises.clear();
        self.falls.clear();
        self.above.reset();
        self.below.reset();
    }
}
