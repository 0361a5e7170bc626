//! Trend detectors: which way does a symbol go, and did it turn with this quote?
//!
//! A new detector is one file here, one `mod` line and one row in [`DETECTORS`].

mod confirmation;
mod donchian_breakout;
mod ema_crossover;
mod filter;
mod macd;
mod pace;
mod regression_slope;
mod rsi_level;
mod sides;
mod sma_crossover;
mod turns;
mod weights;

use std::fmt;

pub use confirmation::Confirmation;
pub use donchian_breakout::DonchianBreakout;
pub use ema_crossover::EmaCrossover;
pub use macd::Macd;
pub use regression_slope::RegressionSlope;
pub use rsi_level::{RsiLevel, RsiLevels};
pub use sma_crossover::SmaCrossover;

use crate::{Direction, Evidence, Quality, Quote, params::Entry};

/// Every trend detector that a configuration can name.
pub static DETECTORS: &[Entry<dyn TrendDetector>] = &[
    sma_crossover::ENTRY,
    ema_crossover::ENTRY,
    macd::ENTRY,
    rsi_level::ENTRY,
    regression_slope::ENTRY,
    donchian_breakout::ENTRY,
];

/// What the detectors here take in beside good quotes: a pause of the feed leaves the order of prices as it is.
///
/// Of a stale quote nothing is learned (the price is that of a trade that was taken in before), a doubtful price would be learned
/// as a jump, and after a split the level before says nothing.
const TOLERATED: Quality = Quality::GAP;

/// What a trend detector makes of one quote.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrendSignal {
    /// Too few quotes to say anything; never a signal.
    WarmingUp,
    /// No turn with this quote.
    Steady(Direction),
    /// The trend turned with this quote, into the direction of the evidence.
    Turned(Evidence),
}

/// Follows one symbol's direction.
///
/// # Contract
/// - The signal on a quote depends on that quote and on the `lookback()` quotes before it, to the bit, and on nothing
///   else, as for [`AnomalyDetector`](crate::AnomalyDetector): so whether a trend *turned* must follow from the window, not from
///   a memory of what was said last.
/// - Equal averages do not swallow a crossing: a move from above over equal to below is a turn.
/// - Quotes of one symbol, in ascending market time. Nothing panics, whatever the quotes are.
///
/// # Implementing
/// ```
/// use stockflow_core::{Direction, Evidence, Quality, Quote, TrendDetector, TrendSignal};
///
/// /// Turns when the price passes the day's open.
/// #[derive(Debug, Default)]
/// struct OpenCross(Option<Quote>);
///
/// impl TrendDetector for OpenCross {
///     fn lookback(&self) -> usize {
///         1
///     }
///     fn tolerates(&self) -> Quality {
///         Quality::GAP | Quality::STALE
///     }
///     fn update(&mut self, quote: &Quote) -> TrendSignal {
///         let side = |q: &Quote| if q.price >= q.open { Direction::Up } else { Direction::Down };
///         let Some(before) = self.0.replace(*quote) else { return TrendSignal::WarmingUp };
///         let direction = side(quote);
///         if side(&before) == direction {
///             return TrendSignal::Steady(direction);
///         }
///         let (value, threshold) = (quote.price.to_f64(), quote.open.to_f64());
///         TrendSignal::Turned(Evidence { direction, score: (value / threshold - 1.0).abs(), value, threshold })
///     }
///     fn reset(&mut self) {
///         self.0 = None;
///     }
/// }
/// ```
pub trait TrendDetector: fmt::Debug + Send + Sync {
    /// On how many quotes before the current one its signal depends, at most [`MAX_LOOKBACK`](crate::MAX_LOOKBACK).
    fn lookback(&self) -> usize;
    /// Flags that do not keep it from taking in a quote.
    fn tolerates(&self) -> Quality;
    /// Takes in `quote` and says whether the trend turned.
    fn update(&mut self, quote: &Quote) -> TrendSignal;
    /// Back to the state after construction.
    fn reset(&mut self);
}
