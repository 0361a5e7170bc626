use super::{Diet, Feed};
use crate::{
    Anomaly, AnomalyDetector, Evidence, MAX_LOOKBACK, Quality, Quote, Rule, RuleName, Symbol,
    Verdict,
    anomaly::AnyKernel,
    session::{Following, Sessions},
};

/// The anomaly detectors of one symbol, as [`Processor`](crate::Processor) and [`Monitor`](crate::Monitor) run them.
///
/// It feeds each detector the quotes that it tolerates. An untolerated suspected split makes a detector start anew with
/// that quote; other untolerated ones are skipped, and after 512 in a row it starts anew, too.
///
/// The verdicts are those of the detectors by themselves. It is faster than they are because how a quote follows the one before
/// it is worked out once for all, and because what they know lies in one piece of memory.
///
/// ```
/// use stockflow_core::{AnomalyBank, Quality, Quote, Rules};
///
/// let price = "100".parse()?;
/// let quote = Quote {
///     symbol: "AAPL".parse()?,
///     timestamp: "2026-11-23T14:30:00Z".parse()?,
///     open: price,
///     high: price,
///     low: price,
///     price,
///     previous_close: price,
///     volume: 1_000.try_into()?,
/// };
/// let rules = Rules::default_set();
/// let mut bank = AnomalyBank::new(&rules.anomaly, &quote.symbol);
/// let (warming_up, anomalies) = bank.judge(&quote, Quality::GOOD);
/// assert_eq!(usize::from(warming_up), rules.anomaly.len(), "nothing is known before the first quote");
/// assert!(anomalies.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AnomalyBank {
    /// How the quotes follow each other, as long as that is the same for all groups.
    sessions: Sessions,
    /// Flags that every group tolerates.
    common: Quality,
    /// In the order of the rules.
    slots: Box<[Slot]>,
    groups: Box<[Group]>,
    /// As `sessions`, one for each group, while they are not the same: since a quote that some took in and others did not.
    apart: Vec<Sessions>,
    rules: Box<[RuleName]>,
}

#[derive(Debug)]
struct Slot {
    kernel: AnyKernel,
    group: u16,
}

/// Detectors that tolerate the same, and so have taken in the same quotes.
#[derive(Debug)]
struct Group {
    diet: Diet,
    /// The longest of them.
    lookback: usize,
    /// Whether they take in the quote at hand.
    takes: bool,
}

/// What the detectors made of a quote.
#[derive(Default)]
struct Tally {
    warming_up: u8,
    /// By number of the detector.
    found: Vec<(usize, Evidence)>,
}

impl Tally {
    #[inline(always)]
    fn add(&mut self, detector: usize, verdict: Verdict) {
        match verdict {
            Verdict::WarmingUp => self.warming_up = self.warming_up.saturating_add(1),
            Verdict::Normal { .. } => {}
            Verdict::Anomalous(evidence) => self.found.push((detector, evidence)),
        }
    }
}

impl AnomalyBank {
    /// With a detector of each rule that has one for `symbol`.
    #[must_use]
    pub fn new(rules: &[Rule<dyn AnomalyDetector>], symbol: &Symbol) -> Self {
        let (mut slots, mut groups, mut names) = (Vec::new(), Vec::<Group>::new(), Vec::new());
        for rule in rules {
            let Some(detector) = rule.detector(symbol) else { continue };
            let (tolerates, lookback) = (detector.tolerates(), detector.lookback());
            let known = groups.iter().position(|group| group.diet.tolerates == tolerates);
            let group = known.unwrap_or_else(|| {
                groups.push(Group { diet: Diet::new(tolerates), lookback: 0, takes: true });
                groups.len() - 1
            });
            groups[group].lookback = groups[group].lookback.max(lookback.min(MAX_LOOKBACK));
            // There are only as many groups as there are sets of flags, which have 16 bits.
            slots.push(Slot { kernel: detector.into(), group: group as u16 });
            names.push(rule.name.clone());
        }
        let common = groups.iter().fold(Quality::ALL, |common, group| {
            common.without(Quality::ALL.without(group.diet.tolerates))
        });
        Self {
            sessions: Sessions::default(),
            common,
            slots: slots.into(),
            groups: groups.into(),
            apart: Vec::new(),
            rules: names.into(),
        }
    }

