use super::{
    envelope::Envelope,
    view::{VIEWS, WINDOW},
};
use crate::Direction;

/// Values that are learned from before any is judged.
const WARM_UP: u64 = 100;
/// Larger numbers count as this, so that their squares can be summed.
const LARGEST: f64 = 1e100;
/// Share of the largest value below which differences are those of rounding.
const TRACE: f64 = 1e-9;
/// Share of all rows so far that a finding rests at least.
const REST_SHARE: f64 = 0.04;
/// The longest such rest, in rows.
const LONGEST_REST: f64 = 1_000.0;
/// How many times as large as the last finding is told within its rest.
const ESCALATION: f64 = 8.0;
/// No ratio is larger.
const LARGEST_RATIO: f64 = 30.0;

/// What [`NoveltySeries`] makes of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surprise {
    /// How far outside of the usual, in the bounds of the view that sees it farthest outside; 0 within.
    pub ratio: f64,
    /// On which side; flat if it is not the level that is unusual.
    pub direction: Direction,
    /// Whether it is a finding: beyond the tolerance, and not the aftermath of another.
    pub told: bool,
}

/// [`Novelty`](super::Novelty) for numbers of any origin and scale: values in, surprise out.
///
/// ```
/// use stockflow_core::anomaly::NoveltySeries;
///
/// let mut series = NoveltySeries::new();
/// let told = (0..500).filter(|at| {
///     let value = if *at == 400 { 90.0 } else { f64::from(at % 10) };
///     series.judge(value).is_some_and(|surprise| surprise.told)
/// });
/// assert_eq!(told.collect::<Vec<_>>(), [400]);
/// ```
#[derive(Clone, Debug)]
pub struct NoveltySeries {
    pub(super) tolerance: f64,
    pub(super) rest: u64,
    /// The newest values, up to twice as many as the views look at.
    values: Vec<f64>,
    /// How many there have been.
    rows: u64,
    overall: Overall,
    envelopes: [Envelope; VIEWS.len()],
    last: Option<Told>,
}

/// The last finding.
#[derive(Clone, Copy, Debug)]
struct Told {
    row: u64,
    ratio: f64,
}

/// What of a value is worked out once.
struct Measured {
    views: [f64; VIEWS.len()],
    surprise: Option<Surprise>,
}

impl Default for NoveltySeries {
    fn default() -> Self {
        Self::new()
    }
}

impl NoveltySeries {
    /// With the built-in bounds, and a rest of 120 values.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tolerance: 1.0,
            rest: 120,
            values: Vec::new(),
            rows: 0,
            overall: Overall::NONE,
            envelopes: [Envelope::NONE; VIEWS.len()],
            last: None,
        }
    }

    /// Whether it has learned enough to judge.
    #[must_use]
    pub const fn is_warm(&self) -> bool {
        self.rows >= WARM_UP
    }

    /// Judges `value` without learning from it; none while warming up. What is no number counts as 0.
    #[must_use]
    pub fn score(&self, value: f64) -> Option<Surprise> {
        // A copy of a few kilobytes: who has to be fast calls `judge`.
        self.clone().judge(value)
    }

    /// Judges `value`, then learns from it.
    pub fn judge(&mut self, value: f64) -> Option<Surprise> {
        let value = if value.is_nan() { 0.0 } else { value.clamp(-LARGEST, LARGEST) };
        self.push(value);
        self.overall.add(value, self.rows + 1);
        let Measured { views, surprise } = self.measure();
        for ((envelope, view), x) in self.envelopes.iter_mut().zip(&VIEWS).zip(views) {
            let creeps = view.creeps && self.rows >= WARM_UP;
            envelope.learn(x, self.rows, view.memory, creeps);
        }
        if let Some(Surprise { ratio, told: true, .. }) = surprise {
            self.last = Some(Told { row: self.rows, ratio });
        }
        self.rows += 1;
        surprise
    }

    /// Back to the state after construction, with the same tolerance and rest.
    pub fn reset(&mut self) {
        *self = Self { tolerance: self.tolerance, rest: self.rest, ..Self::new() };
    }

    fn push(&mut self, value: f64) {
        if self.values.len() == 2 * WINDOW {
            self.values.drain(..WINDOW);
        }
        self.values.push(value);
    }

    fn measure(&self) -> Measured {
        let trace = TRACE * self.overall.largest + f64::MIN_POSITIVE;
        let spread = self.overall.deviation(self.rows + 1);
        let views = VIEWS.map(|view| view.measure(&self.values, spread, trace));
        if !self.is_warm() {
            return Measured { views, surprise: None };
        }
        let mut most = Surprise { ratio: 0.0, direction: Direction::Flat, told: false };
        for ((envelope, view), x) in self.envelopes.iter().zip(&VIEWS).zip(views) {
            let least = if view.has_sides() { trace } else { TRACE };
            let outside = envelope.outside(x, least);
            let ratio = (outside.abs() / view.bound).min(LARGEST_RATIO);
            if ratio > most.ratio {
                let side = if outside > 0.0 { Direction::Up } else { Direction::Down };
                let direction = if view.has_sides() { side } else { Direction::Flat };
                most = Surprise { ratio, direction, told: false };
            }
        }
        most.told = most.ratio > self.tolerance && !self.rests(most.ratio);
        Measured { views, surprise: Some(most) }
    }

    /// Whether a finding of that `ratio` is the aftermath of the last one.
    fn rests(&self, ratio: f64) -> bool {
        let share = (REST_SHARE * self.rows as f64).min(LONGEST_REST) as u64;
        self.last.is_some_and(|last| {
            self.rows - last.row <= self.rest.max(share) && ratio <= last.ratio * ESCALATION
        })
    }
}

/// Moments of all values.
#[derive(Clone, Copy, Debug)]
struct Overall {
    mean: f64,
    squares: f64,
    largest: f64,
}

impl Overall {
    const NONE: Self = Self { mean: 0.0, squares: 0.0, largest: 0.0 };

    /// The `rows`th value. Welford's update, which is exact enough as long as nothing is taken out.
    fn add(&mut self, value: f64, rows: u64) {
        let from = value - self.mean;
        self.mean += from / rows as f64;
        self.squares += from * (value - self.mean);
        self.largest = self.largest.max(value.abs());
    }

    fn deviation(&self, rows: u64) -> f64 {
        (self.squares / rows as f64).sqrt()
    }
}
