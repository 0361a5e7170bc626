mod crowd;
mod state;

use super::{
    AnomalyDetector, Verdict,
    kernel::{Kernel as _, standalone},
    shared::{Floor, MIN_TICKS, Quiet, min_move_bp, quiet},
};
use crate::{
    Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind, within},
    session::Sessions,
};

pub(crate) use self::state::State;

pub(super) const ENTRY: Entry<dyn AnomalyDetector> = Entry {
    name: "hampel",
    summary: "price far from the median of the last quotes: bad prints",
    params: &[
        Param {
            name: "period",
            about: "quotes whose median is the usual price; an odd number",
            kind: ParamKind::Integer { default: 21, min: 5, max: 401 },
        },
        Param {
            name: "threshold",
            about: "deviations from the median",
            kind: ParamKind::Number { default: 10.0, min: 1.0, max: 1_000.0 },
        },
        min_move_bp(80.0),
        MIN_TICKS,
        quiet(10),
    ],
    default: true,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        let mut detector = Hampel::new(values.count("period")?, values.number("threshold")?)?;
        detector.kernel.set_floor(Floor::from_values(values)?);
        detector.kernel.quiet = Quiet::new(values.count("quiet")?)?;
        Ok(Box::new(detector))
    },
};

/// Raises on a price that is far from the median of those before it: a bad print, or the first quote of a jump.
///
/// Median and MAD hardly move for a few wrong values, so one bad print neither hides the next one nor makes the good quotes
/// after it look wrong. The window starts anew with each session, unless there is one quote a session.
///
/// # Formula
/// `|price - median| > threshold · max(1.4826 · MAD, floor)`, with the true median absolute deviation. The floor is such
/// that a distance below `min_move_bp` never is an anomaly, nor one of less than `min_ticks` ticks. Score: the distance in
/// deviations, and 0 within `min_move_bp`. Value: the price, threshold: the bound on its side.
///
/// # Parameters
/// `period` (21, odd), `threshold` (10), `min_move_bp` (80), `min_ticks` (4), `quiet` (10): quotes in a row within the
/// bound before it raises again.
///
/// # Example
/// ```
/// use stockflow_core::{AnomalyDetectorExt, Quality, Quote, anomaly::Hampel};
///
/// let mut quote = Quote {
///     symbol: "AAPL".parse()?,
///     timestamp: "2026-11-23T14:30:00Z".parse()?,
///     open: "100".parse()?,
///     high: "101".parse()?,
///     low: "99".parse()?,
///     price: "100".parse()?,
///     previous_close: "100".parse()?,
///     volume: 1_000.try_into()?,
/// };
/// let mut detector = Hampel::new(21, 10.0)?;
/// for price in ["100", "100.01", "100.03"].into_iter().cycle().take(30) {
///     quote.price = price.parse()?;
///     assert!(detector.observe(&quote).evidence().is_none());
/// }
/// quote.price = "10.01".parse()?;
/// assert!(detector.observe(&quote).evidence().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant for nearly every quote: where most of the window lies in a band that is within `min_move_bp` of the new price, the median does too,
/// and those in the band are counted as they come and go. Where the band is too far off, one or two passes over the window; and where most
/// of it is not near the price at all, two selections, some dozen times as dear. Looks back `period` + `quiet` + 2 quotes; 8 bytes for
/// each of the period, shared as those of [`Drift`](super::Drift).
///
/// # Source
/// F. R. Hampel, "The influence curve and its role in robust estimation", 1974.
#[derive(Clone, Debug)]
#[doc(alias = "MAD")]
pub struct Hampel {
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

impl Hampel {
    /// Judges by the last `period` prices, raises beyond `threshold` deviations; the rest as by default.
    ///
    /// # Errors
    /// [`InvalidConfig`] for an even period, one outside 5 to 401, or a threshold outside 1 to 1,000.
    pub fn new(period: usize, threshold: f64) -> Result<Self, InvalidConfig> {
        within("period", period, 5, 401)?;
        within("threshold", threshold, 1.0, 1_000.0)?;
        let kernel = State::new(period, threshold, Floor::new(80.0, 4)?, Quiet::new(10)?)?;
        Ok(Self::with_kernel(kernel))
    }

    /// With another smallest distance, in basis points and in ticks.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 0 to 10,000 basis points or 0 to 1,000 ticks.
    pub fn with_min_move(mut self, basis_points: f64, ticks: i64) -> Result<Self, InvalidConfig> {
        self.kernel.set_floor(Floor::new(basis_points, ticks)?);
        Ok(self)
    }
}

standalone! {
    Hampel,
    lookback: |kernel| usize::from(kernel.period) + kernel.quiet.lookback() + 2,
    // A unit error is a bad print like any other.
    tolerates: Quality::OUTSIDE_RANGE | Quality::STALE | Quality::GAP | Quality::UNIT_ERROR,
}
