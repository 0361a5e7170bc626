//! How the price goes, over the quotes of an event.

use crate::feed::EventKind;

/// Of an event that moves the price, or lasts some quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Its length; none if it is minutes that count.
    pub(super) quotes: Option<usize>,
    /// Quotes of the way there.
    there: usize,
    /// Quotes of the way back; none if it stays there.
    back: Option<usize>,
}

impl Shape {
    pub(super) const fn of(kind: EventKind) -> Self {
        let (quotes, there, back) = match kind {
            EventKind::BadPrint => (Some(1), 1, Some(1)),
            EventKind::Spike => (Some(3), 1, Some(1)),
            EventKind::LevelJump => (Some(1), 1, None),
            EventKind::SlowDrift => (Some(30), 30, None),
            EventKind::Crash => (Some(16), 4, Some(12)),
            EventKind::TrendTurn => (Some(120), 60, Some(60)),
            EventKind::VolumeBurst => (Some(5), 0, None),
            EventKind::Split => (Some(1), 0, None),
            EventKind::Halt | EventKind::FeedGap => (None, 0, None),
        };
        Self { quotes, there, back }
    }

    /// Root of the quotes that the move takes: so many single deviations are one of it.
    pub(super) fn root(&self) -> f64 {
        (self.there as f64).sqrt()
    }

    /// What of the whole move is there `i` quotes after the first.
    pub(super) fn share(&self, i: usize) -> f64 {
        let part = |done: usize, of: usize| done as f64 / of.max(1) as f64;
        let length = self.quotes.unwrap_or(0);
        if i < self.there {
            return part(i + 1, self.there);
        }
        let Some(back) = self.back else { return 1.0 };
        // It stays until the way back begins, which ends with the first quote after the event.
        let left = (length + 1).saturating_sub(i + 1);
        part(left.min(back), back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(kind: EventKind, quotes: usize) -> Vec<f64> {
        (0..quotes).map(|i| (Shape::of(kind).share(i) * 100.0).round() / 100.0).collect()
    }

    #[test]
    fn moves_go_there_and_back_as_they_say() {
        assert_eq!(shares(EventKind::BadPrint, 3), [1.0, 0.0, 0.0]);
        assert_eq!(shares(EventKind::Spike, 5), [1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(shares(EventKind::LevelJump, 3), [1.0, 1.0, 1.0]);
        let crash = shares(EventKind::Crash, 18);
        assert_eq!(crash[..5], [0.25, 0.5, 0.75, 1.0, 1.0]);
        assert_eq!(crash[14..], [0.17, 0.08, 0.0, 0.0]);
        let turn = shares(EventKind::TrendTurn, 122);
        assert_eq!((turn[59], turn[90], turn[120]), (1.0, 0.5, 0.0));
    }
}
