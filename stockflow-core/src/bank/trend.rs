use super::{Diet, Feed};
use crate::{
    Evidence, MAX_LOOKBACK, Quality, Quote, Rule, RuleName, Symbol, TrendDetector, TrendSignal,
};

/// The trend detectors of one symbol. It feeds each one the quotes that it tolerates, and knows how far back a cold start has to
/// read.
#[derive(Debug)]
pub(crate) struct TrendBank {
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    rule: RuleName,
    diet: Diet,
    lookback: usize,
    detector: Box<dyn TrendDetector>,
}

impl TrendBank {
    pub(crate) fn new(rules: &[Rule<dyn TrendDetector>], symbol: &Symbol) -> Self {
        let slot = |rule: &Rule<dyn TrendDetector>| {
            let detector = rule.detector(symbol)?;
            Some(Slot {
                rule: rule.name.clone(),
                diet: Diet::new(detector.tolerates()),
                lookback: detector.lookback().min(MAX_LOOKBACK),
                detector,
            })
        };
        Self { slots: rules.iter().filter_map(slot).collect() }
    }

    /// Most quotes that any detector looks back on.
    pub(crate) fn lookback(&self) -> usize {
        self.slots.iter().map(|slot| slot.lookback).max().unwrap_or(0)
    }

    /// Whether the newest of `qualities` (oldest first) reach back far enough for every detector.
    pub(crate) fn is_satisfied_by(
        &self,
        qualities: impl DoubleEndedIterator<Item = Quality> + Clone,
    ) -> bool {
        self.slots.iter().all(|slot| slot.diet.is_satisfied_by(slot.lookback, qualities.clone()))
    }

    /// Learns from a quote that was followed before: its signals were told long ago.
    pub(crate) fn learn(&mut self, quote: &Quote, quality: Quality) {
        self.follow(quote, quality, |_, _| {});
    }

    /// Takes in `quote` and reports the turns, by rule.
    pub(crate) fn follow(
        &mut self,
        quote: &Quote,
        quality: Quality,
        mut turned: impl FnMut(&RuleName, Evidence),
    ) {
        for slot in &mut self.slots {
            match slot.diet.next(quality) {
                Feed::Take => {}
                Feed::StartAnew => slot.detector.reset(),
                Feed::Skip => continue,
                Feed::Forget => {
                    slot.detector.reset();
                    continue;
                }
            }
            if let TrendSignal::Turned(evidence) = slot.detector.update(quote) {
                turned(&slot.rule, evidence);
            }
        }
    }
}
