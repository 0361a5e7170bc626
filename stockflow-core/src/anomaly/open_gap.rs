use super::{
    AnomalyDetector, Verdict,
    kernel::{Kernel, standalone},
    shared::percent,
};
use crate::{
    Direction, Evidence, Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind, within},
    session::{Following, Sessions},
};

pub(super) const ENTRY: Entry<dyn AnomalyDetector> = Entry {
    name: "open_gap",
    summary: "a session opens far from the previous close",
    params: &[Param {
        name: "threshold",
        about: "open away from the previous close, in percent",
        kind: ParamKind::Number { default: 3.0, min: 0.01, max: 10_000.0 },
    }],
    default: true,
    severity: Severity::Warning,
    exact: true,
    build: |values| Ok(Box::new(OpenGap::new(values.number("threshold")?)?)),
};

/// Raises on the first quote of a session that opened far from the previous close.
///
/// # Formula
/// `|open - previous_close| · 100 > threshold · previous_close`, as integers, on a quote that
/// [starts a session](Quote::starts_session_after). Score and value: the gap in percent.
///
/// # Parameters
/// `threshold` in percent, default 3.
///
/// # Example
/// ```
/// use stockflow_core::{AnomalyDetectorExt, Quote, anomaly::OpenGap};
///
/// let close = "100".parse()?;
/// let evening = Quote {
///     symbol: "AAPL".parse()?,
///     timestamp: "2026-11-23T21:00:00Z".parse()?,
///     open: "101".parse()?,
///     high: "102".parse()?,
///     low: "99".parse()?,
///     price: close,
///     previous_close: "101".parse()?,
///     volume: 1_000_000.try_into()?,
/// };
/// let open = "94".parse()?;
/// let morning = Quote {
///     timestamp: "2026-11-24T14:30:00Z".parse()?,
///     open,
///     high: open,
///     low: open,
///     price: open,
///     previous_close: close,
///     volume: 5_000.try_into()?,
///     ..evening
/// };
/// let mut detector = OpenGap::new(3.0)?;
/// assert!(detector.observe(&evening).evidence().is_none());
/// assert_eq!(detector.observe(&morning).evidence().map(|e| e.value), Some(-6.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant. Looks back 1 quote.
///
/// # Source
/// Common usage among traders.
#[derive(Clone, Debug)]
pub struct OpenGap {
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    /// In 10⁻⁶ percent.
    threshold: i64,
}

impl OpenGap {
    /// Raises beyond `threshold` percent.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 0.01 to 10,000 percent.
    pub fn new(threshold: f64) -> Result<Self, InvalidConfig> {
        within("threshold", threshold, 0.01, 10_000.0)?;
        let kernel = State { threshold: (threshold * 1e6).round() as i64 };
        Ok(Self::with_kernel(kernel))
    }
}

impl Kernel for State {
    #[inline(always)]
    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        if following.before.is_none() {
            return Verdict::WarmingUp;
        }
        if !following.starts {
            return Verdict::Normal { score: 0.0 };
        }
        let gap = quote.open.units() - quote.previous_close.units();
        let value = percent(quote.previous_close, quote.open);
        let is_beyond = i128::from(gap.abs()) * 100_000_000
            > i128::from(self.threshold) * i128::from(quote.previous_close.units());
        if !is_beyond {
            return Verdict::Normal { score: value.abs() };
        }
        Verdict::Anomalous(Evidence {
            direction: if gap > 0 { Direction::Up } else { Direction::Down },
            score: value.abs(),
            value,
            threshold: (self.threshold as f64 / 1e6).copysign(value),
        })
    }

    fn update(&mut self, _: &Quote, _: &Following<'_>) {}

    fn reset(&mut self) {}
}

standalone! {
    OpenGap,
    lookback: |_| 1,
    tolerates: Quality::OUTSIDE_RANGE | Quality::STALE | Quality::GAP,
}
