//! Judged quotes, as the table holds them.

use std::{borrow::Cow, fmt};

use crate::{Quality, Quote, Symbol, Timestamp};

/// Name of a rule: a configured detector. By default the detector's own name, in snake case.
pub type RuleName = Cow<'static, str>;

/// Which way a quote is unusual, or a trend goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Higher, rising, more.
    Up,
    /// Lower, falling, less.
    Down,
    /// Neither: a flat line, a gap.
    Flat,
}

impl Direction {
    /// `up`, `down` or `flat`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Flat => "flat",
        }
    }

    /// The direction of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Up, Self::Down, Self::Flat].into_iter().find(|d| d.as_str() == name)
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a detector saw, in numbers: why it raised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Which way.
    pub direction: Direction,
    /// How unusual, in the detector's own unit; larger is more so.
    pub score: f64,
    /// The measured value, in the unit that the detector's documentation states.
    pub value: f64,
    /// The bound that it passed, in the same unit.
    pub threshold: f64,
}

/// An anomaly: a rule that found a quote unusual, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Anomaly {
    /// The rule.
    pub rule: RuleName,
    /// In numbers.
    pub evidence: Evidence,
}

/// A quote and what stage 1 made of it: the canonical row, the same however the stream was cut into batches.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The quote.
    pub quote: Quote,
    /// How it came and what was made of it.
    pub judgement: Judgement,
}

/// What stage 1 made of a quote.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// It came after every accepted quote of its symbol, and was judged.
    Accepted {
        /// What is doubtful about it.
        quality: Quality,
        /// How many detectors had too short a history to say anything.
        warming_up: u8,
        /// What the others found.
        anomalies: Vec<Anomaly>,
    },
    /// It came after a later quote of its symbol: stored, but neither judged nor looked back on.
    Late,
}

impl Row {
    /// Symbol and market time.
    #[must_use]
    pub const fn key(&self) -> RowKey {
        RowKey { symbol: self.quote.symbol, timestamp: self.quote.timestamp }
    }

    /// Whether it came too late to be judged.
    #[must_use]
    pub const fn is_late(&self) -> bool {
        matches!(self.judgement, Judgement::Late)
    }

    /// What is doubtful about the quote; nothing is said of a late one.
    #[must_use]
    pub const fn quality(&self) -> Quality {
        match self.judgement {
            Judgement::Accepted { quality, .. } => quality,
            Judgement::Late => Quality::GOOD,
        }
    }

    /// What was found, none for a late row.
    #[must_use]
    pub fn anomalies(&self) -> &[Anomaly] {
        match &self.judgement {
            Judgement::Accepted { anomalies, .. } => anomalies,
            Judgement::Late => &[],
        }
    }
}

/// The table's key. Its order is the order of rows within the table: by symbol, then by market time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// Partition.
    pub symbol: Symbol,
    /// Place within it.
    pub timestamp: Timestamp,
}

/// A row with its place in the chain of checkpoints, which depends on how the stream was cut into batches.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRow {
    /// The canonical row.
    pub row: Row,
    /// Set on the last accepted row of a symbol in a batch.
    pub checkpoint: Option<Checkpoint>,
    /// When the stream took the record, the same on every redelivery: what a row's age is counted from where rows expire. A backend
    /// that keeps rows for ever need not store it.
    pub arrival: Option<Timestamp>,
}

/// Marks a row as the end of a batch for its symbol: everything of the symbol up to it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Market time of the symbol's checkpoint before; none for its first.
    pub previous: Option<Timestamp>,
}

impl From<Row> for StoredRow {
    fn from(row: Row) -> Self {
        Self { row, checkpoint: None, arrival: None }
    }
}
