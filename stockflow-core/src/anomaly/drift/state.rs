use crate::{
    Evidence, InvalidConfig, Price, Quality, Quote, Verdict,
    anomaly::{
        kernel::Kernel,
        shared::{Band, Floor, Opening, Pauses, Quiet, beyond},
    },
    rolling::{Moments, RETURN_UNITS_PER_ONE, Ring, midpoint_return},
    session::{Following, Step},
};

/// A return of 1.
const ONE: f64 = RETURN_UNITS_PER_ONE as f64;

#[derive(Clone, Debug)]
pub(crate) struct State {
    threshold: f64,
    pub(super) floor: Floor,
    pub(super) quiet: Quiet,
    short: usize,
    /// Returns older than the longest move.
    usual: Moments,
    /// Prices since the open, the last `span` of them.
    prices: Ring,
    /// The returns that led to them, those over an open as none.
    returns: Ring,
    pauses: Pauses,
    opening: Opening,
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
            short: span / 4,
            usual: Moments::new(period)?,
            prices: Ring::new(span)?,
            returns: Ring::new(span)?,
            pauses: Pauses::new()?,
            opening: Opening::new(),
        })
    }

    pub(super) fn lookback(&self) -> usize {
        let usual = self.usual.values().period() + self.returns.period();
        usual.max(Opening::QUOTES as usize) + self.quiet.lookback() + 2
    }

    /// The longer and the shorter move that end with `quote`, by its score; none within the floor.
    #[inline]
    fn measure(&self, quote: &Quote) -> Option<(f64, Band, Price)> {
        let lowest = self.floor.lowest() * ONE;
        let far = |length: usize| {
            let from = Price::from_units(self.prices.back(length - 1)?).ok()?;
            let value = midpoint_return(from, quote.price);
            (value.abs() as f64 > lowest).then_some((value, length, from))
        };
        let moves = [far(self.prices.period()), far(self.short)];
        if moves == [None, None] {
            return None;
        }
        self.measure_far(moves, quote)
    }

    #[cold]
    fn measure_far(
        &self,
        moves: [Option<(i64, usize, Price)>; 2],
        quote: &Quote,
    ) -> Option<(f64, Band, Price)> {
        let least = self.floor.paced_share(&self.pauses) * ONE;
        // The bound is so many times the deviation: at an open both are twice as large.
        let deviation = self.usual.mean_square().sqrt() * self.opening.factor();
        let is_drift = |&(value, length, _): &(i64, usize, Price)| {
            value.abs() as f64 > least && !self.is_jump(value, length, quote)
        };
        let scored = moves.into_iter().flatten().filter(is_drift).map(|(value, length, from)| {
            let deviation = (deviation * (length as f64).sqrt()).max(least / self.threshold);
            let band = Band { center: 0.0, deviation };
            (band.score(value), band, from)
        });
        scored.max_by(|(a, ..), (b, ..)| a.abs().total_cmp(&b.abs()))
    }

    /// Whether one quote makes up three quarters of a move over the last `length`.
    fn is_jump(&self, value: i64, length: usize, quote: &Quote) -> bool {
        let newest = self.prices.newest().and_then(|units| Price::from_units(units).ok());
        let newest = newest.map_or(0, |before| midpoint_return(before, quote.price));
        let others = self.returns.iter().rev().take(length - 1);
        let largest = others.chain([newest]).map(i64::abs).max().unwrap_or(0);
        largest * 4 > value.abs() * 3
    }

    #[inline(always)]
    fn usual(&self, quote: &Quote, step: Step) -> Option<Option<(f64, Band, Price)>> {
        let known = self.usual.is_full() && step == Step::Next;
        known.then(|| self.measure(quote))
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
        if let Some(before) = following.before {
            let is_open = following.step == Step::Open;
            let value = if is_open { 0 } else { midpoint_return(before.price, quote.price) };
            if let Some(gone) = self.returns.push(value) {
                self.usual.push(gone);
            }
            self.pauses.push(before, quote);
        }
        self.prices.push(quote.price.units());
    }
}

impl Kernel for State {
    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let measured = self.usual(quote, following.step);
        measured.map_or(Verdict::WarmingUp, |measured| self.verdict(measured, quote))
    }

    fn update(&mut self, quote: &Quote, following: &Following<'_>) {
        let measured = self.usual(quote, following.step).flatten();
        self.learn(quote, following, measured);
    }

    #[inline(always)]
    fn judge(&mut self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let measured = self.usual(quote, following.step);
        let verdict = measured.map_or(Verdict::WarmingUp, |measured| self.verdict(measured, quote));
        self.learn(quote, following, measured.flatten());
        verdict
    }

    fn reset(&mut self) {
        self.quiet.reset();
        self.usual.clear();
        self.prices.clear();
        self.returns.clear();
        self.pauses.clear();
        self.opening = Opening::new();
    }
}
