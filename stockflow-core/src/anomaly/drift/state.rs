use crate::{
    Evidence, InvalidConfig, Price, Quality, Quote, Verdict,
    anomaly::{
        kernel::Kernel,
        shared::{Band, Floor, Opening, Quiet, beyond},
    },
    rolling::{RETURN_UNITS_PER_ONE, Ring, midpoint_return, to_f64},
    session::{Following, Step},
};

/// A return of 1.
const ONE: f64 = RETURN_UNITS_PER_ONE as f64;

#[derive(Clone, Debug)]
pub(crate) struct State {
    threshold: f64,
    pub(super) floor: Floor,
    pub(super) quiet: Quiet,
    opening: Opening,
    short: usize,
    /// Returns, which lie within ±2·10⁹, those over an open as none: the newest make up a move, those older than the longest move say what is usual.
    returns: Ring<i32>,
    /// Of the latter, the sum of squares.
    squares: i128,
    /// Prices since the open, as many as the longest move has returns.
    prices: Ring,
}

impl State {
    pub(super) fn new(
        period: usize,
        span: usize,
        threshold: f64,
        floor: Floor,
        quiet: Quiet,
    ) -> Result<Self, InvalidConfig> {
        Ok(Self {
            threshold,
            floor,
            quiet,
            opening: Opening::new(),
            short: span / 4,
            returns: Ring::new(span + period)?,
            squares: 0,
            prices: Ring::new(span)?,
        })
    }

    pub(super) fn lookback(&self) -> usize {
        let usual = self.returns.period() - self.prices.period();
        usual.max(Opening::QUOTES as usize) + self.prices.period() + self.quiet.lookback() + 2
    }

    /// Of a move over `length` quotes, from the mean square of the returns before the longest move.
    fn usual_deviation(&self, length: usize) -> f64 {
        let usual = self.returns.period() - self.prices.period();
        (to_f64(self.squares) * length as f64 / usual as f64).sqrt()
    }

    /// The longer and the shorter move that end with `quote`, by its score; none within the floor.
    #[inline(always)]
    fn measure(&self, quote: &Quote, following: &Following<'_>) -> Option<(f64, Band, Price)> {
        // A multiplication tells of most moves that they are within the lowest floor; a return takes a division.
        let within = (self.floor.lowest() * ONE - 1.0) / (2.0 * ONE);
        let now = quote.price.units();
        let is_far = |length: usize| {
            let from = self.prices.back(length - 1);
            from.is_some_and(|from| (now - from).abs() as f64 > within * (now + from) as f64)
        };
        if is_far(self.prices.period()) || is_far(self.short) {
            self.measure_far(quote, following)
        } else {
            None
        }
    }

    #[cold]
    fn measure_far(&self, quote: &Quote, following: &Following<'_>) -> Option<(f64, Band, Price)> {
        let least = self.floor.paced_share(following) * ONE;
        let scored = |length: usize| {
            let from = Price::from_units(self.prices.back(length - 1)?).ok()?;
            let value = midpoint_return(from, quote.price);
            if value.abs() as f64 <= least {
                return None;
            }
            // The bound is so many times the deviation: at an open both are twice as large.
            let deviation = self.usual_deviation(length) * self.opening.factor();
            let deviation = deviation.max(least / self.threshold);
            let band = Band { center: 0.0, deviation };
            let score = band.score(value);
            let counts = score.abs() <= self.threshold || !self.is_jump(value, length, following);
            counts.then_some((score, band, from))
        };
        match (scored(self.prices.period()), scored(self.short)) {
            (Some(long), Some(short)) if long.0.abs() > short.0.abs() => Some(long),
            (long, short) => short.or(long),
        }
    }

    /// Whether one quote makes up three quarters of a move over the last `length`.
    fn is_jump(&self, value: i64, length: usize, following: &Following<'_>) -> bool {
        let others = self.returns.iter().rev().take(length - 1).map(i64::from);
        let largest = others.chain([following.change]).map(i64::abs).max().unwrap_or(0);
        largest * 4 > value.abs() * 3
    }

    /// None as long as nothing is known of what is usual, and at an open.
    #[inline(always)]
    fn usual(
        &self,
        quote: &Quote,
        following: &Following<'_>,
    ) -> Option<Option<(f64, Band, Price)>> {
        let known = self.returns.is_full() && following.step == Step::Next;
        known.then(|| self.measure(quote, following))
    }

    #[inline]
    fn verdict(&self, measured: Option<(f64, Band, Price)>, quote: &Quote) -> Verdict {
        let Some((score, band, from)) = measured else { return Verdict::Normal { score: 0.0 } };
        match beyond(score, self.threshold) {
            Some(direction)
                if self.quiet.is_over(direction) && !self.floor.is_few_ticks(from, quote) =>
            {
                Verdict::Anomalous(Evidence {
                    direction,
                    score: score.abs(),
                    value: midpoint_return(from, quote.price) as f64 * (100.0 / ONE),
                    threshold: band.at(self.threshold.copysign(score)) * (100.0 / ONE),
                })
            }
            _ => Verdict::Normal { score: score.abs() },
        }
    }

    #[inline(always)]
    fn learn(
        &mut self,
        quote: &Quote,
        following: &Following<'_>,
        measured: Option<(f64, Band, Price)>,
    ) {
        if following.step == Step::Open {
            self.quiet.reset();
            self.prices.clear();
        }
        self.quiet.learn(measured.and_then(|(score, ..)| beyond(score, self.threshold)));
        self.opening.push(following.step == Step::Open);
        if following.before.is_some() {
            self.learn_return(following.change);
        }
        self.prices.push(quote.price.units());
    }

    #[inline(always)]
    fn learn_return(&mut self, value: i64) {
        let square = |value: i32| i128::from(i64::from(value) * i64::from(value));
        if let Some(gone) = self.returns.push(value as i32) {
            self.squares -= square(gone);
        }
        if let Some(usual) = self.returns.back(self.prices.period()) {
            self.squares += square(usual);
        }
    }
}

impl Kernel for State {
    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let measured = self.usual(quote, following);
        measured.map_or(Verdict::WarmingUp, |measured| self.verdict(measured, quote))
    }

    fn update(&mut self, quote: &Quote, following: &Following<'_>) {
        let measured = self.usual(quote, following).flatten();
        self.learn(quote, following, measured);
    }

    #[inline(always)]
    fn judge(&mut self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let measured = self.usual(quote, following);
        let verdict = measured.map_or(Verdict::WarmingUp, |measured| self.verdict(measured, quote));
        self.learn(quote, following, measured.flatten());
        verdict
    }

    fn reset(&mut self) {
        self.quiet.reset();
        self.returns.clear();
        self.squares = 0;
        self.prices.clear();
        self.opening = Opening::new();
    }
}
