use crate::{
    Evidence, Price, Quality, Quote, Verdict,
    anomaly::{
        kernel::Kernel,
        shared::{Band, Floor, Opening, Quiet, beyond},
    },
    rolling::{RETURN_UNITS_PER_ONE, midpoint_return, to_f64},
    session::{Following, Needs, Step},
};

/// A return of 1.
const ONE: f64 = RETURN_UNITS_PER_ONE as f64;

#[derive(Clone, Debug)]
pub(crate) struct State {
    threshold: f64,
    pub(super) floor: Floor,
    pub(super) quiet: Quiet,
    opening: Opening,
    /// Returns, older than the longest move, that say what is usual.
    period: u16,
    /// Lengths of the moves.
    span: u16,
    short: u16,
    /// Sum of squares of the usual returns.
    squares: i128,
}

impl State {
    pub(super) const fn new(
        period: usize,
        span: usize,
        threshold: f64,
        floor: Floor,
        quiet: Quiet,
    ) -> Self {
        Self {
            threshold,
            floor,
            quiet,
            opening: Opening::new(),
            period: period as u16,
            span: span as u16,
            short: (span / 4) as u16,
            squares: 0,
        }
    }

    pub(super) fn lookback(&self) -> usize {
        let usual = usize::from(self.period).max(Opening::QUOTES as usize);
        usual + usize::from(self.span) + self.quiet.lookback() + 2
    }

    /// Of a move over `length` quotes, from the mean square of the returns before the longest move.
    fn usual_deviation(&self, length: u16) -> f64 {
        (to_f64(self.squares) * f64::from(length) / f64::from(self.period)).sqrt()
    }

    /// Price before the first of the last `length` returns, the newest of which is that of the quote at hand; none if that is before the
    /// open.
    #[inline(always)]
    fn from(length: u16, following: &Following<'_>) -> Option<i64> {
        following.prices.back(usize::from(length) - 1)
    }

    /// The longer and the shorter move that end with `quote`, by its score; none within the floor.
    #[inline(always)]
    fn measure(&self, quote: &Quote, following: &Following<'_>) -> Option<(f64, Band, Price)> {
        // A multiplication tells of most moves that they are within the floor; a return takes a division. The 1 is more than
        // all rounding on either way.
        let least = self.floor.paced_share(following) * ONE;
        let now = quote.price.units();
        let is_far = |length: u16| {
            Self::from(length, following).is_some_and(|from| {
                (now - from).abs() as f64 * (2.0 * ONE) > (least - 1.0) * (now + from) as f64
            })
        };
        if is_far(self.span) || is_far(self.short) {
            self.measure_far(least, quote, following)
        } else {
            None
        }
    }

    #[cold]
    fn measure_far(
        &self,
        least: f64,
        quote: &Quote,
        following: &Following<'_>,
    ) -> Option<(f64, Band, Price)> {
        let scored = |length: u16| {
            let from = Price::from_units(Self::from(length, following)?).ok()?;
            let value = midpoint_return(from, quote.price);
            if value.abs() as f64 <= least {
                return None;
            }
            // The bound is so many times the deviation: at an open both are twice as large.
            let deviation = self.usual_deviation(length) * self.opening.factor();
            let deviation = deviation.max(least / self.threshold);
            let band = Band { center: 0.0, deviation };
            let score = band.score(value);
            let counts = score.abs() <= self.threshold || !Self::is_jump(value, length, following);
            counts.then_some((score, band, from))
        };
        match (scored(self.span), scored(self.short)) {
            (Some(long), Some(short)) if long.0.abs() > short.0.abs() => Some(long),
            (long, short) => short.or(long),
        }
    }

    /// Whether one quote makes up three quarters of a move over the last `length`.
    fn is_jump(value: i64, length: u16, following: &Following<'_>) -> bool {
        let others = following.returns.newest_of(usize::from(length) - 1).map(i64::from);
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
        let returns = usize::from(self.span + self.period);
        let known = following.returns.len() >= returns && following.step == Step::Next;
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
    fn learn(&mut self, following: &Following<'_>, measured: Option<(f64, Band, Price)>) {
        if following.step == Step::Open {
            self.quiet.reset();
        }
        self.quiet.learn(measured.and_then(|(score, ..)| beyond(score, self.threshold)));
        self.opening.push(following.step == Step::Open);
        if following.before.is_some() {
            self.learn_return(following);
        }
    }

    /// The return that is as old as the longest move is long becomes usual, and the oldest of the usual ones is forgotten.
    #[inline(always)]
    fn learn_return(&mut self, following: &Following<'_>) {
        let square = |age: u16| {
            let value = following.returns.back(usize::from(age) - 1).map_or(0, i64::from);
            i128::from(value * value)
        };
        self.squares += square(self.span) - square(self.span + self.period);
    }
}

impl Kernel for State {
    fn needs(&self) -> Needs {
        Needs { prices: self.span.into(), returns: (self.span + self.period).into() }
    }

    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let measured = self.usual(quote, following);
        measured.map_or(Verdict::WarmingUp, |measured| self.verdict(measured, quote))
    }

    fn update(&mut self, quote: &Quote, following: &Following<'_>) {
        let measured = self.usual(quote, following).flatten();
        self.learn(following, measured);
    }

    #[inline(always)]
    fn judge(&mut self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let measured = self.usual(quote, following);
        let verdict = measured.map_or(Verdict::WarmingUp, |measured| self.verdict(measured, quote));
        self.learn(following, measured.flatten());
        verdict
    }

    fn reset(&mut self) {
        self.quiet.reset();
        self.squares = 0;
        self.opening = Opening::new();
    }
}
