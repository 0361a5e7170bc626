use super::to_f64;

/// Exact sum and sum of squares of `n` values, which somebody else keeps; at most 512, within ±[`MAX_VALUE`](super::MAX_VALUE).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    pub(crate) sum: i128,
    pub(crate) squares: i128,
}

impl Sums {
    pub(crate) const NONE: Self = Self { sum: 0, squares: 0 };

    /// Adds `value`, and takes `gone` off if there is one.
    #[inline]
    pub(crate) fn replace(&mut self, gone: Option<i64>, value: i64) {
        let old = gone.unwrap_or(0);
        self.sum += i128::from(value) - i128::from(old);
        self.squares += i128::from(value) * i128::from(value) - i128::from(old) * i128::from(old);
    }

    /// Mean of one value or more, rounded once.
    pub(crate) fn mean(&self, n: usize) -> f64 {
        to_f64(self.sum) / n as f64
    }

    /// Mean of the squares of one value or more.
    #[inline]
    pub(crate) fn mean_square(&self, n: usize) -> f64 {
        to_f64(self.squares) / n as f64
    }

    /// Deviation of one value or more, as a whole population.
    pub(crate) fn deviation(&self, n: usize) -> f64 {
        self.scaled_variance(n).sqrt() / n as f64
    }

    /// `n` times the distance of `value` from the mean.
    pub(crate) fn above_mean(&self, value: i64, n: usize) -> f64 {
        to_f64(i128::from(value) * n as i128 - self.sum)
    }

    /// n² times the variance, rounded once.
    pub(crate) fn scaled_variance(&self, n: usize) -> f64 {
        /// Below it, n times the squares fit for every n up to 512; only windows of prices above 10⁸ are not.
        const SMALL: i128 = 1 << 117;
        let n = n as i128;
        if self.squares < SMALL {
            // By Cauchy and Schwarz s² is at most n·q, so it fits too.
            return to_f64(n * self.squares - self.sum * self.sum);
        }
        // The same around the whole part of the mean, whose terms fit for every period and value.
        let mean = self.sum.div_euclid(n);
        let rest = self.sum - mean * n;
        let around = self.squares - mean * (self.sum + rest);
        to_f64(around) * n as f64 - to_f64(rest * rest)
    }
}
