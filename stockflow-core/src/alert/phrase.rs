//! How the findings of the built-in rules read; a rule that is not here reads by its name.

use crate::Direction;

/// Words for the findings of one detector.
#[derive(Debug)]
pub(super) struct Phrase {
    /// The detector: rules of this name, or whose name starts with it and `_`.
    detector: &'static str,
    up: &'static str,
    down: &'static str,
    flat: &'static str,
    /// What was measured, as a noun.
    pub(super) measured: &'static str,
    /// What the bound is, as a noun.
    pub(super) bound: &'static str,
    /// Of both; follows the value.
    pub(super) unit: &'static str,
}

impl Phrase {
    /// The words for a rule, if it is named after a built-in detector.
    pub(super) fn of(rule: &str) -> Option<&'static Self> {
        let is_after = |phrase: &&Self| {
            rule.strip_prefix(phrase.detector)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        PHRASES.iter().filter(is_after).max_by_key(|phrase| phrase.detector.len())
    }

    /// What happened, in a few words.
    pub(super) const fn headline(&self, direction: Direction) -> &'static str {
        match direction {
            Direction::Up => self.up,
            Direction::Down => self.down,
            Direction::Flat => self.flat,
        }
    }
}

/// What there is to say of a direction by itself.
pub(super) const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
        Direction::Flat => "neither up nor down",
    }
}

const fn phrase(
    detector: &'static str,
    [up, down, flat]: [&'static str; 3],
    [measured, bound, unit]: [&'static str; 3],
) -> Phrase {
    Phrase { detector, up, down, flat, measured, bound, unit }
}

/// Units are those of the detectors' documentation.
const PHRASES: &[Phrase] = &[
    phrase(
        "percent_change",
        ["far above the previous close", "far below the previous close", "unchanged"],
        ["change from the previous close", "bound", " %"],
    ),
    phrase(
        "return_zscore",
        ["unusual rise", "unusual fall", "unusual return"],
        ["return", "bound", " standard deviations"],
    ),
    phrase(
        "hampel",
        ["price far above its recent median", "price far below its recent median", "odd price"],
        ["distance from the recent median", "bound", " median absolute deviations"],
    ),
    phrase(
        "volume_spike",
        ["volume far above usual", "volume far above usual", "volume far above usual"],
        ["volume", "bound", " times the usual"],
    ),
    phrase(
        "open_gap",
        ["opened with a gap up", "opened with a gap down", "opened with a gap"],
        ["open against the previous close", "bound", " %"],
    ),
    phrase(
        "range_break",
        ["broke out above its range", "broke out below its range", "broke its range"],
        ["price", "end of the range", ""],
    ),
    phrase(
        "flat_line",
        ["quotes stopped changing", "quotes stopped changing", "quotes stopped changing"],
        ["unchanged for", "bound", " quotes"],
    ),
    phrase(
        "price_level",
        ["rose through its price level", "fell through its price level", "at its price level"],
        ["price", "level", ""],
    ),
    phrase(
        "sma_crossover",
        ["uptrend, averages crossed", "downtrend, averages crossed", "averages crossed"],
        ["short average", "long average", ""],
    ),
    phrase(
        "ema_crossover",
        ["uptrend, averages crossed", "downtrend, averages crossed", "averages crossed"],
        ["short average", "long average", ""],
    ),
    phrase(
        "macd",
        ["uptrend, MACD crossed its signal", "downtrend, MACD crossed its signal", "MACD crossed"],
        ["MACD", "signal line", ""],
    ),
    phrase("rsi", ["RSI turned up", "RSI turned down", "RSI turned"], ["RSI", "level", ""]),
    phrase(
        "regression_slope",
        ["uptrend, slope turned up", "downtrend, slope turned down", "slope turned flat"],
        ["slope", "bound", " % per quote"],
    ),
    phrase(
        "donchian_breakout",
        ["broke out above its channel", "broke out below its channel", "broke its channel"],
        ["price", "end of the channel", ""],
    ),
];
