use super::{Diet, Feed};
use crate::{
    Anomaly, AnomalyDetector, Evidence, MAX_LOOKBACK, Quality, Quote, Rule, RuleName, Symbol,
    Verdict,
    anomaly::{Kernel, Kernels},
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
    kernels: Kernels,
    /// Flags that every group tolerates.
    common: Quality,
    /// Detectors that have no seat among the kernels.
    others: Box<[Box<dyn AnomalyDetector>]>,
    /// Of each seat, then of each other detector; only for what is found, and for quotes that not all take in.
    places: Box<[Place]>,
    groups: Box<[Group]>,
    /// As `sessions`, one for each group, while they are not the same: since a quote that some took in and others did not.
    apart: Vec<Sessions>,
    /// In their order.
    rules: Box<[RuleName]>,
}

/// Number of a detector's rule, and of its group.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    rule: usize,
    group: usize,
}

/// Detectors that tolerate the same, and so have taken in the same quotes.
#[derive(Debug)]
struct Group {
    diet: Diet,
    /// The longest of them.
    lookback: usize,
}

/// What the detectors made of a quote.
#[derive(Default)]
struct Tally {
    warming_up: u8,
    /// By place of the detector.
    found: Vec<(usize, Evidence)>,
}

impl Tally {
    #[inline(always)]
    fn add(&mut self, place: usize, verdict: Verdict) {
        match verdict {
            Verdict::WarmingUp => self.warming_up = self.warming_up.saturating_add(1),
            Verdict::Normal { .. } => {}
            Verdict::Anomalous(evidence) => self.found.push((place, evidence)),
        }
    }
}

