use super::{
    AnomalyDetector, Verdict,
    shared::{Band, Floor, MIN_TICKS, Quiet, beyond, min_move_bp, quiet},
};
use crate::{
    Evidence, Price, Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind, within},
    rolling::Median,
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
/// deviations. Value: the price, threshold: the bound on its side.
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
/// One insertion into a sorted window and a bisection ([`Median`]). Looks back `period` + `quiet` + 2 quotes; 16 bytes for each
/// of the period.
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
    prices: Median,
    /// For the next price; none while warming up.
    band: Option<Band>,
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
            prices: Median::new(period)?,
            band: None,
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

    fn judge(&self, band: Band, quote: &Quote) -> Verdict {
        let score = band.score(quote.price.units());
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
}

impl AnomalyDetector for Hampel {
    fn lookback(&self) -> usize {
        self.prices.values().period() + self.quiet.lookback() + 2
    }

    fn tolerates(&self) -> Quality {
        // A unit error is a bad print like any other.
        Quality::OUTSIDE_RANGE | Quality::STALE | Quality::GAP | Quality::UNIT_ERROR
    }

    fn score(&self, quote: &Quote) -> Verdict {
        match self.band {
            Some(band) if self.sessions.step(quote) == Step::Next => self.judge(band, quote),
            _ => Verdict::WarmingUp,
        }
    }

    fn update(&mut self, quote: &Quote) {
        if self.sessions.advance(quote) == Step::Open {
            self.prices.clear();
            self.quiet.reset();
            self.band = None;
        }
        let units = quote.price.units();
        self.quiet.learn(self.band.and_then(|band| beyond(band.score(units), self.threshold)));
        self.prices.push(units);
        if let (Some(median), Some(mad)) = (self.prices.median(), self.prices.mad()) {
            let center = median as f64;
            let deviation = (mad as f64 * NORMAL).max(center * self.floor.share() / self.threshold);
            self.band = Some(Band { center, deviation });
        }
    }

    fn reset(&mut self) {
        self.quiet.reset();
        self.sessions = Sessions::default();
        self.prices.clear();
        self.band = None;
    }
}
