use crate::{
    Evidence, InvalidConfig, Price, Quality, Quote, Verdict,
    anomaly::{
        kernel::Kernel,
        shared::{Band, Floor, Quiet, beyond},
    },
    rolling::Ring,
    session::{Following, Step},
};

/// Deviations of a normal distribution in its median absolute deviation.
const NORMAL: f64 = 1.482_602_218_505_602;

#[derive(Clone, Debug)]
pub(crate) struct State {
    threshold: f64,
    floor: Floor,
    /// Share of a price within which a median is surely no further away than the floor says, seen from there.
    reach: f64,
    pub(super) quiet: Quiet,
    pub(super) prices: Ring,
}

impl State {
    pub(super) fn new(
        period: usize,
        threshold: f64,
        floor: Floor,
        quiet: Quiet,
    ) -> Result<Self, InvalidConfig> {
        if period.is_multiple_of(2) {
            return Err(InvalidConfig::new("period", period, "an odd number, 5 to 401"));
        }
        let mut state = Self { threshold, floor, reach: 0.0, quiet, prices: Ring::new(period)? };
        state.set_floor(floor);
        Ok(state)
    }

    pub(super) fn set_floor(&mut self, floor: Floor) {
        self.floor = floor;
        // Somewhat less, since it is not worked out exactly.
        self.reach = floor.share() / (1.0 + floor.share()) * (1.0 - 1e-9);
    }

    /// Whether most of the window is so near `quote` that the median, which then is among them, is surely within the floor.
    #[inline]
    fn is_near(&self, quote: &Quote) -> bool {
        /// Prices up to here, and their neighbours, are exact as floats.
        const EXACT: i64 = 1 << 52;
        let price = quote.price.units();
        if price > EXACT {
            return false;
        }
        let reach = (price as f64 * self.reach) as i64;
        let (low, span) = (price - reach, 2 * reach as u64);
        let count =
            |near: usize, held: &i64| near + usize::from(held.wrapping_sub(low) as u64 <= span);
        self.prices.unordered().iter().fold(0, count) > self.prices.period() / 2
    }

    /// Where `quote` is in the band around the median; none within the floor.
    #[cold]
    fn measure(&self, quote: &Quote) -> Option<(f64, Band)> {
        let mut window = self.prices.unordered().to_vec();
        let median = middle(&mut window);
        let center = median as f64;
        let least = center * self.floor.share();
        if (quote.price.units() as f64 - center).abs() <= least {
            return None;
        }
        window.iter_mut().for_each(|price| *price = (*price - median).abs());
        let mad = middle(&mut window) as f64;
        let band = Band { center, deviation: (mad * NORMAL).max(least / self.threshold) };
        Some((band.score(quote.price.units()), band))
    }

    /// The same, for a quote that follows a full window of its session; the outer `None` for another.
    #[inline(always)]
    fn place(&self, quote: &Quote, following: &Following<'_>) -> Option<Option<(f64, Band)>> {
        let is_known = self.prices.is_full() && following.step == Step::Next;
        is_known.then(|| if self.is_near(quote) { None } else { self.measure(quote) })
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

    #[inline(always)]
    fn learn(&mut self, quote: &Quote, step: Step, placed: Option<(f64, Band)>) {
        if step == Step::Open {
            self.reset();
        }
        self.quiet.learn(placed.and_then(|(score, _)| beyond(score, self.threshold)));
        self.prices.push(quote.price.units());
    }
}

/// The value in the middle, were they in order.
fn middle(values: &mut [i64]) -> i64 {
    let half = values.len() / 2;
    *values.select_nth_unstable(half).1
}

impl Kernel for State {
    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        self.place(quote, following)
            .map_or(Verdict::WarmingUp, |placed| self.verdict(placed, quote))
    }

    fn update(&mut self, quote: &Quote, following: &Following<'_>) {
        let placed = self.place(quote, following);
        self.learn(quote, following.step, placed.flatten());
    }

    #[inline(always)]
    fn judge(&mut self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let placed = self.place(quote, following);
        let verdict = placed.map_or(Verdict::WarmingUp, |placed| self.verdict(placed, quote));
        self.learn(quote, following.step, placed.flatten());
        verdict
    }

    fn reset(&mut self) {
        self.quiet.reset();
        self.prices.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Symbol, Timestamp, Volume};

    fn quote(price: Price) -> Quote {
        let symbol: Symbol = "A".parse().unwrap();
        Quote {
            symbol,
            timestamp: Timestamp::MIN,
            open: price,
            high: price,
            low: price,
            price,
            previous_close: price,
            volume: Volume::ZERO,
        }
    }

    proptest! {
        #[test]
        fn what_the_pass_calls_near_is_within_the_floor_of_the_median(
            middle in 1_i64..=Price::MAX.units(),
            basis_points in prop_oneof![Just(0.0), 0.000_001..1.0, 1.0..200.0, Just(10_000.0)],
            offsets in prop::collection::vec(-1.5_f64..1.5, 8),
        ) {
            let floor = Floor::new(basis_points, 4).unwrap();
            let mut state = State::new(7, 10.0, floor, Quiet::new(0).unwrap()).unwrap();
            let at = |offset: f64| {
                let units = middle as f64 * (1.0 + offset * floor.share());
                Price::from_units((units as i64).clamp(1, Price::MAX.units())).unwrap()
            };
            offsets[1..].iter().for_each(|offset| {
                state.prices.push(at(*offset).units());
            });
            let quote = quote(at(offsets[0]));
            if state.is_near(&quote) {
                prop_assert!(state.measure(&quote).is_none());
            }
        }
    }

    #[test]
    fn a_calm_window_is_near() {
        let floor = Floor::new(80.0, 4).unwrap();
        let mut state = State::new(21, 10.0, floor, Quiet::new(0).unwrap()).unwrap();
        let price: Price = "100".parse().unwrap();
        for _ in 0..21 {
            state.prices.push(price.units());
        }
        assert!(state.is_near(&quote("100.79".parse().unwrap())));
        assert!(!state.is_near(&quote("100.81".parse().unwrap())));
    }
}
