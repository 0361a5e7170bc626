use super::{Ring, check_period};
use crate::params::InvalidConfig;

/// Median and median absolute deviation of the last `period` values, an odd number.
///
/// # Formula
/// With the values in order, `s₀ ≤ … ≤ s₂ₕ`, the median is `m = sₕ`. The median absolute deviation is the least half-width
/// around `m` that covers `h + 1` values: the minimum over `i` of `max(m - sᵢ, sᵢ₊ₕ - m)`, of which the first falls and the
/// second rises with `i`, so that it is found by bisection.
///
/// # Cost
/// One insertion into a sorted array: two binary searches and a shift between them. State: 16 bytes a value.
///
/// ```
/// use stockflow_core::rolling::Median;
///
/// let mut median = Median::new(5)?;
/// for price in [10, 11, 500, 12, 9] {
///     median.push(price);
/// }
/// assert_eq!(median.median(), Some(11));
/// assert_eq!(median.mad(), Some(1), "one bad value changes little");
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "MAD")]
pub struct Median {
    ring: Ring,
    /// The values held, ascending, in the first places.
    sorted: Box<[i64]>,
}

impl Median {
    /// Over `period` values.
    ///
    /// # Errors
    /// [`InvalidConfig`] for an even number, or outside 1 to 511.
    pub fn new(period: usize) -> Result<Self, InvalidConfig> {
        check_period(period, 1)?;
        if period.is_multiple_of(2) {
            return Err(InvalidConfig::new("period", period, "an odd number, 1 to 511"));
        }
        Ok(Self { ring: Ring::new(period)?, sorted: vec![0; period].into() })
    }

    /// Takes in `value` and forgets the oldest if `period` are held.
    pub fn push(&mut self, value: i64) {
        let before = self.ring.len();
        match self.ring.push(value) {
            Some(gone) => replace(&mut self.sorted, gone, value),
            None => {
                self.sorted[before] = i64::MAX;
                replace(&mut self.sorted[..=before], i64::MAX, value);
            }
        }
    }

    /// The middle value; `None` before `period` values are held.
    #[must_use]
    pub fn median(&self) -> Option<i64> {
        self.ring.is_full().then(|| self.sorted[self.sorted.len() / 2])
    }

    /// Median of the absolute deviations from the median; `None` before `period` values are held.
    #[must_use]
    pub fn mad(&self) -> Option<i64> {
        let median = self.median()?;
        let half = self.sorted.len() / 2;
        // The last i in 0..=half at which the left distance is still the larger one, by bisection.
        let (mut at, mut span) = (0, half + 1);
        let left = |i: usize| median.wrapping_sub(self.sorted[i]) as u64;
        let right = |i: usize| self.sorted[i + half].wrapping_sub(median) as u64;
        while span > 1 {
            let step = span / 2;
            at = if left(at + step) >= right(at + step) { at + step } else { at };
            span -= step;
        }
        let mut mad = left(at).max(right(at));
        if at < half {
            mad = mad.min(left(at + 1).max(right(at + 1)));
        }
        Some(i64::try_from(mad).unwrap_or(i64::MAX))
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
    }
}

/// Puts `value` in the place of `gone`, which must be there, and keeps the order.
fn replace(sorted: &mut [i64], gone: i64, value: i64) {
    if sorted.len() <= FEW {
        replace_in_few(sorted, gone, value);
        return;
    }
    let mut at = sorted.partition_point(|&v| v < gone);
    if value >= gone {
        while at + 1 < sorted.len() && sorted[at + 1] < value {
            sorted[at] = sorted[at + 1];
            at += 1;
        }
    } else {
        while at > 0 && sorted[at - 1] > value {
            sorted[at] = sorted[at - 1];
            at -= 1;
        }
    }
    sorted[at] = value;
}

/// Up to so many values, one pass over all of them is faster than to guess, quote by quote, where to stop.
const FEW: usize = 48;

fn replace_in_few(sorted: &mut [i64], gone: i64, value: i64) {
    let mut before = i64::MIN;
    for i in 0..sorted.len() {
        // The i-th of those that stay: those before `gone` where they are, those after it one further left.
        let after = sorted.get(i + 1).copied().unwrap_or(i64::MAX);
        let stays = if sorted[i] < gone { sorted[i] } else { after };
        // `value` goes between the last that is less and the first that is not.
        sorted[i] = before.max(value.min(stays));
        before = stays;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(values: &[i64]) -> (i64, i64) {
        let middle = |mut v: Vec<i64>| {
            v.sort_unstable();
            v[v.len() / 2]
        };
        let median = middle(values.to_vec());
        (median, middle(values.iter().map(|v| (v - median).abs()).collect()))
    }

    fn check(period: usize, values: &[i64]) {
        let mut rolling = Median::new(period).unwrap();
        for (i, &value) in values.iter().enumerate() {
            rolling.push(value);
            if i + 1 < period {
                assert_eq!((rolling.median(), rolling.mad()), (None, None));
            } else {
                let expected = naive(&values[i + 1 - period..=i]);
                assert_eq!((rolling.median().unwrap(), rolling.mad().unwrap()), expected);
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_sorting(half in 0_usize..12, values in prop::collection::vec(prop_oneof![-4_i64..4, 0..super::super::MAX_VALUE], 1..120)) {
            check(2 * half + 1, &values);
        }
    }

    #[test]
    fn survives_a_million_updates_and_a_clear() {
        let mut rolling = Median::new(21).unwrap();
        let mut seed = 7_i64;
        let mut next = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            1_000_000_000_000_000 + (seed >> 40)
        };
        for _ in 0..1_000_000 {
            rolling.push(next());
        }
        let kept: Vec<i64> = rolling.values().iter().collect();
        assert_eq!((rolling.median().unwrap(), rolling.mad().unwrap()), naive(&kept));
        rolling.clear();
        assert_eq!(rolling.median(), None);
        let values: Vec<i64> = (0..30).map(|_| next()).collect();
        for &value in &values {
            rolling.push(value);
        }
        assert_eq!(rolling.median().unwrap(), naive(&values[9..]).0);
    }

    #[test]
    fn extremes_of_the_integers_do_not_overflow() {
        check(3, &[0, 1, 2]);
        let mut rolling = Median::new(3).unwrap();
        for value in [i64::MIN, i64::MAX, 0, i64::MIN, i64::MIN, i64::MAX] {
            rolling.push(value);
            assert!(rolling.mad().is_none_or(|mad| mad >= 0));
        }
    }
}
