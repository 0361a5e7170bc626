//! All detectors of one symbol, with what they may look back on.

use crate::{
    Anomaly, AnomalyDetector, Quality, Quote, Rule, RuleName, Symbol, TrendDetector, TrendSignal,
    Verdict, params::MAX_LOOKBACK,
};

/// After so many quotes in a row that a detector does not tolerate, it starts anew.
///
/// Without a bound, a symbol whose every quote is flagged would make a cold start read its whole history.
const FORGET_AFTER: usize = MAX_LOOKBACK;

/// The detectors of one symbol. It feeds each one the quotes that it tolerates, and knows how far back a cold start has to read.
#[derive(Debug)]
pub(crate) struct Bank<D: ?Sized> {
    slots: Vec<Slot<D>>,
}

#[derive(Debug)]
struct Slot<D: ?Sized> {
    rule: RuleName,
    tolerates: Quality,
    lookback: usize,
    skipped: usize,
    detector: Box<D>,
}

/// What a slot does with a quote of a certain quality.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Feed {
    Take,
    /// A split: the level before it says nothing about the level after it.
    StartAnew,
    Skip,
}

const fn feed(tolerates: Quality, quality: Quality) -> Feed {
    let refused = quality.without(tolerates);
    if refused.is_good() {
        Feed::Take
    } else if refused.without(Quality::SUSPECTED_SPLIT).is_good() {
        Feed::StartAnew
    } else {
        Feed::Skip
    }
}

/// What bank and slots need of a detector, of either kind.
pub(crate) trait Detector {
    fn lookback(&self) -> usize;
    fn tolerates(&self) -> Quality;
    fn learn(&mut self, quote: &Quote);
    fn reset(&mut self);
}

impl Detector for dyn AnomalyDetector {
    fn lookback(&self) -> usize {
        AnomalyDetector::lookback(self)
    }
    fn tolerates(&self) -> Quality {
        AnomalyDetector::tolerates(self)
    }
    fn learn(&mut self, quote: &Quote) {
        self.update(quote);
    }
    fn reset(&mut self) {
        AnomalyDetector::reset(self);
    }
}

impl Detector for dyn TrendDetector {
    fn lookback(&self) -> usize {
        TrendDetector::lookback(self)
    }
    fn tolerates(&self) -> Quality {
        TrendDetector::tolerates(self)
    }
    fn learn(&mut self, quote: &Quote) {
        // The signal belongs to a quote that was told long ago.
        let _ = self.update(quote);
    }
    fn reset(&mut self) {
        TrendDetector::reset(self);
    }
}

impl<D: Detector + ?Sized> Bank<D> {
    pub(crate) fn new(rules: &[Rule<D>], symbol: &Symbol) -> Self {
        let slots = rules
            .iter()
            .filter_map(|rule| {
                let detector = rule.detector(symbol)?;
                Some(Slot {
                    rule: rule.name.clone(),
                    tolerates: detector.tolerates(),
                    lookback: detector.lookback().min(MAX_LOOKBACK),
                    skipped: 0,
                    detector,
                })
            })
            .collect();
        Self { slots }
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
        self.slots.iter().all(|slot| {
            let (mut taken, mut skipped) = (0, 0);
            let mut newest_first = qualities.clone().rev();
            loop {
                if taken >= slot.lookback || skipped >= FORGET_AFTER {
                    return true;
                }
                match newest_first.next().map(|quality| feed(slot.tolerates, quality)) {
                    Some(Feed::Take) => (taken, skipped) = (taken + 1, 0),
                    Some(Feed::StartAnew) => return true,
                    Some(Feed::Skip) => skipped += 1,
                    None => return false,
                }
            }
        })
    }

    /// Learns from a quote that was judged before.
    pub(crate) fn learn(&mut self, quote: &Quote, quality: Quality) {
        for slot in &mut self.slots {
            if slot.admit(quality) {
                slot.detector.learn(quote);
            }
        }
    }
}

impl<D: Detector + ?Sized> Slot<D> {
    /// Whether the detector takes in a quote of that quality; starts it anew where that is due.
    fn admit(&mut self, quality: Quality) -> bool {
        match feed(self.tolerates, quality) {
            Feed::Take => {
                self.skipped = 0;
                true
            }
            Feed::StartAnew => {
                self.skipped = 0;
                self.detector.reset();
                true
            }
            Feed::Skip => {
                self.skipped += 1;
                if self.skipped == FORGET_AFTER {
                    self.detector.reset();
                }
                false
            }
        }
    }
}

impl Bank<dyn AnomalyDetector> {
    /// Judges `quote`, then learns from it: how many detectors were warming up, and what the others found.
    pub(crate) fn judge(&mut self, quote: &Quote, quality: Quality) -> (u8, Vec<Anomaly>) {
        let mut warming_up: u8 = 0;
        let mut anomalies = Vec::new();
        for slot in &mut self.slots {
            if !slot.admit(quality) {
                continue;
            }
            match slot.detector.judge(quote, quality) {
                Verdict::WarmingUp => warming_up = warming_up.saturating_add(1),
                Verdict::Normal { .. } => {}
                Verdict::Anomalous(evidence) => {
                    anomalies.push(Anomaly { rule: slot.rule.clone(), evidence })
                }
            }
        }
        (warming_up, anomalies)
    }
}

impl Bank<dyn TrendDetector> {
    /// Takes in `quote` and reports the turns, by rule.
    pub(crate) fn follow(
        &mut self,
        quote: &Quote,
        quality: Quality,
        mut turned: impl FnMut(&RuleName, crate::Evidence),
    ) {
        for slot in &mut self.slots {
            if !slot.admit(quality) {
                continue;
            }
            if let TrendSignal::Turned(evidence) = slot.detector.update(quote) {
                turned(&slot.rule, evidence);
            }
        }
    }
}
