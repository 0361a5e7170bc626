//! Prices of a symbol for drawing, in bounded memory.

use std::time::Duration;

use stockflow_core::{Price, Quote, Timestamp};

/// Most bars kept; beyond, neighbours are summed up.
const MOST: usize = 3_000;
const SECOND: i64 = 1_000_000;
/// Widths in seconds; each is a multiple of those before it.
const WIDTHS: [i64; 11] = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400, 7 * 86_400, 28 * 86_400];

/// Prices and volume over a time, or of one quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Market time of its first quote.
    pub time: Timestamp,
    /// Price of the last quote before it in the session, else of its first quote.
    pub open: Price,
    /// Highest price of a quote, and of the open.
    pub high: Price,
    /// Lowest price of a quote, and of the open.
    pub low: Price,
    /// Price of its last quote.
    pub close: Price,
    /// Traded since the last quote before it; of the day so far in the first bar of a session.
    pub volume: i64,
    /// Quotes in it.
    pub quotes: u64,
}

/// A few thousand bars at most, however many quotes there are: one a quote, or one for so much time as that takes.
#[derive(Clone, Debug, Default)]
pub struct Bars {
    bars: Vec<Bar>,
    /// Number of the width; none: a bar for each quote.
    width: Option<usize>,
    last: Option<Quote>,
}

impl Bars {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the next quote.
    pub fn push(&mut self, quote: &Quote) {
        let before = self.last.replace(*quote);
        let starts = before.is_none_or(|before| quote.starts_session_after(&before));
        let open = before.filter(|_| !starts).map_or(quote.price, |before| before.price);
        let volume = before.map_or(quote.volume.get(), |before| quote.volume_since(&before));
        self.add(Bar {
            time: quote.timestamp,
            open,
            high: quote.price.max(open),
            low: quote.price.min(open),
            close: quote.price,
            volume,
            quotes: 1,
        });
        if self.bars.len() > MOST {
            self.widen();
        }
    }

    /// The bars, in the order of time.
    #[must_use]
    pub fn bars(&self) -> &[Bar] {
        &self.bars
    }

    /// How much time a bar sums up; none: a bar for each quote.
    #[must_use]
    pub fn width(&self) -> Option<Duration> {
        self.width.map(|width| Duration::from_secs(WIDTHS[width].unsigned_abs()))
    }

    /// The same with at most `most` bars (but one at least), and of the largest width if that is not enough.
    #[must_use]
    pub fn thinned(&self, most: usize) -> Self {
        let mut bars = self.clone();
        while bars.bars.len() > most.max(1) && bars.width != Some(WIDTHS.len() - 1) {
            bars.widen();
        }
        bars
    }

    fn add(&mut self, bar: Bar) {
        match (self.width, self.bars.last_mut()) {
            (Some(width), Some(last)) if slot(last.time, width) == slot(bar.time, width) => {
                last.high = last.high.max(bar.high);
                last.low = last.low.min(bar.low);
                last.close = bar.close;
                last.volume = last.volume.saturating_add(bar.volume);
                last.quotes += bar.quotes;
            }
            _ => self.bars.push(bar),
        }
    }

    fn widen(&mut self) {
        let wider = self.width.map_or(0, |width| width + 1);
        if wider < WIDTHS.len() {
            self.width = Some(wider);
            for bar in std::mem::take(&mut self.bars) {
                self.add(bar);
            }
        }
    }
}

const fn slot(time: Timestamp, width: usize) -> i64 {
    time.as_micros().div_euclid(WIDTHS[width] * SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stockflow_core::Volume;

    fn quote(second: u64, cents: i64, volume: i64) -> Quote {
        let price = Price::from_units(cents * 1_000_000).unwrap();
        let start: Timestamp = "2026-11-23T14:30:00Z".parse().unwrap();
        Quote {
            symbol: "A".parse().unwrap(),
            timestamp: start.saturating_add(Duration::from_secs(second)),
            open: "1".parse().unwrap(),
            high: "99".parse().unwrap(),
            low: "1".parse().unwrap(),
            price,
            previous_close: "1".parse().unwrap(),
            volume: Volume::new(volume).unwrap(),
        }
    }

    #[test]
    fn few_quotes_are_a_bar_each() {
        let mut bars = Bars::new();
        for second in 0..10 {
            bars.push(&quote(second, 100 + second as i64, 10 * second as i64));
        }
        assert_eq!((bars.bars().len(), bars.width()), (10, None));
        let Bar { open, close, volume, .. } = bars.bars()[4];
        assert_eq!((open.to_f64(), close.to_f64(), volume), (1.03, 1.04, 10));
    }

    #[test]
    fn many_quotes_lose_no_extreme_and_no_volume() {
        let mut bars = Bars::new();
        for i in 0..100_000 {
            let cents = if i == 4_567 { 5_000 } else { 100 + (i % 7) as i64 };
            bars.push(&quote(i / 3, cents, i as i64));
        }
        assert!(bars.bars().len() <= MOST && bars.bars().len() > MOST / 5, "{}", bars.bars().len());
        assert_eq!(bars.width(), Some(Duration::from_secs(15)));
        assert_eq!(bars.bars().iter().map(|bar| bar.volume).sum::<i64>(), 99_999);
        assert_eq!(bars.bars().iter().map(|bar| bar.quotes).sum::<u64>(), 100_000);
        let highest = bars.bars().iter().map(|bar| bar.high).max().unwrap();
        assert_eq!(highest.to_f64(), 50.0);
        let few = bars.thinned(100);
        assert!(few.bars().len() <= 100);
        assert_eq!(few.bars().iter().map(|bar| bar.volume).sum::<i64>(), 99_999);
    }
}
