use std::fmt;

use super::check_period;
use crate::params::InvalidConfig;

/// The last `period` values, oldest first.
///
/// ```
/// use stockflow_core::rolling::Ring;
///
/// let mut ring = Ring::new(2)?;
/// assert_eq!(ring.push(1), None);
/// assert_eq!(ring.push(2), None);
/// assert_eq!(ring.push(3), Some(1), "the oldest value makes room");
/// assert_eq!(ring.iter().collect::<Vec<_>>(), [2, 3]);
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
#[derive(Clone)]
pub struct Ring<T = i64> {
    slots: Box<[T]>,
    /// Where the next value goes: the place of the oldest once the ring is full.
    next: u32,
    len: u32,
}

impl<T: Copy + Default> Ring<T> {
    /// Room for `period` values.
    ///
    /// # Errors
    /// [`InvalidConfig`] outside 1 to 512.
    pub fn new(period: usize) -> Result<Self, InvalidConfig> {
        check_period(period, 1)?;
        Ok(Self::of(period))
    }

    /// The same, also with no room: such a ring holds nothing.
    pub(crate) fn of(period: usize) -> Self {
        Self { slots: vec![T::default(); period].into(), next: 0, len: 0 }
    }

    /// Takes in `value`; returns the oldest one if it had to make room.
    #[inline]
    pub fn push(&mut self, value: T) -> Option<T> {
        let period = self.slots.len() as u32;
        let slot = self.slots.get_mut(self.next as usize)?;
        let before = std::mem::replace(slot, value);
        self.next += 1;
        if self.next == period {
            self.next = 0;
        }
        if self.len == period {
            return Some(before);
        }
        self.len += 1;
        None
    }
}

impl<T: Copy> Ring<T> {
    /// Room in values.
    #[must_use]
    pub const fn period(&self) -> usize {
        self.slots.len()
    }

    /// Values held.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether no value is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `period` values are held.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.len as usize == self.slots.len()
    }

    /// The value pushed last.
    #[must_use]
    pub fn newest(&self) -> Option<T> {
        self.back(0)
    }

    /// The value pushed `age` values before the newest; 0 is the newest.
    #[must_use]
    pub fn back(&self, age: usize) -> Option<T> {
        if age >= self.len() {
            return None;
        }
        let next = self.next as usize;
        let at = if next > age { next - age - 1 } else { next + self.slots.len() - age - 1 };
        Some(self.slots[at])
    }

    /// The value that the next push removes, or would remove if the ring were full.
    #[must_use]
    pub fn oldest(&self) -> Option<T> {
        self.len().checked_sub(1).and_then(|age| self.back(age))
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = T> + Clone {
        let split = if self.is_full() { self.next as usize } else { 0 };
        let (newer, older) = self.slots[..self.len()].split_at(split);
        older.iter().chain(newer).copied()
    }

    /// The newest values, oldest of them first, so many as there are up to `count`.
    pub(crate) fn newest_of(&self, count: usize) -> impl Iterator<Item = T> + Clone {
        let next = self.next as usize;
        let count = count.min(self.len());
        let (before, after) = self.slots.split_at(next);
        let newer = &before[next.saturating_sub(count)..];
        let older = &after[after.len() - (count - newer.len())..];
        older.iter().chain(newer).copied()
    }

    /// Forgets every value.
    pub const fn clear(&mut self) {
        self.next = 0;
        self.len = 0;
    }
}

impl<T: Copy + PartialEq> PartialEq for Ring<T> {
    /// Whether both hold the same values.
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<T: Copy + fmt::Debug> fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holds_the_last_values(period in 1_usize..9, values in prop::collection::vec(any::<i64>(), 0..40)) {
            let mut ring = Ring::new(period).unwrap();
            for (i, &value) in values.iter().enumerate() {
                let gone = ring.push(value);
                prop_assert_eq!(gone, i.checked_sub(period).map(|j| values[j]));
                let kept = &values[(i + 1).saturating_sub(period)..=i];
                prop_assert_eq!(ring.iter().collect::<Vec<_>>(), kept);
                prop_assert_eq!(ring.oldest(), kept.first().copied());
                prop_assert_eq!(ring.newest(), Some(value));
                prop_assert_eq!(ring.back(period), None);
                for count in 0..=period {
                    let newest = &kept[kept.len().saturating_sub(count)..];
                    prop_assert_eq!(ring.newest_of(count).collect::<Vec<_>>(), newest);
                }
            }
        }
    }

    #[test]
    fn without_room_nothing_is_held() {
        let mut ring = Ring::of(0);
        assert_eq!((ring.push(1), ring.newest(), ring.len()), (None, None, 0));
        assert_eq!(ring.newest_of(3).count(), 0);
    }

    #[test]
    fn impossible_periods_are_refused() {
        assert!(Ring::<i64>::new(0).is_err());
        assert!(Ring::<i64>::new(513).is_err());
        assert!(Ring::<i64>::new(512).is_ok());
    }
}
