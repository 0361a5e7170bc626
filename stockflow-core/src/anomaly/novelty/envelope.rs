/// Rows after which the mean of a view no longer settles.
const SETTLED: f64 = 2_000.0;
/// The shortest half-life of an envelope that remembers a share of all rows.
const SHORTEST: f64 = 100.0;
/// So many widths outside are as far as any.
const FAR: f64 = 50.0;

/// How long an envelope remembers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Memory {
    /// For ever.
    Ever,
    /// What is outside of the mean halves in so many rows.
    HalfLife(f64),
    /// It halves in this share of the rows so far.
    Share(f64),
}

impl Memory {
    /// What is left of it after one row, the `rows`th.
    fn kept(self, rows: f64) -> f64 {
        match self {
            Self::Ever => 1.0,
            Self::HalfLife(half) => (-half.recip()).exp2(),
            Self::Share(share) => (-(rows * share).max(SHORTEST).recip()).exp2(),
        }
    }
}

/// Where a view has been.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope {
    low: f64,
    high: f64,
    mean: f64,
}

impl Envelope {
    pub(super) const NONE: Self = Self { low: 0.0, high: 0.0, mean: 0.0 };

    /// By how many widths `x` is outside, with which sign; 0 within, and while there is no width. A width below `least` counts as that:
    /// the last digits of a constant are no width.
    pub(super) fn outside(&self, x: f64, least: f64) -> f64 {
        let width = self.high - self.low;
        let distance = if x > self.high {
            x - self.high
        } else if x < self.low {
            x - self.low
        } else {
            return 0.0;
        };
        if width > 0.0 { (distance / width.max(least)).clamp(-FAR, FAR) } else { 0.0 }
    }

    /// Sinks, then takes in `x`, the `row`th from 0. If it `creeps` it grows by no more than its width at once.
    pub(super) fn learn(&mut self, x: f64, row: u64, memory: Memory, creeps: bool) {
        if row == 0 {
            *self = Self { low: x, high: x, mean: x };
            return;
        }
        let width = self.high - self.low;
        let rows = row as f64;
        self.mean += (x - self.mean) / (rows + 1.0).min(SETTLED);
        let kept = memory.kept(rows);
        self.high = self.mean + (self.high - self.mean) * kept;
        self.low = self.mean + (self.low - self.mean) * kept;
        let most = if creeps && width > 0.0 { width } else { f64::INFINITY };
        if x > self.high {
            self.high = x.min(self.high + most);
        }
        if x < self.low {
            self.low = x.max(self.low - most);
        }
    }
}
