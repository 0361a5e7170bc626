mod envelope;
mod series;
mod state;
mod view;

pub use self::series::{NoveltySeries, Surprise};
use self::state::{Input, State};
use super::{
    AnomalyDetector, Verdict,
    kernel::{Kernel as _, standalone},
};
use crate::{
    MAX_LOOKBACK, Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind, Values, within},
    session::Sessions,
};

const PARAMS: &[Param] = &[
    Param {
        name: "tolerance",
        about: "times the built-in bounds; larger finds less",
        kind: ParamKind::Number { default: 1.0, min: 0.1, max: 100.0 },
    },
    Param {
        name: "rest",
        about: "quotes after a finding within which only one that is eight times as large is told",
        kind: ParamKind::Integer { default: 120, min: 0, max: 10_000 },
    },
];

/// The row of one input.
const fn entry(
    name: &'static str,
    summary: &'static str,
    build: fn(&Values) -> Result<Box<dyn AnomalyDetector>, InvalidConfig>,
) -> Entry<dyn AnomalyDetector> {
    let (default, severity, exact) = (false, Severity::Info, false);
    Entry { name, summary, params: PARAMS, default, severity, exact, build }
}

pub(super) const PRICE: Entry<dyn AnomalyDetector> = entry(
    "price_novelty",
    "price, its swings or its roughness as they have not been for long",
    |values| build(Novelty::of_prices(), values),
);

pub(super) const RETURN: Entry<dyn AnomalyDetector> =
    entry("return_novelty", "returns as they have not been for long", |values| {
        build(Novelty::of_returns(), values)
    });

pub(super) const VOLUME: Entry<dyn AnomalyDetector> =
    entry("volume_novelty", "volume between quotes as it has not been for long", |values| {
        build(Novelty::of_volumes(), values)
    });

fn build(detector: Novelty, values: &Values) -> Result<Box<dyn AnomalyDetector>, InvalidConfig> {
    let (tolerance, rest) = (values.number("tolerance")?, values.count("rest")?);
    Ok(Box::new(detector.with_tolerance(tolerance)?.with_rest(rest)?))
}

/// Raises on what has not been for long: a level, a departure from the last values, a spread or a roughness outside of where they were.
///
/// Made for series of which nothing is known, and measured on a public benchmark of such (`docs/nab.md`). For prices it is less
/// particular than the other detectors: it knows no ticks and no sessions beyond those that returns and volumes need.
///
/// # Formula
/// Each of some *views* makes one number of the last values: the mean of the last 30, say, or the logarithm of the spread of the
/// last 60 against that of all. Each view has an *envelope*, the highest and the lowest that it has been; both sink back
/// towards the view's mean, with a half-life that belongs to the view. `e = distance outside of the envelope / its width`;
/// the ratio is the largest of `e / bound` over the views, and anomalous is a ratio above `tolerance`. After a finding a larger one within
/// `rest` quotes (or 4 % of all so far, at most 1,000) is told if it is eight times as large. The first 100 values are not judged. Views and bounds
/// are listed in the source. Score and value: the ratio; threshold: `tolerance`.
///
/// # Parameters
/// The input: prices, returns in percent, or volumes, three rows of the table. `tolerance` (1), `rest` (120 quotes).
///
/// # Example
/// ```
/// use stockflow_core::{AnomalyDetectorExt, Quote, Volume, anomaly::Novelty};
///
/// let price = "100".parse()?;
/// let mut quote = Quote {
///     symbol: "AAPL".parse()?,
///     timestamp: "2026-11-23T14:30:00Z".parse()?,
///     open: price,
///     high: price,
///     low: price,
///     price,
///     previous_close: price,
///     volume: Volume::ZERO,
/// };
/// let mut detector = Novelty::of_volumes();
/// let mut trade = |shares: i64| {
///     quote.timestamp = quote.timestamp.saturating_add(std::time::Duration::from_secs(60));
///     quote.volume = Volume::new(quote.volume.get() + shares)?;
///     Ok::<_, Box<dyn std::error::Error>>(detector.observe(&quote))
/// };
/// for at in 0..400 {
///     assert!(trade(1_000 + at % 7 * 100)?.evidence().is_none());
/// }
/// assert!(trade(9_000)?.evidence().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant: a few sums over windows of at most some hundred values; for microseconds and bytes see `docs/nab.md`.
///
/// Its state reaches back to the first value: it is not exact. A restart leaves it with the envelopes of the last 512 quotes, which
/// are narrower: it raises more for some thousand quotes than it would have.
///
/// # Source
/// Ours. That a value outside of the range seen so far is what people label comes from Numenta's detectors on that benchmark; the rest
/// after a finding from CAD OSE (M. Smirnov, 2016).
#[derive(Clone, Debug)]
pub struct Novelty {
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

impl Novelty {
    /// Judges prices.
    #[must_use]
    pub fn of_prices() -> Self {
        Self::of(Input::Price)
    }

    /// Judges returns within a session, in percent; those over night are left out.
    #[must_use]
    pub fn of_returns() -> Self {
        Self::of(Input::Return)
    }

    /// Judges the shares traded since the quote before; the first quote of a session is left out.
    #[must_use]
    pub fn of_volumes() -> Self {
        Self::of(Input::Volume)
    }

    fn of(input: Input) -> Self {
        Self::with_kernel(State::new(input))
    }

    /// With other bounds: so many times the built-in ones.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 0.1 to 100.
    pub fn with_tolerance(mut self, times: f64) -> Result<Self, InvalidConfig> {
        within("tolerance", times, 0.1, 100.0)?;
        self.kernel.series.tolerance = times;
        Ok(self)
    }

    /// With another rest after a finding, in quotes.
    ///
    /// # Errors
    /// [`InvalidConfig`] above 10,000.
    pub fn with_rest(mut self, quotes: usize) -> Result<Self, InvalidConfig> {
        within("rest", quotes, 0, 10_000)?;
        self.kernel.series.rest = quotes as u64;
        Ok(self)
    }
}

standalone! {
    Novelty,
    lookback: |_| MAX_LOOKBACK,
    tolerates: Quality::OUTSIDE_RANGE | Quality::STALE | Quality::GAP,
}

#[cfg(test)]
mod tests;
