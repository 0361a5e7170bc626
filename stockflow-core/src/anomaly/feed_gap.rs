use std::time::Duration;

use super::{
    AnomalyDetector, Verdict,
    kernel::{Kernel, standalone},
};
use crate::{
    Direction, Evidence, Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind, within},
    rolling::Sum,
    session::{Following, Sessions, Tip},
};

const MINUTE: Duration = Duration::from_secs(60);

pub(super) const ENTRY: Entry<dyn AnomalyDetector> = Entry {
    name: "feed_gap",
    summary: "first quote after a long pause within a session: the feed was gone, or trading was halted",
    params: &[
        Param {
            name: "max_gap",
            about: "longest pause that is never told",
            kind: ParamKind::Duration {
                default: MINUTE.saturating_mul(5),
                min: Duration::from_secs(1),
                max: MINUTE.saturating_mul(24 * 60),
            },
        },
        Param {
            name: "factor",
            about: "times the mean pause between quotes",
            kind: ParamKind::Number { default: 8.0, min: 1.0, max: 10_000.0 },
        },
        Param {
            name: "period",
            about: "pauses that say what is usual",
            kind: ParamKind::Integer { default: 20, min: 2, max: 500 },
        },
    ],
    default: true,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        Ok(Box::new(FeedGap::new(
            values.duration("max_gap")?,
            values.number("factor")?,
            values.count("period")?,
        )?))
    },
};

/// Raises on the first quote after a pause within a session that is long, and long for this symbol.
///
/// It speaks when the feed is back: core has no clock that could tell that nothing comes. A pause over night or between two
/// daily quotes is none.
///
/// # Formula
/// `pause > max(max_gap, factor · mean)`, the mean over the last `period` pauses within the session. Score: pause / mean (1 where the mean
/// is 0), and 0 up to `max_gap`. Value and threshold: seconds.
///
/// # Parameters
/// `max_gap` (5 minutes), `factor` (8), `period` (20).
///
/// # Example
/// ```
/// use std::time::Duration;
/// use stockflow_core::{AnomalyDetectorExt, Quote, anomaly::FeedGap};
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
///     volume: 1_000.try_into()?,
/// };
/// let mut detector = FeedGap::new(Duration::from_secs(300), 8.0, 20)?;
/// let mut after = |seconds| {
///     quote.timestamp = quote.timestamp.saturating_add(Duration::from_secs(seconds));
///     detector.observe(&quote).evidence().map(|evidence| evidence.value)
/// };
/// for _ in 0..30 {
///     assert_eq!(after(10), None);
/// }
/// assert_eq!(after(420), Some(420.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant. Looks back `period` + 1 quotes; 8 bytes for each.
///
/// # Source
/// Heartbeat checks; with exponential pauses, `factor` times the mean comes by chance with a probability of `exp(-factor)`.
#[derive(Clone, Debug)]
#[doc(alias = "halt")]
pub struct FeedGap {
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    max_gap: i64,
    factor: f64,
    /// Microseconds.
    pauses: Sum,
}

impl FeedGap {
    /// Raises on pauses above `max_gap` and above `factor` times the mean of the last `period` ones.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside a second to a day, a factor of 1 to 10,000, and 2 to 500 pauses.
    pub fn new(max_gap: Duration, factor: f64, period: usize) -> Result<Self, InvalidConfig> {
        within("max_gap", max_gap.as_secs_f64(), 1.0, 86_400.0)?;
        within("factor", factor, 1.0, 10_000.0)?;
        within("period", period, 2, 500)?;
        let max_gap = max_gap.as_micros() as i64;
        let kernel = State { max_gap, factor, pauses: Sum::new(period)? };
        Ok(Self::with_kernel(kernel))
    }
}

impl Kernel for State {
    #[inline(always)]
    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let (Some(before), true) = (following.before, self.pauses.is_full()) else {
            return Verdict::WarmingUp;
        };
        let pause = pause(before, quote);
        if pause <= self.max_gap || following.starts {
            return Verdict::Normal { score: 0.0 };
        }
        let mean = self.pauses.mean().unwrap_or(0.0);
        let pause = pause as f64;
        let score = if mean > 0.0 { pause / mean } else { 1.0 };
        let threshold = (self.max_gap as f64).max(self.factor * mean);
        if pause <= threshold {
            return Verdict::Normal { score };
        }
        Verdict::Anomalous(Evidence {
            direction: Direction::Flat,
            score,
            value: pause / 1e6,
            threshold: threshold / 1e6,
        })
    }

    #[inline(always)]
    fn update(&mut self, quote: &Quote, following: &Following<'_>) {
        match following.before {
            Some(_) if following.starts => self.pauses.clear(),
            Some(before) => {
                self.pauses.push(pause(before, quote));
            }
            None => {}
        }
    }

    fn reset(&mut self) {
        self.pauses.clear();
    }
}

standalone! {
    FeedGap,
    lookback: |kernel| kernel.pauses.values().period() + 1,
    tolerates: Quality::ALL.without(Quality::OFF_SESSION),
}

/// Microseconds.
fn pause(before: &Tip, quote: &Quote) -> i64 {
    (quote.timestamp.as_micros() - before.time.as_micros()).max(0)
}
