//! What was found, and how fast.

use std::collections::BTreeMap;

use stockflow_core::RuleName;

use super::MarketBench;
use crate::feed::EventKind;

/// Events of one kind and size.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What happened.
    pub kind: EventKind,
    /// How large, in the unit of [`Planting`](crate::Planting).
    pub size: f64,
    /// How many were planted.
    pub planted: usize,
    /// For each that was told: quotes from the one that shows it first, 0 if told with that one.
    pub delays: Vec<u32>,
}

impl Found {
    /// Share of the events that were told, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.delays.len() as f64 / self.planted.max(1) as f64
    }
}

/// What a set of rules tells of planted events, and of the days as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// By kind and size, in the order in which they are planted.
    pub found: Vec<Found>,
    /// Days of symbols that count.
    pub symbol_days: usize,
    /// Alerts on the days as they are, by rule.
    pub alerts: BTreeMap<RuleName, u64>,
}

impl Scores {
    /// Every kind and size, none of them planted yet.
    pub(super) fn planned() -> Self {
        let sizes = |kind| MarketBench::sizes(kind).iter().map(move |&size| (kind, size));
        let none = |(kind, size)| Found { kind, size, planted: 0, delays: Vec::new() };
        let found = EventKind::ALL.into_iter().flat_map(sizes).map(none).collect();
        Self { found, ..Self::default() }
    }

    pub(super) fn add(&mut self, kind: EventKind, size: f64, delay: Option<u32>) {
        let mut all = self.found.iter_mut();
        if let Some(found) = all.find(|found| found.kind == kind && found.size == size) {
            found.planted += 1;
            found.delays.extend(delay);
        }
    }

    /// Of one kind and size.
    #[must_use]
    pub fn of(&self, kind: EventKind, size: f64) -> Option<&Found> {
        self.found.iter().find(|found| found.kind == kind && found.size == size)
    }

    /// Of a kind, from the size on from which it should be told.
    #[must_use]
    pub fn large(&self, kind: EventKind) -> Found {
        let goal = MarketBench::goal(kind);
        let mut sum = Found { kind, size: goal, planted: 0, delays: Vec::new() };
        for found in self.found.iter().filter(|found| found.kind == kind && found.size >= goal) {
            sum.planted += found.planted;
            sum.delays.extend(&found.delays);
        }
        sum
    }

    /// Alerts for each symbol and day on the days as they are.
    #[must_use]
    pub fn false_rate(&self) -> f64 {
        self.alerts.values().sum::<u64>() as f64 / self.symbol_days.max(1) as f64
    }
}

impl Found {
    /// Quotes within which half of those that were told are told; none if none was.
    #[must_use]
    pub fn median_delay(&self) -> Option<u32> {
        let mut delays = self.delays.clone();
        delays.sort_unstable();
        delays.get(delays.len().saturating_sub(1) / 2).copied()
    }
}
