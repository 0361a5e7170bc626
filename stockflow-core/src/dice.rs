//! Seeded random numbers.

use std::sync::atomic::{AtomicU64, Ordering};

/// SplitMix64: the same seed rolls the same numbers, and several callers may roll at once. Not for secrets.
///
/// Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators" (2014).
#[derive(Debug)]
pub(crate) struct Dice(AtomicU64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn roll(&self) -> u64 {
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `most`, inclusive; the bias is below 2⁻⁶⁴ times `most`.
    pub(crate) fn up_to(&self, most: u64) -> u64 {
        ((u128::from(self.roll()) * (u128::from(most) + 1)) >> 64) as u64
    }

    /// Whether something happens that happens in `percent` of 100 cases.
    pub(crate) fn happens(&self, percent: u8) -> bool {
        self.up_to(99) < u64::from(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rolls_depend_on_the_seed_alone_and_reach_both_ends() {
        let rolls = |seed| {
            let dice = Dice::new(seed);
            (0..1_000).map(|_| dice.up_to(9)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(7), rolls(7));
        assert_ne!(rolls(7), rolls(8));
        assert!((0..=9).all(|n| rolls(7).contains(&n)));
        assert!(!Dice::new(1).happens(0) && Dice::new(1).happens(100));
    }
}
