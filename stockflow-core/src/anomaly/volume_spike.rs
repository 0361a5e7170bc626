use super::{
    AnomalyDetector, Verdict,
    shared::{Quiet, quiet},
};
use crate::{
    Direction, Evidence, Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind, within},
    rolling::Ring,
    session::{Sessions, Step, Tip},
};

/// Newest quotes that do not count as usual yet, so that a burst does not become so while it lasts.
const LAG: usize = 12;

pub(super) const ENTRY: Entry<dyn AnomalyDetector> = Entry {
    name: "volume_spike",
    summary: "many times the usual volume since the last quote",
    params: &[
        Param {
            name: "period",
            about: "quotes of the session that say what is usual",
            kind: ParamKind::Integer { default: 48, min: 5, max: 380 },
        },
        Param {
            name: "factor",
            about: "times the mean volume of a quote",
            kind: ParamKind::Number { default: 5.0, min: 1.0, max: 10_000.0 },
        },
        Param {
            name: "burst",
            about: "quotes in a row beyond the bound that make a burst out of single trades",
            kind: ParamKind::Integer { default: 3, min: 1, max: 10 },
        },
        Param {
            name: "share",
            about: "percent of the day's volume so far",
            kind: ParamKind::Number { default: 0.3, min: 0.0, max: 100.0 },
        },
        quiet(30),
    ],
    default: true,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        let detector = VolumeSpike::new(values.count("period")?, values.number("factor")?)?;
        Ok(Box::new(VolumeSpike {
            burst: values.count("burst")? as u32,
            share: values.number("share")? / 100.0,
            quiet: Quiet::new(values.count("quiet")?)?,
            ..detector
        }))
    },
};

/// Raises when much more is traded between two quotes than between those before them.
///
/// A quote carries the volume of the day so far; what counts here is the difference to the quote before it, scaled down if
/// it took longer than usual. Each session starts with an empty window: the first quotes, which are the busiest of the day,
/// say what is usual but are not judged. Volumes have heavy tails: single blocks and the closing auction are a part of every day.
/// So it takes some quotes in a row to make a burst, and each has to be a share of the day's volume so far,
/// which makes the trades of a tick feed matter only if they matter for the day.
///
/// # Formula
/// `v = volume since the quote before · min(1, mean interval / interval)`; anomalous is the quote with which
/// `v > max(factor · mean, share · day's volume)` has held `burst` times in a row, the mean being that of `period`
/// quotes of the session before the newest 12. Score: `v / mean`, and 0 up to the bound. Value: v in shares, threshold: the bound.
///
/// # Parameters
/// `period` (48 quotes), `factor` (5), `burst` (3; 1 for data in which a quote stands for a day), `share` (0.3 %), `quiet` (30):
/// quotes in a row without a burst before it raises again.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use stockflow_core::{AnomalyDetectorExt, Quote, Volume, anomaly::VolumeSpike};
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
/// let mut detector = VolumeSpike::new(20, 5.0)?;
/// let mut trade = |shares: i64| {
///     quote.timestamp = quote.timestamp.saturating_add(Duration::from_secs(60));
///     quote.volume = Volume::new(quote.volume.get() + shares)?;
///     Ok::<_, Box<dyn std::error::Error>>(detector.observe(&quote))
/// };
/// for shares in [1_000, 1_500].into_iter().cycle().take(40) {
///     assert!(trade(shares)?.evidence().is_none());
/// }
/// assert!(trade(20_000)?.evidence().is_none(), "a block");
/// assert!(trade(20_000)?.evidence().is_none());
/// assert!(trade(20_000)?.evidence().is_some(), "a burst");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant on average. Looks back `period` + `burst` + `quiet` + 14 quotes; 16 bytes for each of the period.
///
/// # Source
/// Relative volume, as traders' screens show it; the bounds against tails and shape of the day are ours.
#[derive(Clone, Debug)]
#[doc(alias = "RVOL")]
pub struct VolumeSpike {
    factor: f64,
    burst: u32,
    share: f64,
    quiet: Quiet,
    sessions: Sessions,
    /// Quotes in a row beyond the bound, up to `burst`.
    run: u32,
    /// Volume since the quote before, and market time in microseconds.
    trades: Ring<(i64, i64)>,
    /// Volumes of the oldest `period` trades.
    sum: i64,
}

