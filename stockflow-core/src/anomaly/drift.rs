mod state;

use super::{
    AnomalyDetector, Verdict,
    kernel::{Kernel as _, standalone},
    shared::{Floor, MIN_TICKS, Quiet, paced_move_bp, quiet},
};
use crate::{
    Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind, within},
    session::Sessions,
};

pub(crate) use self::state::State;

pub(super) const ENTRY: Entry<dyn AnomalyDetector> = Entry {
    name: "drift",
    summary: "price goes far within some quotes, none of which need be unusual: drifts, crashes in steps",
    params: &[
        Param {
            name: "period",
            about: "returns, older than the move, that say what is usual",
            kind: ParamKind::Integer { default: 60, min: 10, max: 300 },
        },
        Param {
            name: "span",
            about: "longest move, in quotes; moves a quarter as long are judged as well",
            kind: ParamKind::Integer { default: 20, min: 4, max: 64 },
        },
        Param {
            name: "threshold",
            about: "deviations of a move of that length",
            kind: ParamKind::Number { default: 4.25, min: 1.0, max: 1_000.0 },
        },
        paced_move_bp(120.0),
        MIN_TICKS,
        quiet(30),
    ],
    default: true,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        let (period, span) = (values.count("period")?, values.count("span")?);
        let mut detector = Drift::new(period, span, values.number("threshold")?)?;
        detector.kernel.floor = Floor::from_values(values)?;
        detector.kernel.quiet = Quiet::new(values.count("quiet")?)?;
        Ok(Box::new(detector))
    },
};

/// Raises when the price has gone further within `span` quotes, or a quarter as many, than it does by chance.
///
/// The sum of `n` returns that do not depend on each other has `√n` times the deviation of one. So a walk of many small steps in
/// one direction, and a fall in a few of them, are measured like a single jump. What is usual is told from the returns before the
/// move, so that it does not become so while it lasts. A move does not reach back over an open.
///
/// # Formula
/// `z = Σ r / (s · √n)` over the last `n` returns ([`midpoint_return`](crate::rolling::midpoint_return)), `n` being `span` and
/// `span / 4`, with the root mean square `s` of the `period` returns before the last `span`; anomalous where `|z| > threshold` for one of
/// them, `|Σ r|` is above `min_move_bp` at the pace of the quotes (see [`ReturnZScore`](super::ReturnZScore)), and the price has moved
/// by `min_ticks` ticks at least. A move of which a single return makes up three quarters is a jump, and left to the detectors of those. For the first 30 quotes after an open `s` counts twice. Score: the larger |z|. Value: the change in percent, threshold: the bound on its side.
///
/// # Parameters
/// `period` (60), `span` (20), `threshold` (4.25), `min_move_bp` (120 for quotes up to 10 s apart, 20 for a quote a minute), `min_ticks` (4),
/// `quiet` (30): quotes in a row within the bound before it raises again.
///
/// # Example
/// ```
/// use stockflow_core::{AnomalyDetectorExt, Quote, anomaly::Drift};
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
/// let mut detector = Drift::new(20, 8, 4.25)?;
/// let mut price = |price: f64| -> Result<bool, Box<dyn std::error::Error>> {
///     quote.timestamp = quote.timestamp.saturating_add(std::time::Duration::from_secs(60));
///     quote.price = format!("{price:.2}").parse()?;
///     Ok(detector.observe(&quote).evidence().is_some())
/// };
/// for i in 0..60 {
///     assert!(!price(100.0 + f64::from(i % 2) * 0.1)?);
/// }
/// let fall: Vec<bool> = (1..=8).map(|i| price(100.0 - 0.2 * f64::from(i))).collect::<Result<_, _>>()?;
/// assert_eq!(fall.iter().position(|raised| *raised), Some(5), "sixth of eight steps, each twice as large as usual");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant; one root where the price has moved. Looks back `period` + `span` + `quiet` + 2 quotes; 4 bytes for each of the first two, 8 more for each of
/// the span, and in an [`AnomalyBank`](crate::AnomalyBank) shared with the detectors that look back upon the same.
///
/// # Source
/// The variance of a random walk grows with its length (A. Lo and A. C. MacKinlay, "Stock Market Prices Do Not Follow Random Walks",
/// 1988, test that); the rule is ours.
#[derive(Clone, Debug)]
pub struct Drift {
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

impl Drift {
    /// Judges moves over `span` quotes and a quarter as many by the `period` returns before, raises beyond `threshold`
    /// deviations; the rest as by default.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a period outside 10 to 300, a span outside 4 to 64, or a threshold outside 1 to 1,000.
    pub fn new(period: usize, span: usize, threshold: f64) -> Result<Self, InvalidConfig> {
        within("period", period, 10, 300)?;
        within("span", span, 4, 64)?;
        within("threshold", threshold, 1.0, 1_000.0)?;
        let kernel = State::new(period, span, threshold, Floor::new(120.0, 4)?, Quiet::new(30)?);
        Ok(Self::with_kernel(kernel))
    }

    /// With another smallest move, in basis points for quotes up to 10 seconds apart, and in ticks.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 0 to 10,000 basis points or 0 to 1,000 ticks.
    pub fn with_min_move(mut self, basis_points: f64, ticks: i64) -> Result<Self, InvalidConfig> {
        self.kernel.floor = Floor::new(basis_points, ticks)?;
        Ok(self)
    }
}

standalone! {
    Drift,
    lookback: State::lookback,
    tolerates: Quality::OUTSIDE_RANGE | Quality::STALE | Quality::GAP,
}
