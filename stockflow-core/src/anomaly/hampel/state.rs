use super::crowd::Crowd;
use crate::{
    Evidence, InvalidConfig, Price, Quality, Quote, Verdict,
    anomaly::{
        kernel::Kernel,
        shared::{Band, Floor, Quiet, beyond},
    },
    rolling::Ring,
    session::{Following, Needs, Step},
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
    /// Prices in the window, which is of the session.
    pub(super) period: u16,
    crowd: Crowd,
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
        let (period, crowd) = (period as u16, Crowd::default());
        let mut state = Self { threshold, floor, reach: 0.0, quiet, period, crowd };
        state.set_floor(floor);
        Ok(state)
    }

    pub(super) fn set_floor(&mut self, floor: Floor) {
        self.floor = floor;
        // Somewhat less, since it is not worked out exactly.
        self.reach = floor.share() / (1.0 + floor.share()) * (1.0 - 1e-9);
    }

    /// How far from `price` a median is surely within the floor, seen from there; none if that is not exactly known.
    #[inline(always)]
    fn reach(&self, price: i64) -> Option<i64> {
        /// Prices up to here, and their neighbours, are exact as floats.
        const EXACT: i64 = 1 << 52;
        (price <= EXACT).then_some((price as f64 * self.reach) as i64)
    }

    /// Whether most of the window is so near `quote` that the median, which then is among them, is surely within the floor; and
    /// the crowd from now on.
    #[inline(always)]
    fn gather(&self, quote: &Quote, prices: &Ring) -> (bool, Crowd) {
        let price = quote.price.units();
        match self.reach(price) {
            None => (false, self.crowd),
            Some(reach)
                if self.crowd.is_most_of(self.period) && self.crowd.is_within(reach, price) =>
            {
                (true, self.crowd)
            }
            Some(reach) => self.gather_anew(price, reach, prices),
        }
    }

    #[cold]
    fn gather_anew(&self, price: i64, reach: i64, prices: &Ring) -> (bool, Crowd) {
        let window = || prices.newest_of(self.period.into());
        // A band half as wide, around what may be the middle of the window, serves for a while.
        let half = reach / 2;
        let middle = prices.back(usize::from(self.period / 2)).unwrap_or(price);
        let crowd = Crowd::around(middle.clamp(price - half, price + half), half, window());
        let is_near = crowd.is_most_of(self.period)
            || Crowd::around(price, reach, window()).is_most_of(self.period);
        (is_near, crowd)
    }

    /// Where `quote` is in the band around the median; none within the floor.
    #[cold]
    fn measure(&self, quote: &Quote, prices: &Ring) -> Option<(f64, Band)> {
        let mut window: Vec<i64> = prices.newest_of(self.period.into()).collect();
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

    /// The same, for a quote that follows a full window of its session, and the crowd from now on; none for another.
    #[inline(always)]
    fn place(
        &self,
        quote: &Quote,
        following: &Following<'_>,
    ) -> Option<(Option<(f64, Band)>, Crowd)> {
        let prices = following.prices;
        if prices.len() < usize::from(self.period) || following.step != Step::Next {
            return None;
        }
        let (is_near, crowd) = self.gather(quote, prices);
        Some((if is_near { None } else { self.measure(quote, prices) }, crowd))
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
    fn learn(
        &mut self,
        quote: &Quote,
        following: &Following<'_>,
        placed: Option<(Option<(f64, Band)>, Crowd)>,
    ) {
        if following.step == Step::Open {
            self.reset();
        }
        let (placed, crowd) = placed.unwrap_or((None, self.crowd));
        self.quiet.learn(placed.and_then(|(score, _)| beyond(score, self.threshold)));
        self.crowd = crowd;
        let gone = following.prices.back(usize::from(self.period) - 1);
        self.crowd.replace(gone.filter(|_| following.step != Step::Open), quote.price.units());
    }
}

/// The value in the middle, were they in order.
fn middle(values: &mut [i64]) -> i64 {
    let half = values.len() / 2;
    *values.select_nth_unstable(half).1
}

impl Kernel for State {
    fn needs(&self) -> Needs {
        Needs { prices: self.period.into(), ..Needs::default() }
    }

    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        self.place(quote, following)
            .map_or(Verdict::WarmingUp, |(placed, _)| self.verdict(placed, quote))
    }

    fn update(&mut self, quote: &Quote, following: &Following<'_>) {
        let placed = self.place(quote, following);
        self.learn(quote, following, placed);
    }

    #[inline(always)]
    fn judge(&mut self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let placed = self.place(quote, following);
        let verdict = placed.map_or(Verdict::WarmingUp, |(placed, _)| self.verdict(placed, quote));
        self.learn(quote, following, placed);
        verdict
    }

    fn reset(&mut self) {
        self.quiet.reset();
        self.crowd = Crowd::default();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::{Symbol, Timestamp, Volume, session::Sessions};

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
            let state = State::new(7, 10.0, floor, Quiet::new(0).unwrap()).unwrap();
            let mut prices = Ring::new(7).unwrap();
            let at = |offset: f64| {
                let units = middle as f64 * (1.0 + offset * floor.share());
                Price::from_units((units as i64).clamp(1, Price::MAX.units())).unwrap()
            };
            offsets[1..].iter().for_each(|offset| {
                prices.push(at(*offset).units());
            });
            let quote = quote(at(offsets[0]));
            if state.gather(&quote, &prices).0 {
                prop_assert!(state.measure(&quote, &prices).is_none());
            }
        }
    }

    proptest! {
        #[test]
        fn the_crowd_never_hides_a_price_that_is_far(
            steps in prop::collection::vec(prop_oneof![8 => -30_i64..=30, 1 => -900_i64..900], 1..300),
            new_day in 0_usize..300,
        ) {
            let floor = Floor::new(80.0, 4).unwrap();
            let mut state = State::new(7, 10.0, floor, Quiet::new(0).unwrap()).unwrap();
            let mut sessions = Sessions::new(state.needs());
            let mut cents = 10_000;
            for (number, step) in steps.iter().enumerate() {
                cents = (cents + step).max(100);
                let mut quote = quote(Price::from_units(cents * 1_000_000).unwrap());
                let day = u64::from(number >= new_day);
                quote.open = Price::from_units(1 + day as i64).unwrap();
                quote.timestamp = quote.timestamp.saturating_add(Duration::from_secs(86_400 * day));
                let following = sessions.following(&quote);
                if let Some((placed, crowd)) = state.place(&quote, &following) {
                    let measured = state.measure(&quote, following.prices);
                    prop_assert_eq!(placed.map(|(score, _)| score), measured.map(|(score, _)| score));
                    let window: Vec<i64> = following.prices.newest_of(7).collect();
                    prop_assert_eq!(crowd, crowd.counted_anew(&window));
                }
                state.update(&quote, &following);
                let how = following.how();
                sessions.advance(&quote, how);
            }
        }
    }

    #[test]
    fn a_calm_window_is_near() {
        let floor = Floor::new(80.0, 4).unwrap();
        let state = State::new(21, 10.0, floor, Quiet::new(0).unwrap()).unwrap();
        let (price, mut prices): (Price, _) = ("100".parse().unwrap(), Ring::new(21).unwrap());
        for _ in 0..21 {
            prices.push(price.units());
        }
        assert!(state.gather(&quote("100.79".parse().unwrap()), &prices).0);
        assert!(!state.gather(&quote("100.81".parse().unwrap()), &prices).0);
    }
}