impl VolumeSpike {
    /// Judges by the last `period` quotes of the session, raises beyond `factor` times their mean; the rest as by default.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a period outside 5 to 380 or a factor outside 1 to 10,000.
    pub fn new(period: usize, factor: f64) -> Result<Self, InvalidConfig> {
        within("period", period, 5, 380)?;
        within("factor", factor, 1.0, 10_000.0)?;
        Ok(Self {
            factor,
            burst: 3,
            share: 0.003,
            quiet: Quiet::new(30)?,
            sessions: Sessions::default(),
            run: 0,
            trades: Ring::new(period + LAG)?,
            sum: 0,
        })
    }

    fn period(&self) -> f64 {
        (self.trades.period() - LAG) as f64
    }

    /// Volume since the quote before, as if it had come at the usual pace.
    fn paced(&self, tip: &Tip, quote: &Quote) -> f64 {
        let took = quote.timestamp.as_micros().saturating_sub(tip.time.as_micros()) as f64;
        let volume = tip.volume_until(quote) as f64;
        let (Some((_, newest)), Some((_, oldest))) = (self.trades.newest(), self.trades.oldest())
        else {
            return volume;
        };
        let usual = newest.saturating_sub(oldest).max(0) as f64;
        let usual = usual / (self.trades.period() - 1) as f64;
        if took > usual { volume * (usual / took) } else { volume }
    }

    /// How `quote` compares with what is usual; none before that is known.
    #[inline]
    fn measure(&self, quote: &Quote) -> Option<Measured> {
        let tip = self.sessions.tip()?;
        if !self.trades.is_full() || self.sessions.step(quote) != Step::Next {
            return None;
        }
        let (volume, period) = (tip.volume_until(quote) as f64, self.period());
        let (day, usual) = (self.share * quote.volume.get() as f64, self.sum as f64);
        // Nearly every quote; and where nothing was traded so far, any first trade would be infinitely much.
        if volume <= day || volume * period <= self.factor * usual || usual == 0.0 {
            return Some(Measured { volume, bound: day, score: 0.0, run: 0 });
        }
        let mean = usual / period;
        let bound = (self.factor * mean).max(day);
        let volume = self.paced(tip, quote);
        let run = if volume > bound { self.burst.min(self.run + 1) } else { 0 };
        Some(Measured { volume, bound, score: volume / mean, run })
    }

    #[inline]
    fn verdict(&self, measured: Option<&Measured>) -> Verdict {
        let Some(&Measured { volume, bound, score, run }) = measured else {
            return Verdict::WarmingUp;
        };
        if run == self.burst && self.quiet.is_over(Direction::Up) {
            return Verdict::Anomalous(Evidence {
                direction: Direction::Up,
                score,
                value: volume,
                threshold: bound,
            });
        }
        Verdict::Normal { score }
    }

    #[inline]
    fn learn(&mut self, quote: &Quote, measured: Option<&Measured>) {
        let volume = self.sessions.tip().map(|tip| tip.volume_until(quote));
        match (self.sessions.advance(quote), volume) {
            (Step::Next, Some(volume)) => {
                self.run = measured.map_or(0, |measured| measured.run);
                self.quiet.learn((self.run == self.burst).then_some(Direction::Up));
                let gone = self.trades.push((volume, quote.timestamp.as_micros()));
                let settled = self.trades.back(LAG).map_or(0, |(volume, _)| volume);
                self.sum += settled - gone.map_or(0, |(volume, _)| volume);
            }
            (Step::Open, _) => self.clear(),
            _ => {}
        }
    }

    fn clear(&mut self) {
        self.quiet.reset();
        self.run = 0;
        self.trades.clear();
        self.sum = 0;
    }
}

#[derive(Clone, Copy, Debug)]
struct Measured {
    volume: f64,
    bound: f64,
    score: f64,
    /// Quotes in a row beyond the bound, this one included.
    run: u32,
}

impl AnomalyDetector for VolumeSpike {
    fn lookback(&self) -> usize {
        self.trades.period() + self.burst as usize + self.quiet.lookback() + 2
    }

    fn tolerates(&self) -> Quality {
        Quality::OUTSIDE_RANGE | Quality::STALE | Quality::GAP | Quality::UNIT_ERROR
    }

    fn score(&self, quote: &Quote) -> Verdict {
        self.verdict(self.measure(quote).as_ref())
    }

    fn update(&mut self, quote: &Quote) {
        let measured = self.measure(quote);
        self.learn(quote, measured.as_ref());
    }

    fn judge(&mut self, quote: &Quote, _: Quality) -> Verdict {
        let measured = self.measure(quote);
        let verdict = self.verdict(measured.as_ref());
        self.learn(quote, measured.as_ref());
        verdict
    }

    fn reset(&mut self) {
        self.sessions = Sessions::default();
        self.clear();
    }
}
