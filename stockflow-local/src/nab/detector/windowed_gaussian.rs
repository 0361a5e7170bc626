use std::collections::VecDeque;

use super::{NabDetector, SeriesDetector};

pub(super) const ENTRY: NabDetector = NabDetector {
    name: "windowed_gaussian",
    summary: "the benchmark's baseline: tail of a normal distribution over a long window",
    build: |_| Box::<WindowedGaussian>::default(),
};

/// As the benchmark has it, tuned to it by its authors.
const WINDOW: usize = 6_400;
const STEP: usize = 100;
/// In place of no deviation at all.
const LEAST_DEVIATION: f64 = 1e-6;
/// Its published results have twelve digits, so that whatever is farther out than seven deviations is the same 1. With all
/// digits the scores are 40.13, and the table would not say what is published.
const DIGITS: f64 = 1e12;

/// 1 minus the tail probability of the value's distance from the mean. The window grows value by value, then moves in steps.
#[derive(Debug, Default)]
struct WindowedGaussian {
    window: VecDeque<f64>,
    step: Vec<f64>,
    mean: f64,
    /// Sum of the squared distances from the mean.
    squares: f64,
}

impl SeriesDetector for WindowedGaussian {
    fn judge(&mut self, value: f64) -> f64 {
        let score = if self.window.is_empty() { 0.0 } else { 1.0 - self.tail(value) };
        self.learn(value);
        (score * DIGITS).round() / DIGITS
    }
}

impl WindowedGaussian {
    fn tail(&self, value: f64) -> f64 {
        let deviation = (self.squares / self.window.len() as f64).sqrt();
        let distance = (value - self.mean).abs() / deviation.max(LEAST_DEVIATION);
        0.5 * libm::erfc(distance.min(f64::MAX) / std::f64::consts::SQRT_2)
    }

    fn learn(&mut self, value: f64) {
        if self.window.len() < WINDOW {
            self.window.push_back(value);
            self.add(value, self.window.len());
            return;
        }
        self.step.push(value);
        if self.step.len() == STEP {
            self.window.drain(..STEP);
            self.window.extend(self.step.drain(..));
            self.measure();
        }
    }

    /// Welford's update, which is exact enough as long as nothing is taken out.
    fn add(&mut self, value: f64, rows: usize) {
        let from = value - self.mean;
        self.mean += from / rows as f64;
        self.squares += from * (value - self.mean);
    }

    /// Anew: sums from which values are taken out again would drift.
    fn measure(&mut self) {
        (self.mean, self.squares) = (0.0, 0.0);
        for at in 0..self.window.len() {
            self.add(self.window[at], at + 1);
        }
    }
}
