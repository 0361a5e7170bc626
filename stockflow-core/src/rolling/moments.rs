use super::{MAX_VALUE, Ring, sums::Sums};
use crate::params::InvalidConfig;

/// Mean and variance of the last `period` values.
///
/// # Formula
/// `mean = s / n`, `variance = (n·q - s²) / n²` with the exact sum `s` and sum of squares `q`: the difference that
/// cancels is taken between integers, so nothing is lost however far the values are from zero.
///
/// ```
/// use stockflow_core::rolling::Moments;
///
/// let mut moments = Moments::new(4)?;
/// for price in [1_000_000_000_000_001, 1_000_000_000_000_003, 1_000_000_000_000_001, 1_000_000_000_000_003] {
///     moments.push(price);
/// }
/// assert_eq!(moments.deviation(), 1.0);
/// assert_eq!(moments.z_score(1_000_000_000_000_005), Some(3.0));
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "Bollinger")]
pub struct Moments {
    ring: Ring,
    sums: Sums,
}

impl Moments {
    /// Over `period` values.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 1 to 512.
    pub fn new(period: usize) -> Result<Self, InvalidConfig> {
        Ok(Self { ring: Ring::new(period)?, sums: Sums::NONE })
    }

    /// Takes in `value`; returns the oldest one if it had to make room.
    ///
    /// A value beyond ±[`MAX_VALUE`] counts as that bound, so that no sum can overflow.
    pub fn push(&mut self, value: i64) -> Option<i64> {
        let value = value.clamp(-MAX_VALUE, MAX_VALUE);
        let gone = self.ring.push(value);
        self.sums.replace(gone, value);
        gone
    }

    /// Exact sum of the values held.
    #[must_use]
    pub const fn sum(&self) -> i128 {
        self.sums.sum
    }

    /// Mean of the values held, rounded once; `None` if there are none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (!self.ring.is_empty()).then(|| self.sums.mean(self.ring.len()))
    }

    /// Population variance of the values held; 0 if they are all equal, or none.
    #[must_use]
    pub fn variance(&self) -> f64 {
        let n = self.ring.len();
        if n == 0 { 0.0 } else { self.sums.scaled_variance(n) / (n as f64 * n as f64) }
    }

    /// Square root of the variance.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        if self.ring.is_empty() { 0.0 } else { self.sums.deviation(self.ring.len()) }
    }

    /// Mean of the squares, the variance about 0; 0 if there are none.
    #[must_use]
    pub fn mean_square(&self) -> f64 {
        if self.ring.is_empty() { 0.0 } else { self.sums.mean_square(self.ring.len()) }
    }

    /// By how many deviations `value` is above the mean, negative below; `None` if the values held do not differ.
    #[must_use]
    pub fn z_score(&self, value: i64) -> Option<f64> {
        let n = self.ring.len();
        let scaled = self.sums.scaled_variance(n);
        (scaled > 0.0).then(|| self.sums.above_mean(value, n) / scaled.sqrt())
    }

    /// The values.
    #[must_use]
    pub const fn values(&self) -> &Ring {
        &self.ring
    }

    /// Whether `period` values are held.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.ring.is_full()
    }

    /// Forgets every value.
    pub const fn clear(&mut self) {
        self.ring.clear();
        self.sums = Sums::NONE;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Naive: two passes over the window, deviations from the mean in floats.
    fn naive_deviation(values: &[i64]) -> f64 {
        let n = values.len() as f64;
        let base = values[0];
        let mean = values.iter().map(|v| (v - base) as f64).sum::<f64>() / n;
        (values.iter().map(|v| ((v - base) as f64 - mean).powi(2)).sum::<f64>() / n).sqrt()
    }

    proptest! {
        #[test]
        fn agrees_with_the_naive_formula_at_price_ten_million(
            period in 2_usize..60,
            steps in prop::collection::vec(-300_000_000_i64..300_000_000, 2..200),
        ) {
            let mut rolling = Moments::new(period).unwrap();
            let mut values = Vec::new();
            let mut price = 1_000_000_000_000_000;
            for step in steps {
                price += step;
                values.push(price);
                rolling.push(price);
                let kept = &values[values.len().saturating_sub(period)..];
                let naive = naive_deviation(kept);
                prop_assert!((rolling.deviation() - naive).abs() <= 1e-9 * naive.max(1.0));
            }
        }

        #[test]
        fn extreme_values_neither_overflow_nor_turn_negative(
            period in 1_usize..=512,
            ends in prop::collection::vec(prop_oneof![Just(-MAX_VALUE), Just(MAX_VALUE), Just(1), any::<i64>()], 1..600),
        ) {
            let mut rolling = Moments::new(period).unwrap();
            for value in ends {
                rolling.push(value);
                let variance = rolling.variance();
                prop_assert!((0.0..=1.000_001e34).contains(&variance), "{}", variance);
                prop_assert!(rolling.z_score(value).is_none_or(f64::is_finite));
            }
        }
    }

    #[test]
    fn after_a_million_updates_at_price_ten_million_the_error_is_zero() {
        let mut old = Moments::new(20).unwrap();
        let mut seed = 1_u64;
        let mut next = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            1_000_000_000_000_000 + (seed >> 37) as i64
        };
        old.push(MAX_VALUE);
        for _ in 0..1_000_000 {
            old.push(next());
        }
        let mut fresh = Moments::new(20).unwrap();
        for _ in 0..20 {
            let value = next();
            old.push(value);
            fresh.push(value);
        }
        assert_eq!(old.variance().to_bits(), fresh.variance().to_bits());
        let kept: Vec<i64> = fresh.values().iter().collect();
        assert!((fresh.deviation() - naive_deviation(&kept)).abs() < 1e-6);
    }

    #[test]
    fn equal_values_have_no_deviation_and_no_score() {
        let mut rolling = Moments::new(512).unwrap();
        for _ in 0..512 {
            rolling.push(MAX_VALUE);
        }
        assert_eq!(rolling.variance(), 0.0);
        assert_eq!(rolling.z_score(5), None);
    }
}
