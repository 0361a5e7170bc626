//! Labelled events, put into a day of quotes: recorded ones, or simulated ones without events of their own.

mod day;
mod shape;

use stockflow_core::{Direction, InvalidConfig, Quote};

pub use self::day::Local;
use self::{day::Day, shape::Shape};
use crate::feed::{EventKind, PlantedEvent};

/// An event to be planted into the quotes of a symbol's day.
///
/// | kind | what happens | size |
/// |---|---|---|
/// | [`BadPrint`](EventKind::BadPrint) | one quote with a price off, which is no part of the day's range | deviations |
/// | [`Spike`](EventKind::Spike) | the price is off for 3 quotes, then back | deviations |
/// | [`LevelJump`](EventKind::LevelJump) | the price is off from one quote to the next, and stays | deviations |
/// | [`SlowDrift`](EventKind::SlowDrift) | the price walks off over 30 quotes, and stays | deviations of a return over 30 quotes |
/// | [`Crash`](EventKind::Crash) | the price falls over 4 quotes, and is back after 12 more | deviations of a return over 4 quotes |
/// | [`VolumeBurst`](EventKind::VolumeBurst) | more is traded for 5 quotes | deviations of the volume between two quotes, for each |
/// | [`Halt`](EventKind::Halt) | quotes go on, and nothing in them changes but the time | minutes |
/// | [`FeedGap`](EventKind::FeedGap) | no quotes | minutes |
/// | [`Split`](EventKind::Split) | all prices from the first quote of the day on are of another level; the volume goes the other way | new shares for an old one |
/// | [`TrendTurn`](EventKind::TrendTurn) | the price walks off over 60 quotes, and back over 60 | deviations of a return over 60 quotes |
///
/// *Deviations* are local: the root mean square of the returns of the 60 quotes before, times the root of the quotes that the
/// move takes; for volume, the standard deviation of the volume of these quotes. So a size means the same for a quiet symbol and
/// a nervous one, at noon and at the close. Prices are rounded to the symbol's tick.
///
/// ```
/// use stockflow_local::{EventKind, Planting};
/// # use stockflow_core::Quote;
///
/// # fn f(mut day: Vec<Quote>) -> Result<(), stockflow_core::InvalidConfig> {
/// let jump = Planting { kind: EventKind::LevelJump, at: 120, size: 8.0, up: false };
/// let event = jump.plant(&mut day)?;
/// println!("{event}");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planting {
    /// What happens.
    pub kind: EventKind,
    /// Index of the first quote that it changes; that many have to be before it: [`Planting::BEFORE`], or 0 for a split.
    pub at: usize,
    /// How large, in the unit of its kind.
    pub size: f64,
    /// Which way, where that can be chosen: a crash falls, volume rises.
    pub up: bool,
}

impl Planting {
    /// Quotes of the day that are needed before an event, to know what is usual.
    pub const BEFORE: usize = 61;

    /// How many quotes of `day` it changes, if it lasts; the rest of the day may be of another level.
    #[must_use]
    pub fn length(&self, day: &[Quote]) -> usize {
        let shape = Shape::of(self.kind);
        shape.quotes.unwrap_or_else(|| Day::span(day, self.at, self.size))
    }

    /// Changes `day`, the quotes of one symbol on one day in the order of time, and says what was planted.
    ///
    /// # Errors
    /// [`InvalidConfig`] if the day has too few quotes before or after `at`, or the size is none; the day is then unchanged.
    pub fn plant(&self, day: &mut Vec<Quote>) -> Result<PlantedEvent, InvalidConfig> {
        let Self { kind, at, size, .. } = *self;
        let shape = Shape::of(kind);
        let least = if kind == EventKind::Split { 0 } else { Self::BEFORE };
        let length = self.length(day);
        if at < least || length == 0 || at + length >= day.len() {
            let allowed = format!("{least} to {}", day.len().saturating_sub(length + 1));
            return Err(InvalidConfig::new("at", at, allowed));
        }
        if !(size.is_finite() && size > 0.0) {
            return Err(InvalidConfig::new("size", size, "a number above 0"));
        }
        let local = (least > 0).then(|| Local::before(day, at));
        let mut target = Day::new(day, at);
        let (direction, told) = match kind {
            EventKind::Halt => {
                target.halt(length);
                (Direction::Flat, size)
            }
            EventKind::FeedGap => (Direction::Flat, size),
            EventKind::VolumeBurst => {
                let local = local.unwrap_or_default();
                let extra = size * local.volume_deviation;
                target.trade_more(length, extra.round() as i64);
                (Direction::Up, (local.mean_volume + extra) / local.mean_volume.max(1.0))
            }
            EventKind::Split => {
                target.split(size);
                (if size < 1.0 { Direction::Up } else { Direction::Down }, size)
            }
            _ => {
                let up = self.up && kind != EventKind::Crash;
                let peak = size * local.unwrap_or_default().deviation * shape.root();
                let peak = if up { peak } else { -peak };
                target.move_prices(|i| 1.0 + peak * shape.share(i), kind == EventKind::BadPrint);
                // Of a turn it is the way back that is to be told.
                let is_turn = kind == EventKind::TrendTurn;
                let direction = if up == is_turn { Direction::Down } else { Direction::Up };
                (direction, 100.0 * if is_turn { -peak } else { peak })
            }
        };
        let (start, end) = (day[at].timestamp, day[at + length].timestamp);
        let cause =
            if kind == EventKind::TrendTurn { day[at + length / 2].timestamp } else { start };
        let symbol = day[at].symbol;
        if kind == EventKind::FeedGap {
            day.drain(at..at + length);
        }
        Ok(PlantedEvent { kind, symbol, start, cause, end, direction, size: told })
    }
}

#[cfg(test)]
mod tests;
