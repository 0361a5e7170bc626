use crate::{
    Direction, Evidence, InvalidConfig, Quality, Quote, Verdict,
    anomaly::{kernel::Kernel, shared::Quiet},
    rolling::Ring,
    session::{Following, Step},
};

/// Newest quotes that do not count as usual yet, so that a burst does not become so while it lasts.
const LAG: usize = 12;

#[derive(Clone, Debug)]
pub(crate) struct State {
    factor: f64,
    pub(super) burst: u32,
    pub(super) share: f64,
    pub(super) quiet: Quiet,
    /// Quotes in a row beyond the bound, up to `burst`.
    run: u32,
    /// Volume since the quote before, and market time in microseconds.
    trades: Ring<(i64, i64)>,
    /// Volumes of the oldest `period` trades.
    sum: i64,
}

#[derive(Clone, Copy, Debug)]
struct Measured {
    volume: f64,
    bound: f64,
    score: f64,
    /// Quotes in a row beyond the bound, this one included.
    run: u32,
}

impl State {
    pub(super) fn new(period: usize, factor: f64, quiet: Quiet) -> Result<Self, InvalidConfig> {
        let trades = Ring::new(period + LAG)?;
        Ok(Self { factor, burst: 4, share: 0.003, quiet, run: 0, trades, sum: 0 })
    }

    pub(super) fn lookback(&self) -> usize {
        self.trades.period() + self.burst as usize + self.quiet.lookback() + 2
    }

    #[inline]
    fn period(&self) -> f64 {
        (self.trades.period() - LAG) as f64
    }

    /// The volume of `quote`, as if it had come at the usual pace.
    #[cold]
    fn paced(&self, volume: f64, quote: &Quote, following: &Following<'_>) -> f64 {
        let (Some(before), Some((_, newest)), Some((_, oldest))) =
            (following.before, self.trades.newest(), self.trades.oldest())
        else {
            return volume;
        };
        let took = quote.timestamp.as_micros().saturating_sub(before.time.as_micros()) as f64;
        let usual = newest.saturating_sub(oldest).max(0) as f64;
        let usual = usual / (self.trades.period() - 1) as f64;
        if took > usual { volume * (usual / took) } else { volume }
    }

    /// How `quote` compares with what is usual; none before that is known.
    #[inline(always)]
    fn measure(&self, quote: &Quote, following: &Following<'_>) -> Option<Measured> {
        let volume = following.volume(quote)? as f64;
        if !self.trades.is_full() || following.step != Step::Next {
            return None;
        }
        let (day, usual) = (self.share * quote.volume.get() as f64, self.sum as f64);
        let period = self.period();
        // Nearly every quote; and where nothing was traded so far, any first trade would be infinitely much.
        if volume <= day || volume * period <= self.factor * usual || usual == 0.0 {
            return Some(Measured { volume, bound: day, score: 0.0, run: 0 });
        }
        let mean = usual / period;
        let bound = (self.factor * mean).max(day);
        let volume = self.paced(volume, quote, following);
        let run = if volume > bound { self.burst.min(self.run + 1) } else { 0 };
        Some(Measured { volume, bound, score: volume / mean, run })
    }

    #[inline(always)]
    fn verdict(&self, measured: Option<&Measured>) -> Verdict {
        let Some(&Measured { volume, bound, score, run }) = measured else {
            return Verdict::WarmingUp;
        };
        if run == self.burst && self.quiet.is_over(Direction::Up) {
            return Verdict::Anomalous(Evidence {
                direction: Direction::Up,
                score,
                value: volume,
                threshold: bound,
            });
        }
        Verdict::Normal { score }
    }

    #[inline(always)]
    fn learn(&mut self, quote: &Quote, following: &Following<'_>, measured: Option<&Measured>) {
        match (following.step, following.volume(quote)) {
            (Step::Next, Some(volume)) => {
                self.run = measured.map_or(0, |measured| measured.run);
                self.quiet.learn((self.run == self.burst).then_some(Direction::Up));
                let gone = self.trades.push((volume, quote.timestamp.as_micros()));
                let settled = self.trades.back(LAG).map_or(0, |(volume, _)| volume);
                self.sum += settled - gone.map_or(0, |(volume, _)| volume);
            }
            (Step::Open, _) => self.reset(),
            _ => {}
        }
    }
}

impl Kernel for State {
    fn score(&self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        self.verdict(self.measure(quote, following).as_ref())
    }

    fn update(&mut self, quote: &Quote, following: &Following<'_>) {
        let measured = self.measure(quote, following);
        self.learn(quote, following, measured.as_ref());
    }

    #[inline(always)]
    fn judge(&mut self, quote: &Quote, _: Quality, following: &Following<'_>) -> Verdict {
        let measured = self.measure(quote, following);
        let verdict = self.verdict(measured.as_ref());
        self.learn(quote, following, measured.as_ref());
        verdict
    }

    fn reset(&mut self) {
        self.quiet.reset();
        self.run = 0;
        self.trades.clear();
        self.sum = 0;
    }
}