    /// Most quotes that any detector looks back on.
    #[must_use]
    pub fn lookback(&self) -> usize {
        self.groups.iter().map(|group| group.lookback).max().unwrap_or(0)
    }

    /// Whether the newest of `qualities` (oldest first) reach back far enough for every detector.
    pub(crate) fn is_satisfied_by(
        &self,
        qualities: impl DoubleEndedIterator<Item = Quality> + Clone,
    ) -> bool {
        self.groups
            .iter()
            .all(|group| group.diet.is_satisfied_by(group.lookback, qualities.clone()))
    }

    /// Learns from a quote that was judged before.
    pub fn learn(&mut self, quote: &Quote, quality: Quality) {
        let update =
            |_, kernel: &mut AnyKernel, following: &Following<'_>| kernel.update(quote, following);
        if self.is_apart(quality) {
            self.feed_apart(quote, quality, update);
            return;
        }
        let following = self.sessions.following(quote);
        self.slots.iter_mut().for_each(|slot| slot.kernel.update(quote, &following));
        let starts = following.starts;
        self.sessions.advance(quote, starts);
    }

    /// Judges `quote`, then learns from it: how many detectors were warming up, and what the others found.
    pub fn judge(&mut self, quote: &Quote, quality: Quality) -> (u8, Vec<Anomaly>) {
        let mut tally = Tally::default();
        if self.is_apart(quality) {
            self.feed_apart(quote, quality, |slot, kernel, following| {
                tally.add(slot, kernel.judge(quote, quality, following));
            });
        } else {
            let following = self.sessions.following(quote);
            for (number, slot) in self.slots.iter_mut().enumerate() {
                tally.add(number, slot.kernel.judge(quote, quality, &following));
            }
            let starts = following.starts;
            self.sessions.advance(quote, starts);
        }
        let anomaly =
            |(slot, evidence): (usize, _)| Anomaly { rule: self.rules[slot].clone(), evidence };
        (tally.warming_up, tally.found.into_iter().map(anomaly).collect())
    }

    /// Whether not all groups take in a quote of that quality, or did not take in one before it.
    fn is_apart(&self, quality: Quality) -> bool {
        !self.apart.is_empty() || !quality.without(self.common).is_good()
    }

    /// Hands `quote` to every detector that takes it in, with its number and how the quote follows for it.
    #[cold]
    fn feed_apart(
        &mut self,
        quote: &Quote,
        quality: Quality,
        mut take: impl FnMut(usize, &mut AnyKernel, &Following<'_>),
    ) {
        let Self { slots, groups, apart, .. } = self;
        if apart.is_empty() {
            apart.resize(groups.len(), self.sessions);
        }
        for (number, (group, sessions)) in groups.iter_mut().zip(apart.iter_mut()).enumerate() {
            let feed = group.diet.next(quality);
            group.takes = matches!(feed, Feed::Take | Feed::StartAnew);
            if matches!(feed, Feed::StartAnew | Feed::Forget) {
                let of_group = slots.iter_mut().filter(|slot| usize::from(slot.group) == number);
                of_group.for_each(|slot| slot.kernel.reset());
                *sessions = Sessions::default();
            }
        }
        for (number, slot) in slots.iter_mut().enumerate() {
            let group = usize::from(slot.group);
            if groups[group].takes {
                take(number, &mut slot.kernel, &apart[group].following(quote));
            }
        }
        let taking = groups.iter().zip(apart.iter_mut()).filter(|(group, _)| group.takes);
        for (_, sessions) in taking {
            let starts = sessions.following(quote).starts;
            sessions.advance(quote, starts);
        }
        let together = groups.iter().all(|group| group.takes);
        if together && apart.iter().all(|sessions| *sessions == apart[0]) {
            self.sessions = apart[0];
            apart.clear();
        }
    }
}
