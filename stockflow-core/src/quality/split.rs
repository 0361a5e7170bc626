//! Which moves of the price level look like a split.

use crate::{Price, Quote, session::Tip};

/// New shares for old ones. A reverse split is the same the other way round, but for 2 for 3: nobody does that, while
/// a price that rises by half over night is news.
const SPLITS: [(i64, i64); 8] = [(2, 1), (3, 1), (3, 2), (4, 1), (5, 1), (7, 1), (10, 1), (20, 1)];

/// Up to this, a symbol's price may change between two quotes by itself without being called nervous.
const CALM: (i64, i64) = (6, 5);

/// How the price level may have moved, with the ratio of new to old price as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ratio {
    new: i64,
    old: i64,
}

fn ratios() -> impl Iterator<Item = Ratio> {
    let reverse = SPLITS.iter().filter(|split| **split != (3, 2));
    let forward = SPLITS.iter().map(|&(shares, old)| Ratio { new: old, old: shares });
    forward.chain(reverse.map(|&(shares, old)| Ratio { new: shares, old }))
}

/// The usual ratio of prices that is nearest to `ratio`, in proportion.
pub(crate) fn nearest_split(ratio: f64) -> f64 {
    let off = |usual: f64| (ratio / usual).max(usual / ratio);
    ratios()
        .map(|Ratio { new, old }| new as f64 / old as f64)
        .min_by(|a, b| off(*a).total_cmp(&off(*b)))
        .unwrap_or(1.0)
}

impl Ratio {
    /// Four to one and beyond.
    const fn is_large(self) -> bool {
        self.new >= 4 * self.old || self.old >= 4 * self.new
    }

    /// Whether `after` is within `percent` of what `before` becomes.
    fn fits(self, before: Price, after: Price, percent: i64) -> bool {
        let expected = i128::from(before.units()) * i128::from(self.new);
        let actual = i128::from(after.units()) * i128::from(self.old);
        (actual - expected).abs() * 100 <= expected * i128::from(percent)
    }

    /// A large move is less likely to be one of the market, so it may be less exact.
    const fn tolerance(self) -> i64 {
        if self.is_large() { 15 } else { 3 }
    }
}

/// Cheap check: whether the price is so far from the last one that a split comes into question at all.
pub(super) const fn is_worth_asking(before: Price, after: Price) -> bool {
    let (before, after) = (before.units(), after.units());
    after * 5 < before * 4 || after * 5 > before * 8
}

/// Whether the level moved between the last quote `tip` and `quote`, the first of its session, as in a split.
///
/// `recent` are the prices before, newest first.
pub(super) fn is_suspected(tip: &Tip, quote: &Quote, recent: impl Iterator<Item = Price>) -> bool {
    let close = quote.previous_close;
    if is_near(tip.price, close, 4) {
        // The previous close is as it was traded, so the open tells.
        return ratios()
            .find(|ratio| ratio.fits(close, quote.open, ratio.tolerance()))
            .is_some_and(|ratio| {
                let holds = ratio.fits(close, quote.price, 25);
                // No market multiplies a price by four over night.
                let alone = ratio.is_large() && ratio.new > ratio.old;
                holds && (alone || (is_orderly(tip, quote) && is_calm(recent)))
            });
    }
    // The feed has adjusted the previous close: what it says about yesterday is no longer what was traded then.
    let days = quote.timestamp.since(tip.time).as_secs() / 86_400;
    days <= 7
        && is_near(close, quote.open, 4)
        && ratios().any(|ratio| ratio.fits(tip.price, close, ratio.tolerance().min(5)))
}

/// Within one part in `part`.
const fn is_near(a: Price, b: Price, part: i64) -> bool {
    (a.units() - b.units()).abs() < a.units() / part
}

/// No crash's day: a range of less than a fifth, and not many times the turnover of the last session.
fn is_orderly(tip: &Tip, quote: &Quote) -> bool {
    let turnover = |volume: i64, price: Price| i128::from(volume) * i128::from(price.units());
    let before = turnover(tip.volume.get(), tip.price);
    quote.high.units() / 6 < quote.low.units() / 5
        && (before == 0 || turnover(quote.volume.get(), quote.price) < before * 6)
}

/// Whether the prices before did not jump about: a symbol in distress falls by a half and by a third on its own.
fn is_calm(mut newest_first: impl Iterator<Item = Price>) -> bool {
    let Some(mut next) = newest_first.next().map(Price::units) else { return false };
    newest_first.map(Price::units).all(|before| {
        let (low, high) = (before.min(next), before.max(next));
        next = before;
        high / CALM.0 <= low / CALM.1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_ratio_is_nearest_in_proportion() {
        assert_eq!(nearest_split(0.51), 0.5);
        assert_eq!(nearest_split(0.6808), 2.0 / 3.0);
        assert_eq!(nearest_split(17.4), 20.0);
        assert_eq!(nearest_split(0.145), 1.0 / 7.0);
        assert_eq!(nearest_split(1e-9), 0.05);
    }
}
