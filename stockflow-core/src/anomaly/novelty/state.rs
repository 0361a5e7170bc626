use super::series::{NoveltySeries, Surprise};
use crate::{
    Evidence, Price, Quality, Quote, Verdict,
    anomaly::kernel::Kernel,
    rolling::RETURN_UNITS_PER_ONE,
    session::{Following, Step},
};

/// What of a quote is judged.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input {
    Price,
    /// In percent.
    Return,
    /// Shares since the quote before.
    Volume,
}

impl Input {
    /// None where the quote before does not tell it.
    fn of(self, quote: &Quote, following: &Following<'_>) -> Option<f64> {
        let next = following.before.filter(|_| following.step == Step::Next);
        match self {
            Self::Price => Some(quote.price.units() as f64 / Price::UNITS_PER_ONE as f64),
            Self::Return => {
                next.map(|_| following.change as f64 * 100.0 / RETURN_UNITS_PER_ONE as f64)
            }
            Self::Volume => next.and_then(|_| following.volume(quote)).map(|shares| shares as f64),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    input: Input,
    pub(super) series: NoveltySeries,
}

impl State {
    pub(super) fn new(input: Input) -> Self {
        Self { input, series: NoveltySeries::new() }
    }

    fn verdict(&self, surprise: Option<Surprise>) -> Verdict {
        let threshold = self.series.tolerance;
        match surprise {
            None if self.series.is_warm() => Verdict::Normal { score: 0.0 },
            None => Verdict::WarmingUp,
            Some(Surprise { ratio, direction, told: true }) => {
                Verdict::Anomalous(Evidence { direction, score: ratio, value: ratio, threshold })
            }
            Some(Surprise { ratio, .. }) => Verdict::Normal { score: ratio },
        }
    }
}

impl Kernel for State {
    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let value = self.input.of(quote, following);
        self.verdict(value.and_then(|value| self.series.score(value)))
    }

    fn update(&mut self, quote: &Quote, following: &Following<'_>) {
        if let Some(value) = self.input.of(quote, following) {
            self.series.judge(value);
        }
    }

    fn judge(&mut self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let value = self.input.of(quote, following);
        let was_warm = self.series.is_warm();
        let surprise = value.and_then(|value| self.series.judge(value));
        if surprise.is_none() && !was_warm { Verdict::WarmingUp } else { self.verdict(surprise) }
    }

    fn reset(&mut self) {
        self.series.reset();
    }
}
