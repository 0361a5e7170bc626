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
    name: "range_break",
    summary: "price leaves the range of the quotes a while ago: crashes, step by step or at once",
    params: &[
        Param {
            name: "period",
            about: "quotes that make up the range",
            kind: ParamKind::Integer { default: 60, min: 5, max: 300 },
        },
        Param {
            name: "lag",
            about: "quotes since then, which the move may take",
            kind: ParamKind::Integer { default: 15, min: 1, max: 100 },
        },
        Param {
            name: "margin",
            about: "distance from the range, in widths of the range",
            kind: ParamKind::Number { default: 1.5, min: 0.0, max: 1_000.0 },
        },
        min_move_bp(100.0),
        MIN_TICKS,
        quiet(30),
    ],
    default: true,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        let mut detector = RangeBreak::new(
            values.count("period")?,
            values.count("lag")?,
            values.number("margin")?,
        )?;
        detector.kernel.floor = Floor::from_values(values)?;
        detector.kernel.quiet = Quiet::new(values.count("quiet")?)?;
        Ok(Box::new(detector))
    },
};

/// Raises when the price has gone far out of the range in which it was a while ago.
///
/// The range leaves out the newest `lag` quotes, so that a fall in many small steps, none of which is unusual, is
/// seen as well as a single jump. The width of the range is the measure of volatility (Parkinson's): it grows with the
/// sampling interval as the moves do. The window starts anew with each session, unless there is one quote a session.
///
/// # Formula
/// With the lowest and highest price `l`, `h` of the `period` quotes before the newest `lag`: anomalous where the price is
/// above `h` or below `l` by more than `margin · (h - l)`, `min_move_bp` of the price `lag` quotes ago, and `min_ticks` ticks. Score: the
/// distance from the middle in units in which the bound is at 1, and 0 within `min_move_bp` of the price `lag` quotes ago. Value: the price,
/// threshold: the bound on its side.
///
/// # Parameters
/// `period` (60), `lag` (15), `margin` (1.5 widths), `min_move_bp` (100), `min_ticks` (4), `quiet` (30): quotes in a row within
/// the bound before it raises again.
///
/// # Example
/// ```
/// use stockflow_core::{AnomalyDetectorExt, Quote, anomaly::RangeBreak};
///
/// let mut quote = Quote {
///     symbol: "AAPL".parse()?,
///     timestamp: "2026-11-23T14:30:00Z".parse()?,
///     open: "100".parse()?,
///     high: "101".parse()?,
///     low: "95".parse()?,
///     price: "100".parse()?,
///     previous_close: "100".parse()?,
///     volume: 1_000.try_into()?,
/// };
/// let mut detector = RangeBreak::new(20, 5, 1.5)?;
/// for price in ["100", "100.15", "100.09"].into_iter().cycle().take(30) {
///     quote.price = price.parse()?;
///     assert!(detector.observe(&quote).evidence().is_none());
/// }
/// let mut fall = ["99.8", "99.5", "99.2", "98.85"].iter();
/// let raised = fall.position(|price| {
///     quote.price = price.parse().unwrap();
///     detector.observe(&quote).evidence().is_some()
/// });
/// assert_eq!(raised, Some(3), "more than 1 % below 100");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant; a scan of the window only where the price has moved by more than `min_move_bp` within `lag` quotes. Looks back
/// `period` + `lag` + `quiet` + 2 quotes; 8 bytes for each of the first two, shared as those of [`Drift`](super::Drift).
///
/// # Source
/// R. Donchian's channel; the lag and the margin in widths are ours.
#[derive(Clone, Debug)]
pub struct RangeBreak {
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

impl RangeBreak {
    /// Judges by the range of `period` quotes that ends `lag` quotes ago, raises `margin` widths outside; the rest as by
    /// default.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a period outside 5 to 300, a lag outside 1 to 100 or a margin outside 0 to 1,000.
    pub fn new(period: usize, lag: usize, margin: f64) -> Result<Self, InvalidConfig> {
        within("period", period, 5, 300)?;
        within("lag", lag, 1, 100)?;
        within("margin", margin, 0.0, 1_000.0)?;
        let (floor, quiet) = (Floor::new(100.0, 4)?, Quiet::new(30)?);
        let kernel = State { margin, floor, quiet, period: period as u16, lag: lag as u16 };
        Ok(Self::with_kernel(kernel))
    }

    /// With another smallest distance from the range, in basis points and in ticks.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 0 to 10,000 basis points or 0 to 1,000 ticks.
    pub fn with_min_move(mut self, basis_points: f64, ticks: i64) -> Result<Self, InvalidConfig> {
        self.kernel.floor = Floor::new(basis_points, ticks)?;
        Ok(self)
    }
}

standalone! {
    RangeBreak,
    lookback: |kernel| kernel.prices() + kernel.quiet.lookback() + 2,
    tolerates: Quality::OUTSIDE_RANGE | Quality::STALE | Quality::GAP,
}
