use std::fmt;

use super::check_period;
use crate::params::InvalidConfig;

/// The last `period` values as floats in one piece, for weighted sums over them (FIR filters).
///
/// An exponential average that runs on for ever depends on every value since its start. One that is cut off after
/// `period` values and summed anew, always in the same order, depends on those only: to the bit.
///
/// # Cost
/// A value is written twice, so that the newest `period` always lie side by side; nothing is moved. A weighted sum runs
/// in eight lanes, about `period / 4` cycles.
///
/// ```
/// use stockflow_core::rolling::Window;
///
/// let mut window = Window::new(3)?;
/// for price in [1.0, 10.0, 20.0, 40.0] {
///     window.push(price);
/// }
/// assert_eq!(window.values(), [10.0, 20.0, 40.0]);
/// assert_eq!(window.weighted_sum(&[0.125, 0.25, 0.5]), Some(26.25), "weights from the oldest on");
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
#[derive(Clone)]
#[doc(alias = "FIR")]
#[doc(alias = "EMA")]
pub struct Window {
    /// Twice the period: the values, and the same once more behind them.
    slots: Box<[f64]>,
    next: u32,
    len: u32,
}

impl Window {
    /// Over `period` values.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 1 to 512.
    pub fn new(period: usize) -> Result<Self, InvalidConfig> {
        check_period(period, 1)?;
        Ok(Self { slots: vec![0.0; 2 * period].into(), next: 0, len: 0 })
    }

    /// Room in values.
    #[must_use]
    pub const fn period(&self) -> usize {
        self.slots.len() / 2
    }

    /// Takes in `value` and forgets the oldest if `period` are held.
    pub fn push(&mut self, value: f64) {
        let period = self.period();
        let at = self.next as usize;
        self.slots[at] = value;
        self.slots[at + period] = value;
        self.next = if at + 1 == period { 0 } else { self.next + 1 };
        self.len += u32::from((self.len as usize) < period);
    }

    /// The values held, oldest first.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        let end = self.next as usize + self.period();
        &self.slots[end - self.len as usize..end]
    }

    /// Whether `period` values are held.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len as usize == self.period()
    }

    /// Sum of each value times the weight at its place, from the oldest on, of the newest `weights.len()` values; `None`
    /// before so many are held.
    ///
    /// The order of additions depends on the number of weights alone.
    #[must_use]
    pub fn weighted_sum(&self, weights: &[f64]) -> Option<f64> {
        let values = self.values();
        let values = &values[values.len().checked_sub(weights.len())?..];
        let mut lanes = [0.0; 8];
        let (value_chunks, weight_chunks) = (values.chunks_exact(8), weights.chunks_exact(8));
        let rest: f64 = value_chunks
            .remainder()
            .iter()
            .zip(weight_chunks.remainder())
            .map(|(v, w)| v * w)
            .sum();
        for (v, w) in value_chunks.zip(weight_chunks) {
            for lane in 0..8 {
                lanes[lane] += v[lane] * w[lane];
            }
        }
        let [a, b, c, d, e, f, g, h] = lanes;
        Some((((a + e) + (c + g)) + ((b + f) + (d + h))) + rest)
    }

    /// Forgets every value.
    pub const fn clear(&mut self) {
        self.next = 0;
        self.len = 0;
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_the_plain_sum_and_forgets_to_the_bit(
            period in 1_usize..70,
            before in prop::collection::vec(-1e17_f64..1e17, 0..100),
            values in prop::collection::vec(1e6_f64..1e8, 70..140),
        ) {
            let weights: Vec<f64> = (0..period).map(|i| 0.9_f64.powi((period - i) as i32)).collect();
            let (mut old, mut fresh) = (Window::new(period).unwrap(), Window::new(period).unwrap());
            before.iter().for_each(|&v| old.push(v));
            for &value in &values {
                old.push(value);
                fresh.push(value);
            }
            let sum = old.weighted_sum(&weights).unwrap();
            prop_assert_eq!(sum.to_bits(), fresh.weighted_sum(&weights).unwrap().to_bits());
            let plain: f64 = values[values.len() - period..].iter().zip(&weights).map(|(v, w)| v * w).sum();
            prop_assert!((sum - plain).abs() <= 1e-12 * plain.abs());
        }
    }

    #[test]
    fn too_few_values_have_no_sum() {
        let mut window = Window::new(4).unwrap();
        window.push(1.0);
        assert_eq!(window.weighted_sum(&[1.0, 1.0]), None);
        assert_eq!(window.weighted_sum(&[2.0]), Some(2.0));
        window.clear();
        assert!(window.values().is_empty());
    }
}
