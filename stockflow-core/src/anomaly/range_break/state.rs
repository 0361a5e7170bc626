use crate::{
    Evidence, Price, Quality, Quote, Verdict,
    anomaly::{
        kernel::Kernel,
        shared::{Band, Floor, Quiet, beyond},
    },
    rolling::Ring,
    session::{Following, Step},
};

#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(super) margin: f64,
    pub(super) floor: Floor,
    pub(super) quiet: Quiet,
    pub(super) lag: usize,
    /// The prices of the range, then the newest, which are no part of it yet.
    pub(super) prices: Ring,
}

impl State {
    /// Score of `quote`, signed, with the middle of the range and the distance from there to its bounds; none if it is
    /// near the price of `lag` quotes ago, which is in the range: the usual case, and told without a look at the rest.
    #[inline]
    fn measure(&self, quote: &Quote) -> Option<(f64, Band)> {
        let settled = self.prices.back(self.lag)?;
        let least = settled as f64 * self.floor.share();
        if (quote.price.units() - settled).abs() as f64 <= least {
            return None;
        }
        Some(self.measure_far(quote, least))
    }

    #[cold]
    fn measure_far(&self, quote: &Quote, least: f64) -> (f64, Band) {
        let (low, high) = self.range();
        let (low, high) = (low as f64, high as f64);
        let outside = (self.margin * (high - low)).max(least);
        let band = Band { center: (low + high) / 2.0, deviation: (high - low) / 2.0 + outside };
        (band.score(quote.price.units()), band)
    }

    fn range(&self) -> (i64, i64) {
        let range = self.prices.iter().take(self.prices.period() - self.lag);
        range.fold((i64::MAX, i64::MIN), |(low, high), price| (low.min(price), high.max(price)))
    }

    #[inline]
    fn verdict(&self, measured: Option<(f64, Band)>, quote: &Quote) -> Verdict {
        let Some((score, band)) = measured else { return Verdict::Normal { score: 0.0 } };
        match beyond(score, 1.0) {
            Some(direction) if self.quiet.is_over(direction) && !self.is_small(quote, score) => {
                Verdict::Anomalous(Evidence {
                    direction,
                    score: score.abs(),
                    value: quote.price.to_f64(),
                    threshold: band.at(1.0_f64.copysign(score)) / Price::UNITS_PER_ONE as f64,
                })
            }
            _ => Verdict::Normal { score: score.abs() },
        }
    }

    fn is_small(&self, quote: &Quote, score: f64) -> bool {
        let (low, high) = self.range();
        let edge = Price::from_units(if score > 0.0 { high } else { low });
        self.floor.is_few_ticks(edge.unwrap_or(quote.price), quote)
    }

    /// What `quote` measures against the window; none if that is not full, or of another session.
    #[inline(always)]
    fn usual(&self, quote: &Quote, step: Step) -> Option<Option<(f64, Band)>> {
        let known = self.prices.is_full() && step == Step::Next;
        known.then(|| self.measure(quote))
    }

    #[inline(always)]
    fn learn(&mut self, quote: &Quote, step: Step, measured: Option<(f64, Band)>) {
        if step == Step::Open {
            self.reset();
        }
        self.quiet.learn(measured.and_then(|(score, _)| beyond(score, 1.0)));
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
        self.learn(quote, following.step, measured);
    }

    #[inline(always)]
    fn judge(&mut self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let measured = self.usual(quote, following.step);
        let verdict = measured.map_or(Verdict::WarmingUp, |m| self.verdict(m, quote));
        self.learn(quote, following.step, measured.flatten());
        verdict
    }

    fn reset(&mut self) {
        self.quiet.reset();
        self.prices.clear();
    }
}
