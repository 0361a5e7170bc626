use crate::{InvalidConfig, Timestamp, rolling::Ring};

/// How often quotes come, and how much wider that makes a dead band (see [`Confirmation`](super::Confirmation)).
#[derive(Clone, Debug)]
pub(super) struct Pace {
    last: Option<Timestamp>,
    /// Microseconds between the last quotes, at most a minute each: a night counts as a minute.
    pauses: Ring<u32>,
    sum: u64,
}

const MINUTE: i64 = 60_000_000;

impl Pace {
    /// Of the last `period` pauses between quotes.
    pub(super) fn new(period: usize) -> Result<Self, InvalidConfig> {
        Ok(Self { last: None, pauses: Ring::new(period)?, sum: 0 })
    }

    #[inline]
    pub(super) fn push(&mut self, time: Timestamp) {
        if let Some(last) = self.last.replace(time) {
            let pause = time.as_micros().saturating_sub(last.as_micros());
            let pause = pause.clamp(1, MINUTE) as u32;
            let gone = self.pauses.push(pause).unwrap_or(0);
            self.sum = self.sum + u64::from(pause) - u64::from(gone);
        }
    }

    /// By what the square of the band is to be multiplied: 1 for quotes a minute or more apart, and 1 more for each time that
    /// they come twice as often.
    pub(super) fn widening(&self) -> f64 {
        if self.pauses.is_empty() {
            return 1.0;
        }
        let mean = self.sum as f64 / self.pauses.len() as f64;
        1.0 + log2(MINUTE as f64 / mean)
    }

    pub(super) const fn reset(&mut self) {
        self.last = None;
        self.pauses.clear();
        self.sum = 0;
    }
}

/// Logarithm of a number from 1 on, linear between powers of two: at most 0.09 too small, and, unlike that of the standard
/// library, of the same bits on every machine.
fn log2(x: f64) -> f64 {
    // A float is a power of two, whose exponent is above the 52 bits of the rest, times 1 to 2.
    const ONE: u64 = 1.0_f64.to_bits();
    let bits = x.max(1.0).to_bits();
    let whole = (bits - ONE) >> 52;
    let rest = f64::from_bits(bits - (whole << 52));
    whole as f64 + (rest - 1.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn widening(millis: u64, nights: bool) -> f64 {
        let mut pace = Pace::new(4).unwrap();
        for i in 0..20 {
            let night = if nights && i > 17 { 60_000_000 } else { 0 };
            pace.push(Timestamp::MIN.saturating_add(Duration::from_millis(millis * i + night)));
        }
        pace.widening()
    }

    #[test]
    fn the_band_widens_with_each_doubling() {
        assert_eq!(widening(86_400_000, false), 1.0);
        assert_eq!(widening(60_000, false), 1.0);
        assert_eq!(widening(30_000, false), 2.0);
        assert_eq!(widening(15_000, false), 3.0);
        assert_eq!(widening(10_000, false), 3.5);
        assert!((20.0..27.0).contains(&widening(0, false)), "many quotes with one time");
        assert!(widening(15_000, true) > 2.0, "a night counts as a minute");
        assert_eq!(Pace::new(3).unwrap().widening(), 1.0);
    }

    #[test]
    fn the_logarithm_is_close() {
        assert_eq!(
            [0.5, 1.0, 1.5, 2.0, 3.0, 6.0, 1024.0].map(log2),
            [0.0, 0.0, 0.5, 1.0, 1.5, 2.5, 10.0]
        );
        for x in [1.0, 1.4, 2.0, 3.0, 1000.0, 6e7] {
            assert!((0.0..0.09).contains(&(f64::log2(x) - log2(x))), "{x}");
        }
    }
}
