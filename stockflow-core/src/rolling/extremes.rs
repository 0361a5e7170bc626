use super::check_period;
use crate::params::InvalidConfig;

/// Minimum and maximum of the last `period` values.
///
/// # Cost
/// Each value enters and leaves two queues once: constant on average, at most `period` steps.
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
    low: Queue,
    high: Queue,
    pushed: u64,
}

impl Extremes {
    /// Over `period` values.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 1 to 512.
    pub fn new(period: usize) -> Result<Self, InvalidConfig> {
        check_period(period, 1)?;
        Ok(Self { low: Queue::new(period), high: Queue::new(period), pushed: 0 })
    }

    /// Takes in `value` and forgets the oldest if `period` are held.
    pub fn push(&mut self, value: i64) {
        self.low.push(self.pushed, value, |kept, new| kept >= new);
        self.high.push(self.pushed, value, |kept, new| kept <= new);
        self.pushed += 1;
    }

    /// The smallest value held.
    #[must_use]
    pub fn min(&self) -> Option<i64> {
        self.low.front()
    }

    /// The largest value held.
    #[must_use]
    pub fn max(&self) -> Option<i64> {
        self.high.front()
    }

    /// Room in values.
    #[must_use]
    pub const fn period(&self) -> usize {
        self.low.slots.len()
    }

    /// Whether `period` values are held.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.pushed >= self.low.slots.len() as u64
    }

    /// Forgets every value.
    pub const fn clear(&mut self) {
        self.low.len = 0;
        self.high.len = 0;
        self.pushed = 0;
    }
}

/// The values that can still become the extreme, each with its number, in a ring.
#[derive(Clone, Debug)]
struct Queue {
    slots: Box<[(u64, i64)]>,
    head: u32,
    len: u32,
}

impl Queue {
    fn new(period: usize) -> Self {
        Self { slots: vec![(0, 0); period].into(), head: 0, len: 0 }
    }

    fn place(&self, nth: u32) -> usize {
        let (at, room) = ((self.head + nth) as usize, self.slots.len());
        if at >= room { at - room } else { at }
    }

    fn front(&self) -> Option<i64> {
        (self.len > 0).then(|| self.slots[self.head as usize].1)
    }

    fn push(&mut self, number: u64, value: i64, is_beaten: impl Fn(i64, i64) -> bool) {
        if self.len > 0 && self.slots[self.head as usize].0 + self.slots.len() as u64 <= number {
            self.head = self.place(1) as u32;
            self.len -= 1;
        }
        while self.len > 0 && is_beaten(self.slots[self.place(self.len - 1)].1, value) {
            self.len -= 1;
        }
        let at = self.place(self.len);
        self.slots[at] = (number, value);
        self.len += 1;
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
