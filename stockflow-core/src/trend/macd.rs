use super::{Confirmation, TOLERATED, TrendDetector, TrendSignal, filter::Filter, weights};
use crate::{
    InvalidConfig, Price, Quality, Quote, Severity,
    params::{Entry, Param, ParamKind, within},
    rolling::Window,
};

pub(super) const ENTRY: Entry<dyn TrendDetector> = Entry {
    name: "macd",
    summary: "the difference of two exponential averages crosses its own average",
    params: &[
        Param {
            name: "fast",
            about: "period of the short average, in quotes; less than slow",
            kind: ParamKind::Integer { default: 12, min: 1, max: 168 },
        },
        Param {
            name: "slow",
            about: "period of the long average, in quotes",
            kind: ParamKind::Integer { default: 26, min: 2, max: 169 },
        },
        Param {
            name: "signal",
            about: "period of the signal line, in quotes",
            kind: ParamKind::Integer { default: 9, min: 1, max: 168 },
        },
        Confirmation::SMOOTHING,
        Confirmation::BAND,
        Confirmation::MEMORY,
    ],
    default: false,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        let periods = [values.count("fast")?, values.count("slow")?, values.count("signal")?];
        Ok(Box::new(Macd::new(periods, Confirmation::from_values(values)?)?))
    },
};

/// Turns when the difference of two exponential averages (MACD) crosses its own exponential average, the signal line.
///
/// # Formula
/// `MACD = EMA_fast - EMA_slow`, `signal = EMA_signal(MACD)`, `histogram = MACD - signal`. The averages are cut off as those of
/// [`EmaCrossover`](super::EmaCrossover), after `k = 8` terms for each quote of their period (less where 512 quotes leave no room,
/// at least 3). Each is a weighted sum of prices, so the histogram is one as well, over `k·(slow + signal) - 1` prices, with
/// the weights of its parts convolved. Against averages that run on for ever it errs by less than 3·10⁻⁷ of the range of
/// prices within and before its window.
///
/// The trend goes up while the histogram is above 0, down while it is below; a crossing counts once it is beyond the noise, as
/// [`Confirmation`] says.
///
/// The histogram measures acceleration: it answers to a change of drift within some ten quotes, and goes back to 0 while the new
/// drift lasts. So this is about swings that follow each other quickly; a trend of an hour that turns is for the crossovers.
///
/// Evidence: the value is MACD, the threshold the signal line, in the currency; the score is the strength in standard errors.
///
/// # Parameters
/// `fast` (12), `slow` (26), `signal` (9): periods in quotes, `fast < slow`. `smoothing` (40), `band` (1.25), `memory` (160): see
/// [`Confirmation`].
///
/// # Example
/// ```
/// use stockflow_core::{TrendDetector, trend::{Confirmation, Macd}};
///
/// let trend = Macd::new([12, 26, 9], Confirmation::RAW)?;
/// assert_eq!(trend.lookback(), 8 * (26 + 9) - 2 + 100);
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
///
/// # Cost
/// `k·(slow + signal) + smoothing` multiplications a quote; 0.1 µs with the defaults. State: two numbers for each.
///
/// # Source
/// G. Appel, "Technical Analysis: Power Tools for Active Investors" (2005).
#[derive(Clone, Debug)]
#[doc(alias = "moving average convergence divergence")]
pub struct Macd {
    filter: Filter,
    /// Weights of changes, oldest first.
    line: Box<[f64]>,
    signal: Box<[f64]>,
}

impl Macd {
    /// With the periods of the short average, the long one and the signal line, in quotes.
    ///
    /// # Errors
    /// [`InvalidConfig`] unless `1 ≤ fast < slow`, `1 ≤ signal`, and all that is looked back on fits
    /// [`MAX_LOOKBACK`](crate::MAX_LOOKBACK).
    pub fn new(
        [fast, slow, signal]: [usize; 3],
        confirmation: Confirmation,
    ) -> Result<Self, InvalidConfig> {
        confirmation.check()?;
        within("slow", slow, 2, 169)?;
        within("fast", fast, 1, slow - 1)?;
        within("signal", signal, 1, 168)?;
        let room = confirmation.room()? + 1;
        let terms = weights::terms_per_period("slow", slow, slow + signal, room)?;
        let average = |period| weights::exponential(weights::alpha(period), terms * period);
        let line = weights::difference(&average(fast), &average(slow));
        let signal = weights::convolved(&average(signal), &line);
        let histogram = weights::difference(&line, &signal);
        let of_changes = |prices: &[f64]| weights::oldest_first(weights::of_changes(prices)).into();
        Ok(Self {
            filter: Filter::new(&histogram, slow, confirmation)?,
            line: of_changes(&line),
            signal: of_changes(&signal),
        })
    }
}

impl TrendDetector for Macd {
    fn lookback(&self) -> usize {
        self.filter.lookback()
    }

    fn tolerates(&self) -> Quality {
        TOLERATED
    }

    fn update(&mut self, quote: &Quote) -> TrendSignal {
        let lines = |changes: &Window| {
            let of = |weights: &[f64]| {
                changes.weighted_sum(weights).unwrap_or(0.0) / Price::UNITS_PER_ONE as f64
            };
            (of(&self.line), of(&self.signal))
        };
        self.filter.update(quote, lines)
    }

    fn reset(&mut self) {
        self.filter.reset();
    }
}
