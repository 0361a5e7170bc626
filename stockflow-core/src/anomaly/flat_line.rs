use std::time::Duration;

use super::{
    AnomalyDetector, Verdict,
    kernel::{Kernel, standalone},
};
use crate::{
    Direction, Evidence, Quality, Quote, Severity, Timestamp,
    params::{Entry, InvalidConfig, Param, ParamKind, within},
    session::{Following, Sessions, Step, Tip},
};

/// Unchanged quotes in a row that are followed; longer runs are not judged any more.
const LONGEST: u32 = 440;
const MINUTE: Duration = Duration::from_secs(60);

pub(super) const ENTRY: Entry<dyn AnomalyDetector> = Entry {
    name: "flat_line",
    summary: "quotes keep coming, but nothing is traded any more: a halt, or a frozen feed",
    params: &[
        Param {
            name: "period",
            about: "quotes before the standstill that say how often the symbol trades",
            kind: ParamKind::Integer { default: 60, min: 5, max: 60 },
        },
        Param {
            name: "missed",
            about: "changes that were to be expected since",
            kind: ParamKind::Number { default: 15.0, min: 1.0, max: 400.0 },
        },
        Param {
            name: "min_time",
            about: "shortest standstill, in market time",
            kind: ParamKind::Duration {
                default: MINUTE.saturating_mul(4),
                min: Duration::ZERO,
                max: MINUTE.saturating_mul(24 * 60),
            },
        },
    ],
    default: true,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        Ok(Box::new(FlatLine::new(
            values.count("period")?,
            values.number("missed")?,
            values.duration("min_time")?,
        )?))
    },
};

/// Raises when price and volume stand still for much longer than usual while quotes keep coming; once per standstill.
///
/// How often a symbol trades is measured, so that one that trades twice an hour is not called halted every ten minutes. A
/// feed that goes on after the close with new times looks the same as a halt: let its source flag such quotes as
/// [`OFF_SESSION`](Quality::OFF_SESSION), which are not judged.
///
/// # Formula
/// With `c` of the `period` quotes `n` before the standstill having changed price or volume, a quote changes nothing with a
/// probability of `q = 1 - c / (n + 1)`, and `λ = ln(1 / q)` changes are to be expected of it by Poisson's law: of a symbol that
/// changes with one quote in ten, 0.1; of one that changed with each of 60 quotes, 4. Anomalous where `r · λ > missed` after `r` unchanged
/// quotes in a row, and at least `min_time` after the last change: by chance that happens with a probability of `qʳ = exp(-missed)`. The
/// logarithm is taken as the sum of `1 / (k - ½)`, which has the same bits on every machine and is 0.03 too small at most. Score: the changes
/// missed. Value: seconds since the last change, threshold: `min_time` in seconds.
///
/// # Parameters
/// `period` (60 quotes), `missed` (15), `min_time` (4 minutes). A standstill of more than 440 quotes is not judged any more.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use stockflow_core::{AnomalyDetectorExt, Quote, Volume, anomaly::FlatLine};
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
/// let mut detector = FlatLine::new(60, 15.0, Duration::from_secs(240))?;
/// let mut after_ten_seconds = |traded: i64| {
///     quote.timestamp = quote.timestamp.saturating_add(Duration::from_secs(10));
///     quote.volume = Volume::new(quote.volume.get() + traded)?;
///     Ok::<_, Box<dyn std::error::Error>>(detector.observe(&quote))
/// };
/// for _ in 0..100 {
///     assert!(after_ten_seconds(500)?.evidence().is_none());
/// }
/// let mut raised = Vec::new();
/// for count in 1..=60 {
///     if after_ten_seconds(0)?.evidence().is_some() {
///         raised.push(count);
///     }
/// }
/// assert_eq!(raised, [24], "once, after four minutes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant. Looks back `period` + 442 quotes; 1 byte for each of the period.
///
/// # Source
/// Stale-price checks of market-data vendors; the scaling with the usual rate is ours.
#[derive(Clone, Debug)]
#[doc(alias = "halt")]
pub struct FlatLine {
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    missed: f64,
    min_time: Duration,
    period: u8,
    /// How many of the last quotes are known, up to `period`, and which of those changed price or volume: the newest in the lowest bit.
    known: u8,
    changed: u64,
    /// How many of them did.
    changes: u8,
    run: Run,
}

