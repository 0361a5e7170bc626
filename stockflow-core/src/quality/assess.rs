//! Finds what is doubtful about a quote from the few accepted before it.

use std::collections::VecDeque;

use crate::{Quality, Quote};

/// Judges the quality of one symbol's quotes; a function of the quote and the [`Assessor::LOOKBACK`] accepted before it.
#[derive(Clone, Debug, Default)]
pub struct Assessor {
    window: VecDeque<(Quote, Quality)>,
}

impl Assessor {
    /// On how many accepted quotes its answer depends.
    pub const LOOKBACK: usize = 32;

    /// Flags of `quote`, without learning from it.
    #[must_use]
    pub fn assess(&self, quote: &Quote) -> Quality {
        let mut quality = Quality::GOOD;
        if quote.price < quote.low || quote.price > quote.high || quote.low > quote.high {
            quality |= Quality::OUTSIDE_RANGE;
        }
        quality
    }

    /// Takes in an accepted quote with its flags.
    pub fn learn(&mut self, quote: &Quote, quality: Quality) {
        if self.window.len() == Self::LOOKBACK {
            self.window.pop_front();
        }
        self.window.push_back((*quote, quality));
    }
}
