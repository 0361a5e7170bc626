use super::{Confirmation, TOLERATED, TrendDetector, TrendSignal, turns::Turns, weights};
use crate::{
    InvalidConfig, Price, Quality, Quote, Severity,
    params::{Entry, Param, ParamKind, within},
    rolling::{Ring, to_f64},
};

pub(super) const ENTRY: Entry<dyn TrendDetector> = Entry {
    name: "sma_crossover",
    summary: "a short moving average crosses a long one",
    params: &[
        Param {
            name: "fast",
            about: "period of the short average, in quotes; less than slow",
            kind: ParamKind::Integer { default: 5, min: 1, max: 255 },
        },
        Param {
            name: "slow",
            about: "period of the long average, in quotes",
            kind: ParamKind::Integer { default: 20, min: 2, max: 256 },
        },
        Confirmation::SMOOTHING,
        Param {
            kind: ParamKind::Number { default: 1.4, min: 0.0, max: 20.0 },
            ..Confirmation::BAND
        },
        Confirmation::MEMORY,
    ],
    default: true,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        let confirmation = Confirmation::from_values(values)?;
        let (fast, slow) = (values.count("fast")?, values.count("slow")?);
        Ok(Box::new(SmaCrossover::new(fast, slow, confirmation)?))
    },
};

/// Turns when a short moving average of the price crosses a long one and stays on the other side.
///
/// # Formula
/// `SMAₙ = (p₀ + … + pₙ₋₁) / n` over the last `n` prices. The trend goes up while `SMA_fast > SMA_slow`, down while it is less;
/// equal averages are neither, and hide no crossing. Both are compared exactly, by cross-multiplying integer sums. A crossing
/// counts once it is beyond the noise, as [`Confirmation`] says.
///
/// Evidence: the value is the short average, the threshold the long one, in the currency; the score is the strength in
/// standard errors.
///
/// # Parameters
/// `fast` (5), `slow` (20): periods in quotes, `fast < slow`. `smoothing` (40), `band` (1.4), `memory` (160): see [`Confirmation`].
/// With [`Confirmation::RAW`] every crossing is a turn: about 25 a day on one-minute quotes.
///
/// # Example
/// ```
/// use stockflow_core::{Quote, TrendDetector, TrendSignal, trend::{Confirmation, SmaCrossover}};
///
/// let mut trend = SmaCrossover::new(1, 3, Confirmation::RAW)?;
/// let mut quote = Quote {
///     symbol: "IBM".parse()?,
///     timestamp: "2026-11-23T14:30:00Z".parse()?,
///     open: "10".parse()?,
///     high: "12".parse()?,
///     low: "9".parse()?,
///     price: "10".parse()?,
///     previous_close: "10".parse()?,
///     volume: 1_000.try_into()?,
/// };
/// let mut last = TrendSignal::WarmingUp;
/// for price in ["12", "11", "10", "9", "12"] {
///     quote.price = price.parse()?;
///     last = trend.update(&quote);
/// }
/// assert!(matches!(last, TrendSignal::Turned(evidence) if evidence.value == 12.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant for each quote: a few integer sums. State: rings of `slow`, `smoothing` and their sum of numbers.
///
/// # Source
/// The crossover of two moving averages is a rule of technical analysis as old as the averages; Brock, Lakonishok and LeBaron,
/// "Simple Technical Trading Rules and the Stochastic Properties of Stock Returns" (1992), study it with a band. The band in
/// standard errors of a random walk is our own.
#[derive(Clone, Debug)]
#[doc(alias = "SMA")]
pub struct SmaCrossover {
    fast: usize,
    slow: usize,
    /// The last `slow` prices.
    prices: Ring,
    /// `slow · sum_fast - fast · sum_slow`: the newest, those of the last quotes, and their sum.
    difference: i128,
    differences: Ring<i128>,
    total: i128,
    /// `fast · slow · smoothing`: what the total is divided by.
    scale: f64,
    turns: Turns,
    lookback: usize,
}

impl SmaCrossover {
    /// With the periods `fast` and `slow`, in quotes.
    ///
    /// # Errors
    /// [`InvalidConfig`] unless `1 ≤ fast < slow ≤ 256` and all that is looked back on fits [`MAX_LOOKBACK`](crate::MAX_LOOKBACK).
    pub fn new(
        fast: usize,
        slow: usize,
        confirmation: Confirmation,
    ) -> Result<Self, InvalidConfig> {
        confirmation.check()?;
        within("slow", slow, 2, confirmation.room()?.min(256))?;
        within("fast", fast, 1, slow - 1)?;
        let Confirmation { smoothing, memory, .. } = confirmation;
        let difference = weights::difference(&weights::simple(fast), &weights::simple(slow));
        let mean = weights::convolved(&difference, &weights::simple(smoothing));
        let changes = slow + smoothing - 2;
        Ok(Self {
            fast,
            slow,
            prices: Ring::new(slow)?,
            difference: 0,
            differences: Ring::new(smoothing)?,
            total: 0,
            scale: (fast * slow * smoothing) as f64,
            turns: Turns::new(confirmation, &weights::of_changes(&mean), changes)?,
            lookback: changes + memory,
        })
    }

    #[inline]
    fn push(&mut self, quote: &Quote) {
        self.turns.push(quote);
        let price = quote.price.units();
        let leaves_fast = self.prices.back(self.fast - 1).unwrap_or(0);
        let leaves_slow = self.prices.push(price).unwrap_or(0);
        let times = |period: usize, change: i64| i128::from(period as i64) * i128::from(change);
        self.difference += times(self.slow, price - leaves_fast);
        self.difference -= times(self.fast, price - leaves_slow);
        if self.prices.is_full() {
            let gone = self.differences.push(self.difference);
            self.total += self.difference - gone.unwrap_or(0);
        }
    }
}

impl TrendDetector for SmaCrossover {
    fn lookback(&self) -> usize {
        self.lookback
    }

    fn tolerates(&self) -> Quality {
        TOLERATED
    }

    fn update(&mut self, quote: &Quote) -> TrendSignal {
        self.push(quote);
        if !self.differences.is_full() {
            return TrendSignal::WarmingUp;
        }
        let mean = to_f64(self.total) / self.scale;
        let Self { fast, slow, prices, difference, turns, .. } = self;
        let averages = |_| (average(prices, *fast), average(prices, *slow));
        turns.signal(mean, || to_f64(*difference), averages)
    }

    fn reset(&mut self) {
        self.prices.clear();
        self.difference = 0;
        self.differences.clear();
        self.total = 0;
        self.turns.reset();
    }
}

/// Mean of the last `period` prices, in the currency.
fn average(prices: &Ring, period: usize) -> f64 {
    let sum = prices.iter().rev().take(period).map(i128::from).sum();
    to_f64(sum) / period as f64 / Price::UNITS_PER_ONE as f64
}
