use super::{Confirmation, TOLERATED, TrendDetector, TrendSignal, filter::Filter, weights};
use crate::{
    InvalidConfig, Price, Quality, Quote, Severity,
    params::{Entry, Param, ParamKind, within},
    rolling::Window,
};

pub(super) const ENTRY: Entry<dyn TrendDetector> = Entry {
    name: "ema_crossover",
    summary: "a short exponential average crosses a long one",
    params: &[
        Param {
            name: "fast",
            about: "period of the short average, in quotes; less than slow",
            kind: ParamKind::Integer { default: 12, min: 1, max: 169 },
        },
        Param {
            name: "slow",
            about: "period of the long average, in quotes",
            kind: ParamKind::Integer { default: 26, min: 2, max: 170 },
        },
        Confirmation::SMOOTHING,
        Confirmation::BAND,
        Confirmation::MEMORY,
    ],
    default: false,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        let confirmation = Confirmation::from_values(values)?;
        let (fast, slow) = (values.count("fast")?, values.count("slow")?);
        Ok(Box::new(EmaCrossover::new(fast, slow, confirmation)?))
    },
};

/// Turns when a short exponential average of the price crosses a long one and stays on the other side.
///
/// # Formula
/// `EMAₙ = Σ (1-α)ⁱ·pᵢ / Σ (1-α)ⁱ` over the last `k·n` prices, newest first, with `α = 2/(n+1)` and `k = 8`. The average that
/// runs on for ever gives the prices before these the share `(1-α)^(k·n)`, less than 1.2·10⁻⁷; here they have none, so that
/// the signal depends on [`lookback`](TrendDetector::lookback) quotes to the bit. Where 512 quotes leave no room for
/// `8·slow`, `k` is as large as fits, and at least 3 (a share of 0.25 %).
///
/// The trend goes up while `EMA_fast > EMA_slow`, down while it is less; a crossing counts once it is beyond the noise,
/// as [`Confirmation`] says. Difference and smoothing together are one weighted sum over the changes of price.
///
/// Evidence: the value is the short average, the threshold the long one, in the currency; the score is the strength in
/// standard errors.
///
/// # Parameters
/// `fast` (12), `slow` (26): periods in quotes, `fast < slow`. `smoothing` (40), `band` (1.25), `memory` (160): see [`Confirmation`].
///
/// # Example
/// ```
/// use stockflow_core::{TrendDetector, trend::{Confirmation, EmaCrossover}};
///
/// let trend = EmaCrossover::new(12, 26, Confirmation::default())?;
/// assert_eq!(trend.lookback(), 8 * 26 + 40 - 2 + 160);
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
///
/// # Cost
/// `k·slow + smoothing` multiplications a quote; 0.1 µs with the defaults. State: two numbers for each.
///
/// # Source
/// R. G. Brown, "Smoothing, Forecasting and Prediction of Discrete Time Series" (1963), for the average. Why it is cut off:
/// `docs/adr/0001-truncated-exponential-averages.md`.
#[derive(Clone, Debug)]
#[doc(alias = "EMA")]
pub struct EmaCrossover {
    filter: Filter,
    /// How far the averages are behind the newest price, as weights of changes, oldest first.
    lags: [Box<[f64]>; 2],
}

impl EmaCrossover {
    /// With the periods `fast` and `slow`, in quotes.
    ///
    /// # Errors
    /// [`InvalidConfig`] unless `1 ≤ fast < slow` and all that is looked back on fits [`MAX_LOOKBACK`](crate::MAX_LOOKBACK).
    pub fn new(
        fast: usize,
        slow: usize,
        confirmation: Confirmation,
    ) -> Result<Self, InvalidConfig> {
        confirmation.check()?;
        within("slow", slow, 2, 170)?;
        within("fast", fast, 1, slow - 1)?;
        let terms = weights::terms_per_period("slow", slow, slow, confirmation.room()?)?;
        let average = |period| weights::exponential(weights::alpha(period), terms * period);
        let (fast, slow_average) = (average(fast), average(slow));
        let difference = weights::difference(&fast, &slow_average);
        let lag = |average: &[f64]| weights::lag(average).into();
        Ok(Self {
            filter: Filter::new(&difference, slow, confirmation)?,
            lags: [lag(&fast), lag(&slow_average)],
        })
    }
}

impl TrendDetector for EmaCrossover {
    fn lookback(&self) -> usize {
        self.filter.lookback()
    }

    fn tolerates(&self) -> Quality {
        TOLERATED
    }

    fn update(&mut self, quote: &Quote) -> TrendSignal {
        let averages = |changes: &Window| {
            let average = |lag: &[f64]| {
                let behind = changes.weighted_sum(lag).unwrap_or(0.0);
                (quote.price.units() as f64 - behind) / Price::UNITS_PER_ONE as f64
            };
            (average(&self.lags[0]), average(&self.lags[1]))
        };
        self.filter.update(quote, averages)
    }

    fn reset(&mut self) {
        self.filter.reset();
    }
}
