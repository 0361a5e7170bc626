//! Lines and their sum.

use stockflow_aws::prices::Rate;

/// What a month costs, line by line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bill {
    pub(super) lines: Vec<Line>,
}

/// A line of a [`Bill`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    /// Service and unit.
    pub(super) what: &'static str,
    /// How many units.
    pub(super) quantity: f64,
    /// Dollars.
    pub(super) usd: f64,
}

impl Bill {
    /// With that many units more; nothing for none.
    pub(super) fn add(&mut self, what: &'static str, quantity: f64, rate: Rate) {
        if quantity > 0.0 {
            self.lines.push(Line { what, quantity, usd: rate.cost(quantity) });
        }
    }

    /// The line of that name.
    pub(super) fn line(&self, what: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.what == what)
    }

    /// Dollars.
    pub(super) fn total(&self) -> f64 {
        self.lines.iter().map(|line| line.usd).sum()
    }

    /// Dollars for a million of `quotes`.
    pub(super) fn per_million(&self, quotes: f64) -> f64 {
        self.total() * 1e6 / quotes
    }
}
