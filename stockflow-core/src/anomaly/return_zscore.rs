use super::{
    AnomalyDetector, Verdict,
    kernel::{Kernel, standalone},
    shared::{Band, Floor, MIN_TICKS, Opening, beyond, paced_move_bp},
};
use crate::{
    Evidence, Price, Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind, within},
    rolling::{RETURN_UNITS_PER_ONE, Sums},
    session::{Following, Needs, Sessions, Step},
};

/// A return of 1.
const ONE: f64 = RETURN_UNITS_PER_ONE as f64;

pub(super) const ENTRY: Entry<dyn AnomalyDetector> = Entry {
    name: "return_zscore",
    summary: "one quote's return far from those before it: spikes",
    params: &[
        Param {
            name: "period",
            about: "returns that say what is usual",
            kind: ParamKind::Integer { default: 60, min: 10, max: 510 },
        },
        Param {
            name: "threshold",
            about: "deviations from the mean return",
            kind: ParamKind::Number { default: 4.25, min: 1.0, max: 1_000.0 },
        },
        paced_move_bp(30.0),
        MIN_TICKS,
    ],
    default: true,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        let mut detector = ReturnZScore::new(values.count("period")?, values.number("threshold")?)?;
        detector.kernel.floor = Floor::from_values(values)?;
        Ok(Box::new(detector))
    },
};

/// Raises on a return that is many standard deviations away from the mean of those before it.
///
/// A return over night is not judged, and counts as none in what follows ([`OpenGap`](super::OpenGap) is for those), unless
/// there is one quote a session, as in daily data.
///
/// # Formula
/// `z = (r - mean) / max(sd, floor / threshold)` over the last `period` returns ([`midpoint_return`](crate::rolling::midpoint_return)); anomalous where
/// `|z| > threshold` (twice that for the first 30 quotes after an open), `|r| > floor`, and the price has moved by `min_ticks` ticks at
/// least. The floor is `min_move_bp` where the last 16 quotes came every 10 seconds or faster, and less in proportion where
/// they came more slowly, down to a sixth of it for a quote a minute. Score: |z|, and 0 up to the floor. Value: the change in percent,
/// threshold: the bound on its side.
///
/// # Parameters
/// `period` (60), `threshold` (4.25), `min_move_bp` (30; 5 for a quote a minute), `min_ticks` (4).
///
/// # Example
/// ```
/// use stockflow_core::{AnomalyDetectorExt, Quote, anomaly::ReturnZScore};
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
/// let mut detector = ReturnZScore::new(20, 4.25)?;
/// for price in ["100", "100.01"].into_iter().cycle().take(30) {
///     quote.price = price.parse()?;
///     assert!(detector.observe(&quote).evidence().is_none());
/// }
/// quote.price = "100.75".parse()?;
/// assert!(detector.observe(&quote).evidence().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant: one division; one root where the move is above the smallest. Looks back `period` + 2 quotes; 4 bytes for each,
/// shared as those of [`Drift`](super::Drift).
///
/// # Source
/// Shewhart's control chart on returns; sums in integers as [`Moments`](crate::rolling::Moments) says.
#[derive(Clone, Debug)]
#[doc(alias = "Bollinger")]
pub struct ReturnZScore {
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    threshold: f64,
    floor: Floor,
    period: u16,
    opening: Opening,
    /// Of the last `period` returns.
    sums: Sums,
}

impl ReturnZScore {
    /// Judges by the last `period` returns, raises beyond `threshold` deviations; smallest moves as by default.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a period outside 10 to 510 or a threshold outside 1 to 1,000.
    pub fn new(period: usize, threshold: f64) -> Result<Self, InvalidConfig> {
        within("period", period, 10, 510)?;
        within("threshold", threshold, 1.0, 1_000.0)?;
        let (floor, period) = (Floor::new(30.0, 4)?, period as u16);
        let opening = Opening::new();
        let kernel = State { threshold, floor, period, opening, sums: Sums::NONE };
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

impl State {
    #[inline(always)]
    fn verdict(&self, quote: &Quote, following: &Following<'_>) -> Verdict {
        if following.returns.len() < usize::from(self.period) {
            return Verdict::WarmingUp;
        }
        let least = self.floor.paced_share(following) * ONE;
        match (following.step, following.before) {
            (Step::Next, Some(before)) if following.change.abs() as f64 > least => {
                self.judge_move(least, before.price, quote, following.change)
            }
            _ => Verdict::Normal { score: 0.0 },
        }
    }

    #[inline(always)]
    fn learn(&mut self, following: &Following<'_>) {
        if following.before.is_some() {
            let gone = following.returns.back(usize::from(self.period) - 1);
            self.sums.replace(gone.map(i64::from), following.change);
            self.opening.push(following.step == Step::Open);
        }
    }

    /// Of a move by `value`, which is more than `least`.
    #[cold]
    fn judge_move(&self, least: f64, before: Price, quote: &Quote, value: i64) -> Verdict {
        let n = usize::from(self.period);
        let threshold = self.threshold * self.opening.factor();
        let deviation = self.sums.deviation(n).max(least / threshold);
        let band = Band { center: self.sums.mean(n), deviation };
        let score = band.score(value);
        match beyond(score, threshold) {
            Some(direction) if !self.floor.is_few_ticks(before, quote) => {
                Verdict::Anomalous(Evidence {
                    direction,
                    score: score.abs(),
                    value: value as f64 * (100.0 / ONE),
                    threshold: band.at(threshold.copysign(score)) * (100.0 / ONE),
                })
            }
            _ => Verdict::Normal { score: score.abs() },
        }
    }
}

impl Kernel for State {
    fn needs(&self) -> Needs {
        Needs { returns: self.period.into(), ..Needs::default() }
    }

    #[inline(always)]
    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        self.verdict(quote, following)
    }

    #[inline(always)]
    fn update(&mut self, _: &Quote, following: &Following<'_>) {
        self.learn(following);
    }

    fn reset(&mut self) {
        self.sums = Sums::NONE;
        self.opening = Opening::new();
    }
}

standalone! {
    ReturnZScore,
    // At least what the pace and the open are told from.
    lookback: |kernel| usize::from(kernel.period).max(Opening::QUOTES as usize) + 2,
    tolerates: Quality::OUTSIDE_RANGE | Quality::STALE | Quality::GAP,
}
