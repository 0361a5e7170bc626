//! Everything that judges one symbol's quotes, in the order in which they were accepted.

use crate::{
    AnomalyDetector, Assessor, Judgement, Quality, Quote, Row, Rule, Symbol, Timestamp,
    bank::AnomalyBank,
};

/// A symbol's detectors, with what they remember. Memory only: everything in it can be had from the table again.
#[derive(Debug)]
pub(crate) struct Judge {
    assessor: Assessor,
    bank: AnomalyBank,
    last: Option<Timestamp>,
}

impl Judge {
    pub(crate) fn new(rules: &[Rule<dyn AnomalyDetector>], symbol: &Symbol) -> Self {
        Self { assessor: Assessor::default(), bank: AnomalyBank::new(rules, symbol), last: None }
    }

    /// Market time of the last accepted quote.
    pub(super) const fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// A quote is accepted if it is after every accepted quote of its symbol.
    pub(crate) fn would_accept(&self, quote: &Quote) -> bool {
        self.last.is_none_or(|last| quote.timestamp > last)
    }

    /// Judges an accepted quote, then learns from it.
    pub(crate) fn accept(&mut self, quote: &Quote) -> Judgement {
        let quality = self.assessor.assess(quote);
        let (warming_up, anomalies) = self.bank.judge(quote, quality);
        self.assessor.learn(quote, quality);
        self.last = Some(quote.timestamp);
        Judgement::Accepted { quality, warming_up, anomalies }
    }

    /// Learns from a row that was accepted and judged before.
    pub(super) fn learn(&mut self, row: &Row) {
        self.assessor.learn(&row.quote, row.quality());
        self.bank.learn(&row.quote, row.quality());
        self.last = Some(row.quote.timestamp);
    }

    /// How many accepted rows to read at first to rebuild this.
    pub(super) fn lookback(&self) -> usize {
        self.bank.lookback().max(Assessor::LOOKBACK)
    }

    /// Whether rows of these qualities, oldest first, reach back far enough to rebuild this.
    pub(super) fn is_satisfied_by(
        &self,
        qualities: impl DoubleEndedIterator<Item = Quality> + Clone,
    ) -> bool {
        qualities.clone().count() >= Assessor::LOOKBACK && self.bank.is_satisfied_by(qualities)
    }
}
