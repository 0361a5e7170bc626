use super::{
    AnomalyDetector, Verdict,
    kernel::{Kernel, standalone},
    shared::percent,
};
use crate::{
    Direction, Evidence, Price, Quality, Quote, Severity,
    params::{Entry, InvalidConfig, Param, ParamKind},
    session::{Following, Sessions},
};

pub(super) const ENTRY: Entry<dyn AnomalyDetector> = Entry {
    name: "price_level",
    summary: "price passes a level that you set",
    params: &[
        Param {
            name: "above",
            about: "raises when the price comes to be above this",
            kind: ParamKind::Price,
        },
        Param {
            name: "below",
            about: "raises when the price comes to be below this",
            kind: ParamKind::Price,
        },
    ],
    // It has nothing to go by until a level is set for a symbol.
    default: false,
    severity: Severity::Warning,
    exact: true,
    build: |values| Ok(Box::new(PriceLevel::new(values.price("above"), values.price("below"))?)),
};

/// Raises when the price passes a level: the alert that people ask for first.
///
/// # Formula
/// Up: `price > above` after a quote with `price <= above`. Down: `price < below` after one with `price >= below`. Score: distance from the
/// level in percent. Value: the price, threshold: the level.
///
/// # Parameters
/// `above`, `below`: prices, of which at least one is set.
///
/// # Example
/// ```
/// use stockflow_core::{AnomalyDetectorExt, Quote, anomaly::PriceLevel};
///
/// let price = "199.50".parse()?;
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
/// let mut detector = PriceLevel::new(Some("200".parse()?), None)?;
/// assert!(detector.observe(&quote).evidence().is_none());
/// quote.price = "200.05".parse()?;
/// assert!(detector.observe(&quote).evidence().is_some());
/// quote.price = "200.10".parse()?;
/// assert!(detector.observe(&quote).evidence().is_none(), "it was above before");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Constant. Looks back 1 quote.
///
/// # Source
/// Every broker's price alert.
#[derive(Clone, Debug)]
pub struct PriceLevel {
    pub(super) kernel: State,
    pub(super) sessions: Sessions,
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    above: Option<Price>,
    below: Option<Price>,
}

impl PriceLevel {
    /// Raises above `above` and below `below`.
    ///
    /// # Errors
    /// [`InvalidConfig`] if neither is set, or `below` is higher than `above`.
    pub fn new(above: Option<Price>, below: Option<Price>) -> Result<Self, InvalidConfig> {
        match (above, below) {
            (None, None) => Err(InvalidConfig::new("above", "absent", "a price, or one for below")),
            (Some(above), Some(below)) if below > above => {
                Err(InvalidConfig::new("below", below, format!("at most {above}, as above says")))
            }
            _ => Ok(Self::with_kernel(State { above, below })),
        }
    }
}

impl State {
    fn passed(&self, before: Price, now: Price) -> Option<(Direction, Price)> {
        let above = self.above.filter(|&level| before <= level && now > level);
        let below = self.below.filter(|&level| before >= level && now < level);
        above.map(|level| (Direction::Up, level)).or(below.map(|level| (Direction::Down, level)))
    }
}

impl Kernel for State {
    #[inline(always)]
    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let Some(before) = following.before else { return Verdict::WarmingUp };
        let Some((direction, level)) = self.passed(before.price, quote.price) else {
            return Verdict::Normal { score: 0.0 };
        };
        Verdict::Anomalous(Evidence {
            direction,
            score: percent(level, quote.price).abs(),
            value: quote.price.to_f64(),
            threshold: level.to_f64(),
        })
    }

    fn update(&mut self, _: &Quote, _: &Following<'_>) {}

    fn reset(&mut self) {}
}

standalone! {
    PriceLevel,
    lookback: |_| 1,
    // A level is set for prices as they were; after a split it means something else.
    tolerates: Quality::ALL.without(Quality::SUSPECTED_SPLIT | Quality::UNIT_ERROR),
}
