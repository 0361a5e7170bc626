mod state;

use super::{
    AnomalyDetector, Verdict,
    kernel::{Kernel as _, standalone},
    shared::{Quiet, quiet},
};
use crate::{
    Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind, within},
    session::Sessions,
};

pub(crate) use self::state::State;

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
            kind: ParamKind::Number { default: 3.5, min: 1.0, max: 10_000.0 },
        },
        Param {
            name: "burst",
            about: "quotes in a row beyond the bound that make a burst out of single trades",
            kind: ParamKind::Integer { default: 4, min: 1, max: 10 },
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
        let mut detector = VolumeSpike::new(values.count("period")?, values.number("factor")?)?;
        detector.kernel.burst = values.count("burst")? as u32;
        detector.kernel.share = values.number("share")? / 100.0;
        detector.kernel.quiet = Quiet::new(values.count("quiet")?)?;
        Ok(Box::new(detector))
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
/// `period` (48 quotes), `factor` (3.5), `burst` (4; 1 for data in which a quote stands for a day), `share` (0.3 %), `quiet` (30):
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
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

impl VolumeSpike {
    /// Judges by the last `period` quotes of the session, raises beyond `factor` times their mean; the rest as by default.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a period outside 5 to 380 or a factor outside 1 to 10,000.
    pub fn new(period: usize, factor: f64) -> Result<Self, InvalidConfig> {
        within("period", period, 5, 380)?;
        within("factor", factor, 1.0, 10_000.0)?;
        let kernel = State::new(period, factor, Quiet::new(30)?)?;
        Ok(Self::with_kernel(kernel))
    }
}

standalone! {
    VolumeSpike,
    lookback: State::lookback,
    tolerates: Quality::OUTSIDE_RANGE | Quality::STALE | Quality::GAP | Quality::UNIT_ERROR,
}
