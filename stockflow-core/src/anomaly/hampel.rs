use super::{
    AnomalyDetector, Verdict,
    shared::{Band, Floor, MIN_TICKS, Quiet, beyond, min_move_bp, quiet},
};
use crate::{
    Evidence, Price, Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind, within},
    rolling::{Median, Ring},
    session::{Sessions, Step},
};

/// Deviations of a normal distribution in its median absolute deviation.
const NORMAL: f64 = 1.482_602_218_505_602;

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
        let detector = Hampel::new(values.count("period")?, values.number("threshold")?)?;
        Ok(Box::new(Hampel {
            floor: Floor::from_values(values)?,
            quiet: Quiet::new(values.count("quiet")?)?,
            ..detector
        }))
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
/// Constant while most prices of the window lie within `min_move_bp` of the new one, which then is so near the median, too.
/// Otherwise one insertion into a sorted window and a bisection ([`Median`]). Looks back `period` + `quiet` + 2 quotes; 24 bytes for
/// each of the period.
///
/// # Source
/// F. R. Hampel, "The influence curve and its role in robust estimation", 1974.
#[derive(Clone, Debug)]
#[doc(alias = "MAD")]
pub struct Hampel {
    threshold: f64,
    floor: Floor,
    quiet: Quiet,
    sessions: Sessions,
    prices: Ring,
    newest: Cluster,
    /// The window in order; kept up to date only while it is asked for.
    median: Median,
    is_sorted: bool,
    /// Quotes since it was asked for.
    idle: usize,
}

/// The range of the newest prices, as far back as it is narrow.
#[derive(Clone, Copy, Debug, Default)]
struct Cluster {
    low: i64,
    high: i64,
    count: usize,
}

impl Hampel {
    /// Judges by the last `period` prices, raises beyond `threshold` deviations; the rest as by default.
    ///
    /// # Errors
    /// [`InvalidConfig`] for an even period, one outside 5 to 401, or a threshold outside 1 to 1,000.
    pub fn new(period: usize, threshold: f64) -> Result<Self, InvalidConfig> {
        within("period", period, 5, 401)?;
        within("threshold", threshold, 1.0, 1_000.0)?;
        Ok(Self {
            threshold,
            floor: Floor::new(80.0, 4)?,
            quiet: Quiet::new(10)?,
            sessions: Sessions::default(),
            prices: Ring::new(period)?,
            newest: Cluster::default(),
            median: Median::new(period)?,
            is_sorted: false,
            idle: 0,
        })
    }

    /// With another smallest distance, in basis points and in ticks.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 0 to 10,000 basis points or 0 to 1,000 ticks.
    pub fn with_min_move(mut self, basis_points: f64, ticks: i64) -> Result<Self, InvalidConfig> {
        self.floor = Floor::new(basis_points, ticks)?;
        Ok(self)
    }

    /// Whether `quote` is so near most of the window that it is within the floor around the median, wherever that is.
    #[inline]
    fn is_near(&self, quote: &Quote) -> bool {
        let Cluster { low, high, count } = self.newest;
        let distance = (quote.price.units() - low).abs().max((quote.price.units() - high).abs());
        count > self.prices.period() / 2 && distance as f64 <= low as f64 * self.floor.share()
    }

    /// Whether `quote` follows a full window of its session.
    #[inline]
    fn is_known(&self, quote: &Quote) -> bool {
        self.prices.is_full() && self.sessions.step(quote) == Step::Next
    }

    /// Brings the sorted window up to date.
    fn sort(&mut self) {
        if !self.is_sorted {
            self.median.clear();
            self.prices.iter().for_each(|price| self.median.push(price));
            self.is_sorted = true;
        }
        self.idle = 0;
    }

    /// Where `quote` is in the band around the median, once that is sorted; none within the floor.
    #[inline]
    fn measure(&self, median: &Median, quote: &Quote) -> Option<(f64, Band)> {
        let (center, mad) = (median.median()? as f64, median.mad()? as f64);
        let least = center * self.floor.share();
        if (quote.price.units() as f64 - center).abs() <= least {
            return None;
        }
        let band = Band { center, deviation: (mad * NORMAL).max(least / self.threshold) };
        Some((band.score(quote.price.units()), band))
    }

