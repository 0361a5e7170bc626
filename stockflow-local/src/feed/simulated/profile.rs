//! What tells one symbol's trading from another's.

use stockflow_core::Symbol;

use crate::rng::Rng;

/// How a symbol trades on a usual day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    /// Price level, in the currency.
    pub(super) price: f64,
    /// Deviation of a day's own return, beside the market's.
    pub(super) own: f64,
    /// Share in the market's return.
    pub(super) beta: f64,
    /// Shares a day.
    pub(super) volume: f64,
}

/// Deviation of the market's return in a day.
pub(super) const MARKET: f64 = 0.007;

/// Invented symbols: name, price in cents, own deviation in basis points, beta in percent, thousand shares a day.
const INVENTED: &[(&str, u32, u32, u32, u32)] = &[
    ("ALDR", 18_240, 90, 110, 18_000),
    ("BRYK", 4_415, 110, 85, 9_500),
    ("CNVR", 31_870, 75, 95, 6_200),
    ("DLTX", 1_265, 140, 120, 24_000),
    ("EVRN", 9_620, 100, 105, 11_000),
    ("FNTM", 742, 150, 135, 31_000),
    ("GRVL", 5_890, 85, 70, 4_100),
    ("HLSO", 22_315, 115, 125, 14_500),
    ("INDQ", 43_650, 15, 100, 42_000),
    ("JNQR-B", 48_905, 60, 55, 2_400),
    ("KLPR", 2_730, 120, 90, 8_800),
    ("LMNA", 13_480, 95, 100, 7_300),
    ("MRDN", 7_155, 70, 60, 5_600),
    ("NVLT", 26_520, 130, 140, 36_000),
    ("ORBT", 3_385, 125, 115, 12_700),
    ("PRSM", 15_760, 80, 90, 6_900),
    ("QNTA", 1_890, 145, 130, 16_400),
    ("RVRS", 6_240, 65, 65, 3_900),
    ("SLTR", 10_975, 105, 110, 10_200),
    ("TNDM", 38_210, 90, 120, 5_100),
];

/// The symbols of the default market: twenty invented ones, with prices from 7 to 490 and quiet and nervous ones among them.
#[must_use]
pub fn default_symbols() -> Vec<Symbol> {
    INVENTED.iter().filter_map(|row| Symbol::new(row.0).ok()).collect()
}

impl Profile {
    /// The table's, or for any other name one that follows from the name.
    pub(super) fn of(symbol: &Symbol) -> Self {
        if let Some(&(_, cents, own, beta, volume)) =
            INVENTED.iter().find(|row| row.0 == symbol.as_str())
        {
            return Self {
                price: f64::from(cents) / 100.0,
                own: f64::from(own) / 10_000.0,
                beta: f64::from(beta) / 100.0,
                volume: f64::from(volume) * 1_000.0,
            };
        }
        let mut rng = Rng::new(&[name_number(symbol)]);
        let level = rng.unit();
        Self {
            price: 8.0 + 400.0 * level * level,
            own: rng.between(0.006, 0.014),
            beta: rng.between(0.5, 1.4),
            volume: rng.between(2e6, 2e7),
        }
    }

    /// Deviation of a day's return, the market's share included.
    pub(super) fn day_deviation(&self) -> f64 {
        let market = self.beta * MARKET;
        (self.own * self.own + market * market).sqrt()
    }
}

/// A number for a name (FNV-1a).
pub(super) fn name_number(symbol: &Symbol) -> u64 {
    symbol.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, |hash, &b| {
        (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_market_has_twenty_symbols() {
        assert_eq!(default_symbols().len(), 20);
    }
}
