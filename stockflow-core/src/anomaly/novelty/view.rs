use super::envelope::Memory;

/// Values that the views look at, the newest included.
pub(super) const WINDOW: usize = 151;

/// A share of the overall deviation below which spreads count as none.
const CALM: f64 = 0.02;

/// What a view makes of the last values.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    /// The newest value against the mean of so many before it.
    Departure(usize),
    /// The mean of so many against the mean of as many before them.
    Change(usize),
    /// The mean of so many.
    Level(usize),
    /// The deviation of so many, as a logarithm, against that of all.
    Spread(usize),
    /// The mean step of so many against their deviation, as a logarithm.
    Roughness(usize),
}

/// A view with the envelope that belongs to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) of: Of,
    pub(super) memory: Memory,
    /// Whether its envelope grows by no more than its width at once.
    pub(super) creeps: bool,
    /// Widths outside of the envelope that are anomalous.
    pub(super) bound: f64,
}

/// The views. `docs/nab.md` says how they were chosen.
pub(super) const VIEWS: [View; 7] = [
    View { of: Of::Departure(150), memory: Memory::Ever, creeps: false, bound: 0.02 },
    View { of: Of::Level(20), memory: Memory::Ever, creeps: true, bound: 0.05 },
    View { of: Of::Change(30), memory: LONG, creeps: true, bound: 0.02 },
    View { of: Of::Change(1), memory: LONG, creeps: true, bound: 0.16 },
    View { of: Of::Spread(40), memory: LONG, creeps: false, bound: 0.07 },
    View { of: Of::Roughness(40), memory: LONG, creeps: false, bound: 0.16 },
    View { of: Of::Roughness(90), memory: Memory::Share(2.0), creeps: true, bound: 0.07 },
];

const LONG: Memory = Memory::HalfLife(10_000.0);

impl View {
    /// Whether it tells a side, or only that something is not as it was.
    pub(super) const fn has_sides(&self) -> bool {
        matches!(self.of, Of::Departure(_) | Of::Change(_) | Of::Level(_))
    }

    /// Of `values`, the newest last; `overall` is the deviation of all, `trace` what differs by rounding alone.
    pub(super) fn measure(&self, values: &[f64], overall: f64, trace: f64) -> f64 {
        let last = |count: usize| &values[values.len().saturating_sub(count)..];
        let calm = CALM * overall + trace;
        match self.of {
            Of::Departure(count) => {
                let (newest, before) = last(count + 1).split_last().unwrap_or((&0.0, &[]));
                if before.is_empty() { 0.0 } else { newest - mean(before) }
            }
            Of::Change(count) => {
                let (before, newest) = last(2 * count).split_at(count.min(values.len()));
                if newest.len() == count { mean(newest) - mean(before) } else { 0.0 }
            }
            Of::Level(count) => mean(last(count)),
            Of::Spread(count) => ((deviation(last(count)) + calm) / (overall + trace)).ln(),
            Of::Roughness(count) => {
                let steps = last(count + 1).windows(2).map(|pair| (pair[1] - pair[0]).abs());
                let step = steps.sum::<f64>() / count as f64;
                ((step + calm) / (deviation(last(count)) + calm)).ln()
            }
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    sum(values) / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let mut squares = [0.0; LANES];
    for chunk in values.chunks(LANES) {
        for (lane, value) in squares.iter_mut().zip(chunk) {
            *lane += (value - mean) * (value - mean);
        }
    }
    (squares.iter().sum::<f64>() / values.len() as f64).sqrt()
}

/// Sums side by side, which a processor adds up at once; one sum would wait for each addition.
const LANES: usize = 8;

fn sum(values: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    for chunk in values.chunks(LANES) {
        for (lane, value) in sums.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    sums.iter().sum()
}
