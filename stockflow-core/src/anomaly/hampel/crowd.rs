/// A band of prices, and how many of a window lie in it.
///
/// To count the prices near each new one takes a pass over the window. But as long as most of them lie in a band, and the band near the
/// new price, most are near that; and one price that comes and one that goes are quickly counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Crowd {
    low: i64,
    /// From `low` up.
    span: u64,
    count: u16,
}

impl Crowd {
    /// Of the prices in `window`, those within `reach` around `center`.
    pub(super) fn around(center: i64, reach: i64, window: impl Iterator<Item = i64>) -> Self {
        let mut crowd = Self { low: center - reach, span: 2 * reach as u64, count: 0 };
        crowd.count = window.map(|price| u16::from(crowd.holds(price))).sum();
        crowd
    }

    const fn holds(&self, price: i64) -> bool {
        price.wrapping_sub(self.low) as u64 <= self.span
    }

    /// Whether it is most of `period` prices.
    #[inline(always)]
    pub(super) const fn is_most_of(&self, period: u16) -> bool {
        self.count > period / 2
    }

    /// Whether the whole band lies within `reach` around `price`.
    #[inline(always)]
    pub(super) const fn is_within(&self, reach: i64, price: i64) -> bool {
        self.low >= price - reach && self.low + self.span as i64 <= price + reach
    }

    /// Takes in `price` in place of `gone`.
    #[inline(always)]
    pub(super) fn replace(&mut self, gone: Option<i64>, price: i64) {
        self.count += u16::from(self.holds(price));
        self.count -= u16::from(gone.is_some_and(|gone| self.holds(gone)));
    }

    /// The same band, counted in `window` itself.
    #[cfg(test)]
    pub(super) fn counted_anew(&self, window: &[i64]) -> Self {
        let count = window.iter().filter(|price| self.holds(**price)).count() as u16;
        Self { count, ..*self }
    }
}
