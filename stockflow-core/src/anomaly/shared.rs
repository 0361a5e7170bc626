//! What several detectors need: a floor under deviations, a band around the usual, and quiet after a finding.

use crate::{
    Direction, Price, Quote,
    params::{InvalidConfig, Param, ParamKind, Values, within},
    session::Following,
};

/// The smallest move that can be unusual at all, so that a quiet series does not alarm on its next tick.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floor {
    /// Share of the price.
    share: f64,
    ticks: u16,
}

pub(super) const fn min_move_bp(default: f64) -> Param {
    Param {
        name: "min_move_bp",
        about: "smallest move that can be unusual, in basis points of the price",
        kind: ParamKind::Number { default, min: 0.0, max: 10_000.0 },
    }
}

/// The same for a detector whose floor goes by the pace of the quotes; see [`Floor::paced_share`].
pub(super) const fn paced_move_bp(default: f64) -> Param {
    Param {
        name: "min_move_bp",
        about: "smallest move that can be unusual, in basis points, for quotes up to 10 s apart; a sixth of it for a quote a minute",
        kind: ParamKind::Number { default, min: 0.0, max: 10_000.0 },
    }
}

pub(super) const MIN_TICKS: Param = Param {
    name: "min_ticks",
    about: "the same in ticks, the step in which the symbol's prices are quoted",
    kind: ParamKind::Integer { default: 4, min: 0, max: 1_000 },
};

impl Floor {
    pub(super) fn new(min_move_bp: f64, min_ticks: i64) -> Result<Self, InvalidConfig> {
        within("min_move_bp", min_move_bp, 0.0, 10_000.0)?;
        within("min_ticks", min_ticks, 0, 1_000)?;
        Ok(Self { share: min_move_bp / 10_000.0, ticks: min_ticks as u16 })
    }

    pub(super) fn from_values(values: &Values) -> Result<Self, InvalidConfig> {
        Self::new(values.number("min_move_bp")?, values.integer("min_ticks")?)
    }

    /// Share of the price below which nothing is unusual.
    pub(super) const fn share(&self) -> f64 {
        self.share
    }

    /// The share of a floor that goes by the pace of the quotes: the whole of it for quotes up to 10 seconds apart, and less in
    /// proportion for slower ones, down to a sixth for a quote a minute.
    ///
    /// What single trades do (the bounce between bid and ask, prints that come late) hides in a quote a minute, and there are fewer
    /// chances for it in a day.
    #[inline]
    pub(super) fn paced_share(&self, following: &Following<'_>) -> f64 {
        self.share * following.pace
    }

    /// Whether the move from `from` to the price of `quote` is a few ticks only.
    ///
    /// The tick is the largest power of ten that divides all prices at hand. Above two percent it does not count: there all
    /// prices may be round by chance.
    pub(super) fn is_few_ticks(&self, from: Price, quote: &Quote) -> bool {
        let size = (quote.price.units() - from.units()).abs();
        if size >= from.units() / 50 {
            return false;
        }
        let prices = [from, quote.price, quote.open, quote.high, quote.low, quote.previous_close];
        let mut tick: i64 = 1;
        while tick < Price::UNITS_PER_ONE && prices.iter().all(|p| p.units() % (tick * 10) == 0) {
            tick *= 10;
        }
        size < i64::from(self.ticks) * tick
    }
}

/// Whether a session began lately, and what is usual is still that of the evening before: a day begins livelier than it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening {
    /// Quotes since an open, up to [`Opening::QUOTES`].
    since: u8,
}

impl Opening {
    /// So many quotes after an open the bound is twice as far.
    pub(super) const QUOTES: u8 = 30;

    pub(super) const fn new() -> Self {
        Self { since: Self::QUOTES }
    }

    #[inline(always)]
    pub(super) fn push(&mut self, is_open: bool) {
        self.since = if is_open { 0 } else { Self::QUOTES.min(self.since + 1) };
    }

    /// What the bound is multiplied by.
    pub(super) const fn factor(self) -> f64 {
        if self.since < Self::QUOTES { 2.0 } else { 1.0 }
    }
}

/// Where the next value is expected, and how far from there one deviation is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band {
    pub(super) center: f64,
    pub(super) deviation: f64,
}

impl Band {
    /// By how many deviations `value` is above the center, negative below. Zero deviation is not infinite surprise.
    pub(super) fn score(&self, value: i64) -> f64 {
        if self.deviation > 0.0 { (value as f64 - self.center) / self.deviation } else { 0.0 }
    }

    /// The bound at `times` deviations above the center, or below it if negative.
    pub(super) fn at(&self, times: f64) -> f64 {
        self.center + times * self.deviation
    }
}

/// Which way `score` passes `bound`, if it does.
pub(super) fn beyond(score: f64, bound: f64) -> Option<Direction> {
    if score > bound {
        Some(Direction::Up)
    } else if score < -bound {
        Some(Direction::Down)
    } else {
        None
    }
}

pub(super) const fn quiet(default: i64) -> Param {
    Param {
        name: "quiet",
        about: "quotes in a row within the bound before it raises again in the same direction",
        kind: ParamKind::Integer { default, min: 0, max: 100 },
    }
}

/// Keeps a lasting condition from being raised on every quote: it has to have been quiet for some quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quiet {
    needed: u8,
    /// Quotes since the last one beyond the bound, up to `needed`.
    up: u8,
    down: u8,
}

impl Quiet {
    pub(super) fn new(needed: usize) -> Result<Self, InvalidConfig> {
        within("quiet", needed, 0, 100)?;
        let needed = needed as u8;
        Ok(Self { needed, up: needed, down: needed })
    }

    /// How many quotes it remembers.
    pub(super) const fn lookback(&self) -> usize {
        self.needed as usize
    }

    pub(super) const fn is_over(&self, direction: Direction) -> bool {
        match direction {
            Direction::Down => self.down >= self.needed,
            Direction::Up | Direction::Flat => self.up >= self.needed,
        }
    }

    pub(super) fn learn(&mut self, beyond: Option<Direction>) {
        let next = |count: u8, is_beyond| if is_beyond { 0 } else { self.needed.min(count + 1) };
        self.up = next(self.up, matches!(beyond, Some(Direction::Up | Direction::Flat)));
        self.down = next(self.down, beyond == Some(Direction::Down));
    }

    pub(super) const fn reset(&mut self) {
        self.up = self.needed;
        self.down = self.needed;
    }
}

/// Move from `from` to `to` in percent.
pub(super) fn percent(from: Price, to: Price) -> f64 {
    (to.units() - from.units()) as f64 * 100.0 / from.units() as f64
}
