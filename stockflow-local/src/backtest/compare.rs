//! What two configurations tell differently of the same quotes.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::{self, Write as _},
};

use stockflow_core::{Alert, AlertId, AlertKind, RuleName};

/// What became of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Only the first configuration tells it.
    Vanishes,
    /// Only the second one does.
    Appears,
}

impl Change {
    /// `vanishes` or `appears`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vanishes => "vanishes",
            Self::Appears => "appears",
        }
    }

    /// As in a patch: `-` or `+`.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Vanishes => '-',
            Self::Appears => '+',
        }
    }
}

/// The alerts that only one of two configurations tells: same symbol, rule, direction and market time is the same alert.
///
/// Shown as text, it is fit for a code review: a function of the two lists and of nothing else, sorted by symbol, time and rule, a line
/// for each alert, and a line for each rule whose number of alerts changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// By symbol, market time, rule and direction.
    pub changes: Vec<(Change, Alert)>,
    /// Alerts of each rule under the first and under the second configuration.
    pub rules: BTreeMap<(AlertKind, RuleName), [u64; 2]>,
}

impl Comparison {
    /// Of what the first and the second configuration tell.
    #[must_use]
    pub fn of(first: &[Alert], second: &[Alert]) -> Self {
        let mut rules: BTreeMap<_, [u64; 2]> = BTreeMap::new();
        for (side, alerts) in [first, second].into_iter().enumerate() {
            for alert in alerts {
                rules.entry((alert.kind, alert.rule.clone())).or_default()[side] += 1;
            }
        }
        let ids = |alerts: &[Alert]| -> HashMap<AlertId, AlertKind> {
            alerts.iter().map(|alert| (alert.id(), alert.kind)).collect()
        };
        let (in_first, in_second) = (ids(first), ids(second));
        let only = |change, alerts: &[Alert], others: &HashMap<AlertId, AlertKind>| {
            let is_new = |alert: &&Alert| others.get(&alert.id()) != Some(&alert.kind);
            alerts.iter().filter(is_new).map(|alert| (change, alert.clone())).collect::<Vec<_>>()
        };
        let mut changes = only(Change::Vanishes, first, &in_second);
        changes.extend(only(Change::Appears, second, &in_first));
        changes.sort_by_cached_key(|(change, alert)| {
            let direction = alert.evidence.direction as u8;
            (alert.symbol, alert.cause, alert.rule.clone(), direction, *change)
        });
        Self { changes, rules }
    }

    /// Alerts of both configurations, those that vanish, and those that appear.
    #[must_use]
    pub fn counts(&self) -> (u64, u64, u64) {
        let first: u64 = self.rules.values().map(|[first, _]| first).sum();
        let vanish = self.changes.iter().filter(|(change, _)| *change == Change::Vanishes).count();
        (first - vanish as u64, vanish as u64, (self.changes.len() - vanish) as u64)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut heading = None;
        for (change, alert) in &self.changes {
            let (symbol, day) = (alert.symbol, alert.cause.date());
            if heading.replace((symbol, day)) != Some((symbol, day)) {
                writeln!(f, "@@ {symbol} {day} @@")?;
            }
            let time = alert.cause.to_string();
            writeln!(
                f,
                "{} {} {} {}: {} ({:+.2} %), {}",
                change.sign(),
                // Hours to seconds; finer only where several quotes share a second.
                time.get(11..26).unwrap_or_default().trim_end_matches('0').trim_end_matches('.'),
                alert.rule,
                alert.evidence.direction,
                alert.price,
                alert.change_percent,
                alert.reason(),
            )?;
        }
        let mut summary = String::new();
        for ((_, rule), [before, after]) in &self.rules {
            let is_rule = |(_, alert): &&(Change, Alert)| alert.rule == *rule;
            if self.changes.iter().any(|change| is_rule(&change)) {
                writeln!(summary, "  {rule}: {before} -> {after}")?;
            }
        }
        let (both, vanish, appear) = self.counts();
        writeln!(f, "{vanish} alerts vanish, {appear} appear, {both} stay")?;
        f.write_str(&summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stockflow_core::{Direction, Evidence, Severity};

    fn alert(symbol: &str, time: &str, rule: &'static str) -> Alert {
        Alert {
            symbol: symbol.parse().unwrap(),
            kind: AlertKind::Anomaly,
            rule: rule.into(),
            severity: Severity::Warning,
            cause: format!("2026-11-23T{time}Z").parse().unwrap(),
            price: "164.5".parse().unwrap(),
            change_percent: -6.0,
            evidence: Evidence {
                direction: Direction::Down,
                score: 1.2,
                value: -6.0,
                threshold: -5.0,
            },
        }
    }

    #[test]
    fn the_text_is_a_function_of_the_two_sets() {
        let a = alert("B", "14:30:00", "hampel");
        let b = alert("A", "14:31:00", "percent_change");
        let c = alert("A", "14:32:00.25", "percent_change");
        let first = Comparison::of(&[a.clone(), b.clone()], &[c.clone(), a.clone()]);
        assert_eq!(first, Comparison::of(&[b.clone(), a.clone()], &[a.clone(), c.clone()]));
        let text = first.to_string();
        assert_eq!(
            text,
            "@@ A 2026-11-23 @@\n\
             - 14:31:00 percent_change down: 164.5 (-6.00 %), change from the previous close -6 %, bound -5, score 1.2\n\
             + 14:32:00.25 percent_change down: 164.5 (-6.00 %), change from the previous close -6 %, bound -5, score 1.2\n\
             1 alerts vanish, 1 appear, 1 stay\n  percent_change: 1 -> 1\n"
        );
        assert_eq!(Comparison::of(&[], &[]).to_string(), "0 alerts vanish, 0 appear, 0 stay\n");
    }
}
