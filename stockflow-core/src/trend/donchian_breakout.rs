use super::{Confirmation, TOLERATED, TrendDetector, TrendSignal, turns::Turns};
use crate::{
    InvalidConfig, MAX_LOOKBACK, Price, Quality, Quote, Severity,
    params::{Entry, Param, ParamKind, within},
    rolling::Extremes,
};

pub(super) const ENTRY: Entry<dyn TrendDetector> = Entry {
    name: "donchian_breakout",
    summary: "the price leaves the range of the last quotes on the other side than before",
    params: &[
        Param {
            name: "period",
            about: "of how many quotes the range is taken",
            kind: ParamKind::Integer { default: 120, min: 2, max: 511 },
        },
        Param {
            name: "margin",
            about: "how far outside the price has to be, in root mean square changes of price",
            kind: ParamKind::Number { default: 1.5, min: 0.0, max: 20.0 },
        },
        Param {
            kind: ParamKind::Integer { default: 240, min: 1, max: 500 },
            ..Confirmation::MEMORY
        },
    ],
    default: false,
    severity: Severity::Warning,
    exact: true,
    build: |values| {
        let (margin, memory) = (values.number("margin")?, values.count("memory")?);
        Ok(Box::new(DonchianBreakout::new(values.count("period")?, margin, memory)?))
    },
};

/// Turns when the price breaks out of its channel on the other side than the last time.
///
/// # Formula
/// The channel reaches from the lowest to the highest of the `period` prices before the current one. The trend goes up when
/// the price is above it, down when it is below, by more than `margin · s`, with the root mean square `s` of the last
/// `period` changes of price. Between breakouts it goes on as before; a turn follows upon the opposite breakout within
/// `memory` quotes.
///
/// Evidence: the value is the price, the threshold the end of the channel that it left, in the currency; the score is the
/// distance between the two in units of `s`.
///
/// # Parameters
/// `period` (120), in quotes; `margin` (1.5), in root mean square changes; `memory` (240), in quotes.
///
/// # Example
/// ```
/// use stockflow_core::{TrendDetector, trend::DonchianBreakout};
///
/// let trend = DonchianBreakout::new(120, 1.5, 240)?;
/// assert_eq!(trend.lookback(), 120 + 240);
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
///
/// # Cost
/// Constant for each quote on average. State: three rings of `period` numbers.
///
/// # Source
/// R. D. Donchian's four-week rule, described in his "High Finance in Copper" (1960); the margin is our own.
#[derive(Clone, Debug)]
#[doc(alias = "channel breakout")]
pub struct DonchianBreakout {
    channel: Extremes,
    turns: Turns,
    lookback: usize,
}

impl DonchianBreakout {
    /// Out of the range of the last `period` prices.
    ///
    /// # Errors
    /// [`InvalidConfig`] unless `2 ≤ period`, `0 ≤ margin ≤ 20`, `1 ≤ memory ≤ 500`, and `period + memory` is at most
    /// [`MAX_LOOKBACK`].
    pub fn new(period: usize, margin: f64, memory: usize) -> Result<Self, InvalidConfig> {
        within("memory", memory, 1, 500)?;
        within("margin", margin, 0.0, 20.0)?;
        within("period", period, 2, MAX_LOOKBACK - memory)?;
        Ok(Self {
            channel: Extremes::new(period)?,
            turns: Turns::of_changes(period, margin, memory)?,
            lookback: period + memory,
        })
    }
}

impl TrendDetector for DonchianBreakout {
    fn lookback(&self) -> usize {
        self.lookback
    }

    fn tolerates(&self) -> Quality {
        TOLERATED
    }

    fn update(&mut self, quote: &Quote) -> TrendSignal {
        self.turns.push(quote);
        let price = quote.price.units();
        let channel = self.channel.min().zip(self.channel.max());
        let is_known = self.channel.is_full();
        self.channel.push(price);
        let (true, Some((low, high))) = (is_known, channel) else {
            return TrendSignal::WarmingUp;
        };
        let outside = price - price.clamp(low, high);
        let end = (price - outside) as f64 / Price::UNITS_PER_ONE as f64;
        let outside = outside as f64;
        self.turns.signal(outside, || outside, |_| (quote.price.to_f64(), end))
    }

    fn reset(&mut self) {
        self.channel.clear();
        self.turns.reset();
    }
}