    /// The same, sorting only where it has to.
    #[inline]
    fn place(&mut self, quote: &Quote) -> Option<(f64, Band)> {
        if !self.is_known(quote) || self.is_near(quote) {
            return None;
        }
        self.sort();
        self.measure(&self.median, quote)
    }

    #[inline]
    fn verdict(&self, placed: Option<(f64, Band)>, quote: &Quote) -> Verdict {
        let Some((score, band)) = placed else { return Verdict::Normal { score: 0.0 } };
        match beyond(score, self.threshold) {
            Some(direction) if self.quiet.is_over(direction) && !self.is_small(band, quote) => {
                let one = Price::UNITS_PER_ONE as f64;
                Verdict::Anomalous(Evidence {
                    direction,
                    score: score.abs(),
                    value: quote.price.to_f64(),
                    threshold: band.at(self.threshold.copysign(score)) / one,
                })
            }
            _ => Verdict::Normal { score: score.abs() },
        }
    }

    fn is_small(&self, band: Band, quote: &Quote) -> bool {
        let center = Price::from_units(band.center as i64).unwrap_or(quote.price);
        self.floor.is_few_ticks(center, quote)
    }

    #[inline]
    fn learn(&mut self, quote: &Quote, placed: Option<(f64, Band)>) {
        if self.sessions.advance(quote) == Step::Open {
            self.clear();
        }
        let units = quote.price.units();
        self.quiet.learn(placed.and_then(|(score, _)| beyond(score, self.threshold)));
        self.prices.push(units);
        self.newest.push(&self.prices, self.floor.share());
        if self.is_sorted {
            self.median.push(units);
            self.idle += 1;
            self.is_sorted = self.idle < 2 * self.prices.period();
        }
    }

    fn clear(&mut self) {
        self.quiet.reset();
        self.prices.clear();
        self.newest = Cluster::default();
        self.is_sorted = false;
    }
}

impl Cluster {
    /// Takes in the newest of `prices`. Where the range would become wider than `share` of itself, starts anew with as many
    /// of the newest as make a majority, or fit.
    fn push(&mut self, prices: &Ring, share: f64) {
        let Some(price) = prices.newest() else { return };
        if self.widen(price, share) {
            return;
        }
        *self = Self { low: price, high: price, count: 1 };
        let majority = prices.period() / 2 + 1;
        let _ = prices.iter().rev().take(majority).skip(1).all(|price| self.widen(price, share));
    }

    /// Takes in `price` if the range stays narrow.
    fn widen(&mut self, price: i64, share: f64) -> bool {
        let (low, high) = (self.low.min(price), self.high.max(price));
        let fits = self.count > 0 && (high - low) as f64 <= low as f64 * share;
        if fits {
            *self = Self { low, high, count: self.count + 1 };
        }
        fits
    }
}

impl AnomalyDetector for Hampel {
    fn lookback(&self) -> usize {
        self.prices.period() + self.quiet.lookback() + 2
    }

    fn tolerates(&self) -> Quality {
        // A unit error is a bad print like any other.
        Quality::OUTSIDE_RANGE | Quality::STALE | Quality::GAP | Quality::UNIT_ERROR
    }

    fn score(&self, quote: &Quote) -> Verdict {
        if !self.is_known(quote) {
            return Verdict::WarmingUp;
        }
        let placed = if self.is_near(quote) {
            None
        } else if self.is_sorted {
            self.measure(&self.median, quote)
        } else {
            let mut copy = self.clone();
            copy.sort();
            self.measure(&copy.median, quote)
        };
        self.verdict(placed, quote)
    }

    fn update(&mut self, quote: &Quote) {
        let placed = self.place(quote);
        self.learn(quote, placed);
    }

    fn judge(&mut self, quote: &Quote, _: Quality) -> Verdict {
        let is_known = self.is_known(quote);
        let placed = self.place(quote);
        let verdict = if is_known { self.verdict(placed, quote) } else { Verdict::WarmingUp };
        self.learn(quote, placed);
        verdict
    }

    fn reset(&mut self) {
        self.sessions = Sessions::default();
        self.clear();
    }
}
