use super::Ring;
use crate::params::InvalidConfig;

/// Minimum and maximum of the last `period` values.
///
/// # Cost
/// Two comparisons; where the value that leaves was the newest extreme, one pass over all that are held. In a random walk
/// about one value in `√period` is that.
///
/// ```
/// use stockflow_core::rolling::Extremes;
///
/// let mut range = Extremes::new(3)?;
/// for price in [50, 10, 20, 30, 25] {
///     range.push(price);
/// }
/// assert_eq!((range.min(), range.max()), (Some(20), Some(30)));
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "Donchian")]
pub struct Extremes {
    ring: Ring,
    low: Extreme,
    high: Extreme,
}

/// The newest of the most extreme values.
#[derive(Clone, Copy, Debug)]
struct Extreme {
    value: i64,
    /// How many values came after it.
    age: u32,
}

impl Extremes {
    /// Over `period` values.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 1 to 512.
    pub fn new(period: usize) -> Result<Self, InvalidConfig> {
        let none = Extreme { value: 0, age: 0 };
        Ok(Self { ring: Ring::new(period)?, low: none, high: none })
    }

    /// Takes in `value` and forgets the oldest if `period` are held.
    pub fn push(&mut self, value: i64) {
        let is_first = self.ring.is_empty();
        self.ring.push(value);
        let new = Extreme { value, age: 0 };
        let next = |last: Extreme, wins: bool, best: fn(i64, i64) -> i64| {
            let age = last.age + 1;
            if wins || is_first {
                new
            } else if (age as usize) < self.ring.period() {
                Extreme { age, ..last }
            } else {
                self.find(best)
            }
        };
        let low = next(self.low, value <= self.low.value, i64::min);
        let high = next(self.high, value >= self.high.value, i64::max);
        (self.low, self.high) = (low, high);
    }

    fn find(&self, best: fn(i64, i64) -> i64) -> Extreme {
        let value = self.ring.iter().reduce(best).unwrap_or_default();
        let age = self.ring.iter().rev().position(|held| held == value).unwrap_or_default();
        Extreme { value, age: age as u32 }
    }

    /// The smallest value held.
    #[must_use]
    pub fn min(&self) -> Option<i64> {
        (!self.ring.is_empty()).then_some(self.low.value)
    }

    /// The largest value held.
    #[must_use]
    pub fn max(&self) -> Option<i64> {
        (!self.ring.is_empty()).then_some(self.high.value)
    }

    /// Room in values.
    #[must_use]
    pub const fn period(&self) -> usize {
        self.ring.period()
    }

    /// Whether `period` values are held.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.ring.is_full()
    }

    /// Forgets everything.
    pub const fn clear(&mut self) {
        self.ring.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_scan(period in 1_usize..12, values in prop::collection::vec(-5_i64..5, 1..200)) {
            let mut range = Extremes::new(period).unwrap();
            for (i, &value) in values.iter().enumerate() {
                range.push(value);
                let kept = &values[(i + 1).saturating_sub(period)..=i];
                prop_assert_eq!(range.min(), kept.iter().copied().min());
                prop_assert_eq!(range.max(), kept.iter().copied().max());
                prop_assert_eq!(range.is_full(), i + 1 >= period);
            }
        }
    }
}