impl AnomalyBank {
    /// With a detector of each rule that has one for `symbol`.
    #[must_use]
    pub fn new(rules: &[Rule<dyn AnomalyDetector>], symbol: &Symbol) -> Self {
        let mut kernels = Kernels::default();
        let (mut others, mut groups, mut names) = (Vec::new(), Vec::<Group>::new(), Vec::new());
        let mut places = vec![Place::default(); Kernels::SEATS];
        for rule in rules {
            let Some(detector) = rule.detector(symbol) else { continue };
            let (tolerates, lookback) = (detector.tolerates(), detector.lookback());
            let known = groups.iter().position(|group| group.diet.tolerates == tolerates);
            let group = known.unwrap_or_else(|| {
                groups.push(Group { diet: Diet::new(tolerates), lookback: 0 });
                groups.len() - 1
            });
            groups[group].lookback = groups[group].lookback.max(lookback.min(MAX_LOOKBACK));
            let place = Place { rule: names.len(), group };
            names.push(rule.name.clone());
            match kernels.seat(detector) {
                Ok(seat) => places[seat] = place,
                Err(detector) => {
                    others.push(detector);
                    places.push(place);
                }
            }
        }
        let common = groups.iter().fold(Quality::ALL, |common, group| {
            common.without(Quality::ALL.without(group.diet.tolerates))
        });
        Self {
            sessions: Sessions::new(kernels.needs()),
            kernels,
            common,
            others: others.into(),
            places: places.into(),
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
        if self.is_apart(quality) {
            let learn = |_, detector: Detector<'_>, following: &Following<'_>| match detector {
                Detector::Seated(kernel) => kernel.update(quote, following),
                Detector::Other(detector) => detector.update(quote),
            };
            self.feed_apart(quote, quality, learn);
            return;
        }
        let following = self.sessions.following(quote);
        self.kernels.update(quote, &following);
        self.others.iter_mut().for_each(|detector| detector.update(quote));
        let how = following.how();
        self.sessions.advance(quote, how);
    }

    /// Judges `quote`, then learns from it: how many detectors were warming up, and what the others found.
    pub fn judge(&mut self, quote: &Quote, quality: Quality) -> (u8, Vec<Anomaly>) {
        let mut tally = Tally::default();
        if self.is_apart(quality) {
            self.feed_apart(quote, quality, |place, detector, following| {
                let verdict = match detector {
                    Detector::Seated(kernel) => kernel.judge(quote, quality, following),
                    Detector::Other(detector) => detector.judge(quote, quality),
                };
                tally.add(place, verdict);
            });
        } else {
            let following = self.sessions.following(quote);
            self.kernels
                .judge(quote, quality, &following, |seat, verdict| tally.add(seat, verdict));
            for (place, detector) in (Kernels::SEATS..).zip(self.others.iter_mut()) {
                tally.add(place, detector.judge(quote, quality));
            }
            let how = following.how();
            self.sessions.advance(quote, how);
        }
        (tally.warming_up, self.named(tally.found))
    }

    /// What was found, in the order of the rules.
    #[inline]
    fn named(&self, found: Vec<(usize, Evidence)>) -> Vec<Anomaly> {
        if found.is_empty() { Vec::new() } else { self.named_some(found) }
    }

    #[cold]
    fn named_some(&self, mut found: Vec<(usize, Evidence)>) -> Vec<Anomaly> {
        let rule = |place: usize| self.places[place].rule;
        found.sort_by_key(|(place, _)| rule(*place));
        let anomaly =
            |(place, evidence)| Anomaly { rule: self.rules[rule(place)].clone(), evidence };
        found.into_iter().map(anomaly).collect()
    }

    /// Whether not all groups take in a quote of that quality, or did not take in one before it.
    fn is_apart(&self, quality: Quality) -> bool {
        !self.apart.is_empty() || !quality.without(self.common).is_good()
    }

    /// Hands `quote` to every detector that takes it in, with its place and how the quote follows for it.
    #[cold]
    fn feed_apart(
        &mut self,
        quote: &Quote,
        quality: Quality,
        mut take: impl FnMut(usize, Detector<'_>, &Following<'_>),
    ) {
        let Self { kernels, others, places, groups, apart, .. } = self;
        if apart.is_empty() {
            apart.resize(groups.len(), self.sessions.clone());
        }
        let feeds: Vec<Feed> = groups.iter_mut().map(|group| group.diet.next(quality)).collect();
        for (sessions, feed) in apart.iter_mut().zip(&feeds) {
            if feed.forgets() {
                sessions.reset();
            }
        }
        let seated = kernels.each().into_iter().map(|kernel| kernel.map(Detector::Seated));
        let others = others.iter_mut().map(|detector| Some(Detector::Other(detector.as_mut())));
        for (place, detector) in seated.chain(others).enumerate() {
            let (Some(mut detector), group) = (detector, places[place].group) else { continue };
            if feeds[group].forgets() {
                detector.reset();
            }
            if feeds[group].takes() {
                take(place, detector, &apart[group].following(quote));
            }
        }
        for (sessions, _) in apart.iter_mut().zip(&feeds).filter(|(_, feed)| feed.takes()) {
            let how = sessions.following(quote).how();
            sessions.advance(quote, how);
        }
        let together = feeds.iter().all(|feed| feed.takes());
        if together && apart.iter().all(|sessions| *sessions == apart[0]) {
            self.sessions = apart.swap_remove(0);
            apart.clear();
        }
    }
}

/// Where a detector lives.
enum Detector<'a> {
    Seated(&'a mut dyn Kernel),
    Other(&'a mut dyn AnomalyDetector),
}

impl Detector<'_> {
    fn reset(&mut self) {
        match self {
            Self::Seated(kernel) => kernel.reset(),
            Self::Other(detector) => detector.reset(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        Price, Rules, Severity, Timestamp, Volume,
        anomaly::{Hampel, PriceLevel},
    };

    fn rules() -> Vec<Rule<dyn AnomalyDetector>> {
        let level = Rule::new("level", Severity::Warning, |_: &Symbol| {
            let level = "100".parse().ok();
            PriceLevel::new(level, level).ok().map(|detector| Box::new(detector) as _)
        });
        // One more of a kind has no seat, and its findings come where its rule stands.
        let second = Rule::new("second", Severity::Warning, |_: &Symbol| {
            Hampel::new(5, 2.0).ok().map(|detector| Box::new(detector) as _)
        });
        let mut rules = Rules::default_set().with_anomaly(level).anomaly;
        rules.insert(1, second);
        rules
    }

    /// What each detector says by itself of the quotes that it tolerates.
    fn by_themselves(
        rules: &[Rule<dyn AnomalyDetector>],
        quotes: &[(Quote, Quality)],
    ) -> Vec<(u8, Vec<Anomaly>)> {
        let symbol = quotes[0].0.symbol;
        let mut detectors: Vec<_> = rules
            .iter()
            .map(|rule| {
                let detector = rule.detector(&symbol).unwrap();
                (rule.name.clone(), Diet::new(detector.tolerates()), detector)
            })
            .collect();
        let judge = |(quote, quality): &(Quote, Quality)| {
            let (mut warming_up, mut anomalies) = (0, Vec::new());
            for (rule, diet, detector) in &mut detectors {
                let feed = diet.next(*quality);
                if matches!(feed, Feed::StartAnew | Feed::Forget) {
                    detector.reset();
                }
                if matches!(feed, Feed::Skip | Feed::Forget) {
                    continue;
                }
                match detector.judge(quote, *quality) {
                    Verdict::WarmingUp => warming_up += 1,
                    Verdict::Normal { .. } => {}
                    Verdict::Anomalous(evidence) => {
                        anomalies.push(Anomaly { rule: rule.clone(), evidence })
                    }
                }
            }
            (warming_up, anomalies)
        };
        quotes.iter().map(judge).collect()
    }

    fn quotes(segments: &[(Quality, usize, bool)], steps: &[i64]) -> Vec<(Quote, Quality)> {
        let price = |cents: i64| Price::from_units(cents * 1_000_000).unwrap();
        let (mut cents, mut open, mut volume) = (10_000, 10_000, 0);
        let mut time: Timestamp = "2026-11-23T14:30:00Z".parse().unwrap();
        let mut steps = steps.iter().cycle();
        let mut quotes = Vec::new();
        for &(quality, length, is_new_day) in segments {
            if is_new_day {
                (open, volume, time) = (cents, 0, time.saturating_add(Duration::from_secs(86_400)));
            }
            for _ in 0..length {
                let step = *steps.next().unwrap();
                cents = (cents + step).max(100);
                volume += step.abs() * 10;
                time = time.saturating_add(Duration::from_secs(step.unsigned_abs() + 1));
                let (high, low) = (price(cents.max(open)), price(cents.min(open)));
                quotes.push((
                    Quote {
                        symbol: "A".parse().unwrap(),
                        timestamp: time,
                        open: price(open),
                        high,
                        low,
                        price: price(cents),
                        previous_close: price(open),
                        volume: Volume::new(volume).unwrap(),
                    },
                    quality,
                ));
            }
        }
        quotes
    }

    fn any_quality() -> impl Strategy<Value = Quality> {
        prop_oneof![
            4 => Just(Quality::GOOD),
            1 => Just(Quality::OFF_SESSION),
            1 => Just(Quality::SUSPECTED_SPLIT),
            1 => Just(Quality::UNIT_ERROR),
            1 => any::<u16>().prop_map(Quality::from_bits_truncate),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_bank_says_what_its_detectors_say_by_themselves(
            segments in prop::collection::vec(
                (any_quality(), prop_oneof![3 => 1_usize..3, 2 => 3_usize..130, 1 => 505_usize..520], prop::bool::weighted(0.2)),
                1..16,
            ),
            steps in prop::collection::vec(prop_oneof![8 => -5_i64..=5, 1 => Just(0), 1 => -900_i64..900], 5..60),
        ) {
            let (rules, quotes) = (rules(), quotes(&segments, &steps));
            let expected = by_themselves(&rules, &quotes);
            let mut bank = AnomalyBank::new(&rules, &quotes[0].0.symbol);
            for (number, ((quote, quality), expected)) in quotes.iter().zip(expected).enumerate() {
                // Learning alone leaves the same behind.
                if number % 5 == 4 {
                    bank.learn(quote, *quality);
                } else {
                    prop_assert_eq!(bank.judge(quote, *quality), expected, "quote {}", number);
                }
            }
        }
    }

    #[test]
    fn the_detectors_of_the_default_set_lie_in_the_bank_itself() {
        let symbol = "A".parse().unwrap();
        let bank = AnomalyBank::new(&Rules::default_set().anomaly, &symbol);
        assert!(bank.others.is_empty());
    }
}
