//! Planted events: what is put into the market on purpose, with its label.

use std::{fmt, time::Duration};

use stockflow_core::{AlertKind, Direction, Symbol, Timestamp};

/// What kind of event was planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// The price jumps by a few percent, stays for some quotes and comes back.
    Spike,
    /// One quote with a price far off, which is no part of the day's range.
    BadPrint,
    /// The price falls by several percent within a minute and recovers in part or not at all.
    Crash,
    /// Quotes keep coming, and nothing in them changes but the time.
    Halt,
    /// No quotes, while trading goes on.
    FeedGap,
    /// Many times the usual volume for some minutes.
    VolumeBurst,
    /// The price drifts one way for half an hour or longer, then turns.
    TrendTurn,
    /// The price is elsewhere from one quote to the next, and stays there. Not in the simulated market.
    LevelJump,
    /// The price walks off in small steps, and stays where it comes to. Not in the simulated market.
    SlowDrift,
    /// Several new shares for an old one, or the other way round. Not in the simulated market; nothing of it is to be told.
    Split,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::BadPrint,
        Self::Spike,
        Self::LevelJump,
        Self::SlowDrift,
        Self::Crash,
        Self::VolumeBurst,
        Self::Halt,
        Self::FeedGap,
        Self::Split,
        Self::TrendTurn,
    ];

    /// The kinds of the simulated market, in the order in which a day's events are dealt out.
    pub(super) const DEALT: [Self; 7] = [
        Self::TrendTurn,
        Self::Spike,
        Self::BadPrint,
        Self::Crash,
        Self::Halt,
        Self::VolumeBurst,
        Self::FeedGap,
    ];

    /// Its name in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::BadPrint => "bad_print",
            Self::Crash => "crash",
            Self::Halt => "halt",
            Self::FeedGap => "feed_gap",
            Self::VolumeBurst => "volume_burst",
            Self::TrendTurn => "trend_turn",
            Self::LevelJump => "level_jump",
            Self::SlowDrift => "slow_drift",
            Self::Split => "split",
        }
    }

    /// Whether a finding of this kind, rule and direction is what the event should lead to.
    ///
    /// For a turn every trend rule counts that says the new direction; for the rest the rules of [`EventKind::rules`].
    #[must_use]
    pub fn expects(self, going: Direction, kind: AlertKind, rule: &str, told: Direction) -> bool {
        match self {
            Self::TrendTurn => kind == AlertKind::Trend && told == going,
            _ => {
                let one_way = matches!(self, Self::Crash) && told == Direction::Up;
                kind == AlertKind::Anomaly && !one_way && self.rules().contains(&rule)
            }
        }
    }

    /// Names of the anomaly rules that should find it; a turn is for the trend rules, whatever their names.
    #[must_use]
    pub const fn rules(self) -> &'static [&'static str] {
        match self {
            Self::Spike | Self::LevelJump => {
                &["return_zscore", "hampel", "percent_change", "range_break", "drift"]
            }
            Self::SlowDrift => &["drift", "range_break", "percent_change"],
            Self::BadPrint => &["hampel", "return_zscore", "percent_change"],
            Self::Crash => &["return_zscore", "percent_change", "hampel", "range_break", "drift"],
            Self::Halt => &["flat_line"],
            Self::FeedGap => &["feed_gap", "flat_line"],
            Self::VolumeBurst => &["volume_spike"],
            Self::TrendTurn | Self::Split => &[],
        }
    }

    /// How long after the event's end a finding still is in time: confirmation needs some quotes.
    #[must_use]
    pub const fn grace(self) -> Duration {
        let minutes = match self {
            Self::Spike
            | Self::BadPrint
            | Self::LevelJump
            | Self::Halt
            | Self::FeedGap
            | Self::Split => 2,
            Self::Crash | Self::SlowDrift | Self::VolumeBurst => 5,
            Self::TrendTurn => 15,
        };
        Duration::from_secs(minutes * 60)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An event that was put into the simulated market, or into recorded quotes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlantedEvent {
    /// What happens.
    pub kind: EventKind,
    /// To whom.
    pub symbol: Symbol,
    /// Its first quote is not before this.
    pub start: Timestamp,
    /// From when on it can be told: the turn of a [`EventKind::TrendTurn`], else its start.
    pub cause: Timestamp,
    /// Its last quote is before this.
    pub end: Timestamp,
    /// Which way: the new direction of a turn, up for volume, flat for a halt and a gap.
    pub direction: Direction,
    /// How large: change of the price in percent (signed; of a turn, the way back), times the usual volume,
    /// minutes without news, or new shares for an old one.
    pub size: f64,
}

impl fmt::Display for PlantedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, symbol, start, size, .. } = self;
        write!(f, "{kind} of {symbol} at {start}: ")?;
        match kind {
            EventKind::VolumeBurst => write!(f, "{size:.0} times the volume"),
            EventKind::Halt | EventKind::FeedGap => write!(f, "{size:.0} minutes"),
            EventKind::Split => write!(f, "{size} for 1"),
            _ => write!(f, "{size:+.1} %"),
        }
    }
}
