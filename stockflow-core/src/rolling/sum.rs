use super::{Ring, to_f64};
use crate::params::InvalidConfig;

/// Sum and mean of the last `period` values.
///
/// ```
/// use stockflow_core::rolling::Sum;
///
/// let mut sum = Sum::new(3)?;
/// for price in [10, 20, 30, 40] {
///     sum.push(price);
/// }
/// assert_eq!(sum.sum(), 90);
/// assert_eq!(sum.mean(), Some(30.0));
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "SMA")]
pub struct Sum {
    ring: Ring,
    sum: i128,
}

impl Sum {
    /// Over `period` values.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 1 to 512.
    pub fn new(period: usize) -> Result<Self, InvalidConfig> {
        Ok(Self { ring: Ring::new(period)?, sum: 0 })
    }

    /// Takes in `value`; returns the oldest one if it had to make room.
    pub fn push(&mut self, value: i64) -> Option<i64> {
        let gone = self.ring.push(value);
        self.sum += i128::from(value) - i128::from(gone.unwrap_or(0));
        gone
    }

    /// Exact sum of the values held.
    #[must_use]
    pub const fn sum(&self) -> i128 {
        self.sum
    }

    /// Mean of the values held, rounded once; `None` if there are none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (!self.ring.is_empty()).then(|| to_f64(self.sum) / self.ring.len() as f64)
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
        self.sum = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_adding_up(period in 1_usize..30, values in prop::collection::vec(any::<i64>(), 1..100)) {
            let mut rolling = Sum::new(period).unwrap();
            for (i, &value) in values.iter().enumerate() {
                rolling.push(value);
                let kept = &values[(i + 1).saturating_sub(period)..=i];
                prop_assert_eq!(rolling.sum(), kept.iter().map(|&v| i128::from(v)).sum());
            }
        }
    }
}
