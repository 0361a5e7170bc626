use super::{Confirmation, TOLERATED, TrendDetector, TrendSignal, turns::Turns, weights};
use crate::{
    InvalidConfig, MAX_LOOKBACK, Quality, Quote, Severity,
    params::{Entry, Param, ParamKind, within},
    rolling::{Sum, to_f64},
};

pub(super) const ENTRY: Entry<dyn TrendDetector> = Entry {
    name: "regression_slope",
    summary: "the straight line through the last prices changes its direction",
    params: &[
        Param {
            name: "period",
            about: "through how many prices the line is laid",
            kind: ParamKind::Integer { default: 60, min: 3, max: 512 },
        },
        Confirmation::BAND,
        Confirmation::MEMORY,
    ],
    default: false,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        let (band, memory) = (values.number("band")?, values.count("memory")?);
        Ok(Box::new(RegressionSlope::new(values.count("period")?, band, memory)?))
    },
};

/// Turns when the slope of the regression line through the last prices changes its sign, beyond the noise.
///
/// # Formula
/// Least squares over the last `n` prices, oldest first: `slope = 6·N / (n·(n²-1))` with the integer
/// `N = Σ (2i - (n-1))·pᵢ`, kept up to date exactly: when a price `p` replaces the oldest one `o`, and `S` is the sum of all `n`
/// prices before, `N` grows by `(n-1)·(p + o) - 2·(S - o)`.
///
/// The trend goes up while the slope exceeds `band` standard errors, down while it is below as many negative ones. The unit is
/// that of a price that walks at random, and the band widens with the rate of quotes, both as [`Confirmation`] says: the
/// standard error of textbooks, from the distances to the line, takes most random walks for trends. A turn follows upon its
/// opposite within `memory` quotes.
///
/// Evidence: the value is the slope in percent of the price a quote, the threshold what it has to exceed; the score is the
/// slope in standard errors.
///
/// # Parameters
/// `period` (60), in quotes; `band` (1.25), in standard errors for quotes a minute apart; `memory` (160), in quotes.
///
/// # Example
/// ```
/// use stockflow_core::{TrendDetector, trend::RegressionSlope};
///
/// let trend = RegressionSlope::new(60, 1.25, 160)?;
/// assert_eq!(trend.lookback(), 59 + 160);
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
///
/// # Cost
/// Constant for each quote. State: two rings of `period` numbers.
///
/// # Source
/// Least squares: A.-M. Legendre (1805). On the spurious slopes of random walks: C. W. J. Granger and P. Newbold, "Spurious
/// Regressions in Econometrics" (1974).
#[derive(Clone, Debug)]
#[doc(alias = "linear regression")]
pub struct RegressionSlope {
    prices: Sum,
    /// `N` of the formula, once `period` prices are held.
    numerator: i128,
    turns: Turns,
    lookback: usize,
}

impl RegressionSlope {
    /// Through the last `period` prices.
    ///
    /// # Errors
    /// [`InvalidConfig`] unless `3 ≤ period`, `0 ≤ band ≤ 20`, `1 ≤ memory ≤ 500`, and `period - 1 + memory` is at most
    /// [`MAX_LOOKBACK`].
    pub fn new(period: usize, band: f64, memory: usize) -> Result<Self, InvalidConfig> {
        let confirmation = Confirmation { smoothing: 1, band, memory };
        confirmation.check()?;
        within("period", period, 3, MAX_LOOKBACK + 1 - memory)?;
        let newest_first = (0..period).rev().map(|i| (2 * i) as f64 - (period - 1) as f64);
        let on_changes = weights::of_changes(&newest_first.collect::<Vec<_>>());
        Ok(Self {
            prices: Sum::new(period)?,
            numerator: 0,
            turns: Turns::new(confirmation, &on_changes, period - 1)?,
            lookback: period - 1 + memory,
        })
    }

    fn push(&mut self, price: i64) {
        let n = self.prices.values().period() as i128;
        let before = self.prices.sum();
        if let Some(gone) = self.prices.push(price) {
            let (price, gone) = (i128::from(price), i128::from(gone));
            self.numerator += (n - 1) * (price + gone) - 2 * (before - gone);
        } else if self.prices.is_full() {
            let weighted = (0_i128..).zip(self.prices.values().iter());
            self.numerator = weighted.map(|(i, p)| (2 * i - (n - 1)) * i128::from(p)).sum();
        }
    }
}

impl TrendDetector for RegressionSlope {
    fn lookback(&self) -> usize {
        self.lookback
    }

    fn tolerates(&self) -> Quality {
        TOLERATED
    }

    fn update(&mut self, quote: &Quote) -> TrendSignal {
        self.turns.push(quote);
        self.push(quote.price.units());
        if !self.prices.is_full() {
            return TrendSignal::WarmingUp;
        }
        let n = self.prices.values().period() as f64;
        let numerator = to_f64(self.numerator);
        let percent =
            |sum: f64| 100.0 * (6.0 * sum / (n * (n * n - 1.0))) / quote.price.units() as f64;
        self.turns.signal(numerator, || numerator, |bound| (percent(numerator), percent(bound)))
    }

    fn reset(&mut self) {
        self.prices.clear();
        self.numerator = 0;
        self.turns.reset();
    }
}
