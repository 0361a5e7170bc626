use crate::{
    Evidence, Price, Quality, Quote, Verdict,
    anomaly::{
        kernel::Kernel,
        shared::{Band, Floor, Quiet, beyond},
    },
    session::{Following, Needs, Step},
};

#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(super) margin: f64,
    pub(super) floor: Floor,
    pub(super) quiet: Quiet,
    /// How many prices make up the range, and how many newer ones are no part of it yet.
    pub(super) period: u16,
    pub(super) lag: u16,
}

impl State {
    /// How many prices it looks back upon.
    pub(super) fn prices(&self) -> usize {
        usize::from(self.period) + usize::from(self.lag)
    }

    /// Score of `quote`, signed, with the middle of the range and the distance from there to its bounds; none if it is
    /// near the price of `lag` quotes ago, which is in the range: the usual case, and told without a look at the rest.
    #[inline]
    fn measure(&self, quote: &Quote, following: &Following<'_>) -> Option<(f64, Band)> {
        let settled = following.prices.back(self.lag.into())?;
        let least = settled as f64 * self.floor.share();
        if (quote.price.units() - settled).abs() as f64 <= least {
            return None;
        }
        Some(self.measure_far(quote, least, following))
    }

    #[cold]
    fn measure_far(&self, quote: &Quote, least: f64, following: &Following<'_>) -> (f64, Band) {
        let (low, high) = self.range(following);
        let (low, high) = (low as f64, high as f64);
        let outside = (self.margin * (high - low)).max(least);
        let band = Band { center: (low + high) / 2.0, deviation: (high - low) / 2.0 + outside };
        (band.score(quote.price.units()), band)
    }

    fn range(&self, following: &Following<'_>) -> (i64, i64) {
        let range = following.prices.newest_of(self.prices()).take(self.period.into());
        range.fold((i64::MAX, i64::MIN), |(low, high), price| (low.min(price), high.max(price)))
    }

    #[inline]
    fn verdict(
        &self,
        measured: Option<(f64, Band)>,
        quote: &Quote,
        following: &Following<'_>,
    ) -> Verdict {
        let Some((score, band)) = measured else { return Verdict::Normal { score: 0.0 } };
        match beyond(score, 1.0) {
            Some(direction)
                if self.quiet.is_over(direction) && !self.is_small(quote, score, following) =>
            {
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

    fn is_small(&self, quote: &Quote, score: f64, following: &Following<'_>) -> bool {
        let (low, high) = self.range(following);
        let edge = Price::from_units(if score > 0.0 { high } else { low });
        self.floor.is_few_ticks(edge.unwrap_or(quote.price), quote)
    }

    /// What `quote` measures against the window; none if that is not full, or of another session.
    #[inline(always)]
    fn usual(&self, quote: &Quote, following: &Following<'_>) -> Option<Option<(f64, Band)>> {
        let known = following.prices.len() >= self.prices() && following.step == Step::Next;
        known.then(|| self.measure(quote, following))
    }

    #[inline(always)]
    fn learn(&mut self, step: Step, measured: Option<(f64, Band)>) {
        if step == Step::Open {
            self.reset();
        }
        self.quiet.learn(measured.and_then(|(score, _)| beyond(score, 1.0)));
    }
}

impl Kernel for State {
    fn needs(&self) -> Needs {
        Needs { prices: self.prices(), ..Needs::default() }
    }

    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let measured = self.usual(quote, following);
        measured.map_or(Verdict::WarmingUp, |measured| self.verdict(measured, quote, following))
    }

    fn update(&mut self, quote: &Quote, following: &Following<'_>) {
        let measured = self.usual(quote, following).flatten();
        self.learn(following.step, measured);
    }

    #[inline(always)]
    fn judge(&mut self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let measured = self.usual(quote, following);
        let verdict = measured.map_or(Verdict::WarmingUp, |m| self.verdict(m, quote, following));
        self.learn(following.step, measured.flatten());
        verdict
    }

    fn reset(&mut self) {
        self.quiet.reset();
    }
}