/// Unchanged quotes in a row.
#[derive(Clone, Copy, Debug)]
struct Run {
    length: u32,
    /// Time of the last change.
    since: Timestamp,
    /// Changes among the `period` quotes before it; none while warming up.
    changes: Option<u32>,
    raised: bool,
}

const NO_RUN: Run = Run { length: 0, since: Timestamp::MIN, changes: None, raised: false };

impl FlatLine {
    /// Raises when `missed` changes were to be expected and `min_time` has passed.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a period outside 5 to 60, less than 1 or more than 400 changes, or more than a day.
    pub fn new(period: usize, missed: f64, min_time: Duration) -> Result<Self, InvalidConfig> {
        within("period", period, 5, 60)?;
        within("missed", missed, 1.0, 400.0)?;
        within("min_time", min_time.as_secs_f64(), 0.0, 86_400.0)?;
        let kernel = State {
            missed,
            min_time,
            period: period as u8,
            known: 0,
            changed: 0,
            changes: 0,
            run: NO_RUN,
        };
        Ok(Self::with_kernel(kernel))
    }
}

impl State {
    const fn forget(&mut self) {
        self.known = 0;
        self.changed = 0;
        self.changes = 0;
    }

    /// Changes to be expected of a quote where `changes` of the period's did change something.
    fn rate(&self, changes: u32) -> f64 {
        let last = u32::from(self.period) + 1;
        (last - changes + 1..=last).map(|k| 1.0 / (f64::from(k) - 0.5)).sum()
    }

    /// Score of a standstill that goes on with `quote`, and whether it is too long.
    fn missed(&self, changes: u32, quote: &Quote) -> (f64, bool) {
        let missed = self.rate(changes) * f64::from(self.run.length + 1);
        (missed, missed > self.missed && quote.timestamp.since(self.run.since) >= self.min_time)
    }
}

fn is_unchanged(tip: &Tip, quote: &Quote) -> bool {
    tip.price == quote.price && tip.volume == quote.volume && tip.open == quote.open
}

impl Kernel for State {
    #[inline(always)]
    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let Some(tip) = following.before else { return Verdict::WarmingUp };
        if !is_unchanged(tip, quote) || self.run.length >= LONGEST {
            return Verdict::Normal { score: 0.0 };
        }
        let Some(changes) = self.run.changes else { return Verdict::WarmingUp };
        match self.missed(changes, quote) {
            (score, true) if !self.run.raised => Verdict::Anomalous(Evidence {
                direction: Direction::Flat,
                score,
                value: quote.timestamp.since(self.run.since).as_secs_f64(),
                threshold: self.min_time.as_secs_f64(),
            }),
            (score, _) => Verdict::Normal { score },
        }
    }

    #[inline(always)]
    fn update(&mut self, quote: &Quote, following: &Following<'_>) {
        let unchanged = following.before.is_some_and(|tip| is_unchanged(tip, quote));
        if unchanged {
            self.run.raised |=
                self.run.changes.is_some_and(|changes| self.missed(changes, quote).1);
            self.run.length = LONGEST.min(self.run.length + 1);
        }
        match following.step {
            Step::First => {}
            Step::Open => {
                self.forget();
            }
            Step::Next => {
                self.known = self.period.min(self.known + 1);
                let gone = self.changed >> (self.period - 1) & 1;
                self.changed = self.changed << 1 | u64::from(!unchanged);
                self.changes = self.changes + u8::from(!unchanged) - gone as u8;
            }
        }
        if !unchanged {
            let changes = (self.known == self.period).then_some(u32::from(self.changes));
            self.run = Run { since: quote.timestamp, changes, ..NO_RUN };
        }
    }

    fn reset(&mut self) {
        self.forget();
        self.run = NO_RUN;
    }
}

standalone! {
    FlatLine,
    lookback: |kernel| usize::from(kernel.period) + LONGEST as usize + 2,
    tolerates: Quality::OUTSIDE_RANGE | Quality::STALE | Quality::GAP,
}
