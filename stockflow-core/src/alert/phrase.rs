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
        ["unusual jump up", "unusual drop", "unusual change"],
        ["change since the quote before", "bound", " %"],
    ),
    phrase(
        "hampel",
        ["price far above the last ones", "price far below the last ones", "price far off"],
        ["price", "bound", ""],
    ),
    phrase(
        "range_break",
        ["broke out above its range", "fell out of its range", "left its range"],
        ["price", "bound", ""],
    ),
    phrase(
        "drift",
        ["went far up within some quotes", "went far down within some quotes", "went far"],
        ["change within the move", "bound", " %"],
    ),
    phrase(
        "volume_spike",
        ["burst of volume"; 3],
        ["traded since the quote before", "bound", " shares"],
    ),
    phrase(
        "open_gap",
        ["opened with a gap up", "opened with a gap down", "opened with a gap"],
        ["open against the previous close", "bound", " %"],
    ),
    phrase("flat_line", ["nothing is traded any more"; 3], ["no trade for", "bound", " seconds"]),
    phrase("feed_gap", ["quotes are back after a pause"; 3], ["pause of", "bound", " seconds"]),
    phrase(
        "price_level",
        ["rose above a price level", "fell below a price level", "at a price level"],
        ["price", "level", ""],
    ),
    phrase(
        "suspected_split",
        ["perhaps a split"; 3],
        ["times the price before:", "usual ratio", ""],
    ),
    phrase(
        "price_novelty",
        [
            "price as high as not for long",
            "price as low as not for long",
            "price moves as it has not for long",
        ],
        ["outside of the usual by", "told from", " bounds"],
    ),
    phrase(
        "return_novelty",
        [
            "return as high as not for long",
            "return as low as not for long",
            "returns vary as they have not for long",
        ],
        ["outside of the usual by", "told from", " bounds"],
    ),
    phrase(
        "volume_novelty",
        [
            "volume as high as not for long",
            "volume as low as not for long",
            "volume varies as it has not for long",
        ],
        ["outside of the usual by", "told from", " bounds"],
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
    phrase(
        "rsi_level",
        ["uptrend, no longer oversold", "downtrend, no longer overbought", "RSI is back"],
        ["RSI", "level", " points"],
    ),
    phrase(
        "regression_slope",
        ["uptrend, slope turned up", "downtrend, slope turned down", "slope turned flat"],
        ["slope", "bound", " % a quote"],
    ),
    phrase(
        "donchian_breakout",
        [
            "uptrend, broke out above its channel",
            "downtrend, fell out of its channel",
            "left its channel",
        ],
        ["price", "end of the channel", ""],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{anomaly, trend};

    #[test]
    fn every_detector_has_its_words_and_no_words_are_left_over() {
        let anomalies = anomaly::DETECTORS.iter().map(|entry| entry.name);
        let detectors: Vec<&str> =
            anomalies.chain(trend::DETECTORS.iter().map(|entry| entry.name)).collect();
        let phrases: Vec<&str> = PHRASES.iter().map(|phrase| phrase.detector).collect();
        assert_eq!(phrases, detectors);
    }

    #[test]
    fn variants_read_as_their_detector_and_other_names_as_none() {
        assert!(Phrase::of("price_level_low").is_some_and(|p| p.detector == "price_level"));
        assert!(Phrase::of("price_levels").is_none());
        assert!(Phrase::of("").is_none());
    }
}
