//! Every rule of the default set, with each of its thresholds.

use stockflow_core::{
    AnomalyDetector, Policy, Rule, RuleName, Rules, Severity, TrendDetector, anomaly,
    params::{Entry, Param, ParamKind, Value, Values},
    trend,
};

use super::TunedRule;

/// Parameters that say from where on something is told; in every detector that has one of that name.
const THRESHOLDS: [&str; 6] = ["threshold", "min_move_bp", "margin", "factor", "missed", "band"];
/// Times the default: from a half to eight times in steps of a fifth.
const STEPS: usize = 17;

/// Which step was chosen, by number of the rule.
pub(super) type Steps = Vec<usize>;

/// What can be chosen.
#[derive(Debug)]
pub(super) struct Variants {
    anomaly: Vec<&'static Entry<dyn AnomalyDetector>>,
    trend: Vec<&'static Entry<dyn TrendDetector>>,
}

fn times(step: usize) -> f64 {
    // Powers and roots of the standard library differ in the last bit from machine to machine.
    const ROOTS: [f64; 4] = [1.0, 1.189_207_115, std::f64::consts::SQRT_2, 1.681_792_831];
    0.5 * f64::from(1_u32 << (step / 4)) * ROOTS[step % 4]
}

/// What of an entry is told by default, and can be told more or less often.
fn is_tuned<D: ?Sized>(entry: &Entry<D>) -> bool {
    entry.default
        && entry.severity >= Severity::Warning
        && entry.params.iter().any(|param| THRESHOLDS.contains(&param.name))
}

/// A threshold at `step`, with three digits.
fn scaled(param: &Param, step: usize) -> Option<Value> {
    let ParamKind::Number { default, min, max } = param.kind else { return None };
    let value = default * times(step);
    let digits = if value < 1.0 {
        1_000.0
    } else if value < 100.0 {
        100.0
    } else {
        1.0
    };
    let value = (value * digits).round() / digits;
    THRESHOLDS.contains(&param.name).then(|| Value::Number(value.clamp(min, max)))
}

fn thresholds(params: &'static [Param], step: usize) -> Vec<(&'static str, Value)> {
    params.iter().filter_map(|param| Some((param.name, scaled(param, step)?))).collect()
}

fn rule<D: ?Sized + 'static>(entry: &'static Entry<D>, name: RuleName, step: usize) -> Rule<D> {
    let mut values = Values::defaults(entry.params);
    for param in entry.params {
        if let Some(value) = scaled(param, step) {
            // Within its bounds, and of its type.
            let _ = values.set(param, value);
        }
    }
    Rule::new(name, entry.severity, move |_| (entry.build)(&values).ok())
        .with_policy(Policy::default())
}

fn named(entry: &str, step: usize) -> RuleName {
    format!("{entry}@{step}").into()
}

impl Variants {
    pub(super) fn of_default_set() -> Self {
        Self {
            anomaly: anomaly::DETECTORS.iter().filter(|entry| is_tuned(entry)).collect(),
            trend: trend::DETECTORS.iter().filter(|entry| is_tuned(entry)).collect(),
        }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.anomaly.iter().map(|e| e.name).chain(self.trend.iter().map(|e| e.name))
    }

    /// All at once: rules do not hang on each other.
    pub(super) fn rules(&self) -> Rules {
        let mut rules = Rules::empty();
        for step in 0..STEPS {
            rules.anomaly.extend(self.anomaly.iter().map(|e| rule(e, named(e.name, step), step)));
            rules.trend.extend(self.trend.iter().map(|e| rule(e, named(e.name, step), step)));
        }
        rules
    }

    /// The rules with the chosen thresholds, under their own names.
    pub(super) fn chosen(&self, steps: &Steps) -> Rules {
        let (anomaly, trend) = steps.split_at(self.anomaly.len());
        let mut rules = Rules::empty();
        let pairs = self.anomaly.iter().zip(anomaly);
        rules.anomaly.extend(pairs.map(|(entry, &step)| rule(entry, entry.name.into(), step)));
        let pairs = self.trend.iter().zip(trend);
        rules.trend.extend(pairs.map(|(entry, &step)| rule(entry, entry.name.into(), step)));
        rules
    }

    /// The lowest thresholds with which no rule tells more than a common number of alerts, the largest with which all
    /// together tell at most `most`; the highest thresholds if none is.
    pub(super) fn choose(&self, count: impl Fn(&str) -> u64, most: f64) -> Steps {
        let curves: Vec<Vec<u64>> = self
            .names()
            .map(|name| {
                let mut curve: Vec<u64> =
                    (0..STEPS).map(|step| count(&named(name, step))).collect();
                // Now and then a higher threshold tells more (what was told before cools down): count it as no less.
                for step in (1..STEPS).rev() {
                    curve[step - 1] = curve[step - 1].max(curve[step]);
                }
                curve
            })
            .collect();
        let mut limits: Vec<u64> = curves.concat();
        limits.sort_unstable();
        limits.dedup();
        let at = |limit: u64| -> Steps {
            let lowest = |curve: &Vec<u64>| curve.partition_point(|count| *count > limit);
            curves.iter().map(lowest).map(|step| step.min(STEPS - 1)).collect()
        };
        let told = |steps: &Steps| -> u64 { curves.iter().zip(steps).map(|(c, &s)| c[s]).sum() };
        let affordable = limits.into_iter().rev().map(at).find(|steps| told(steps) as f64 <= most);
        affordable.unwrap_or_else(|| vec![STEPS - 1; curves.len()])
    }

    pub(super) fn tuned(&self, steps: &Steps, alerts: impl Fn(&str) -> [u64; 2]) -> Vec<TunedRule> {
        let stages = self.anomaly.iter().map(|e| ("anomaly", e.name, e.params));
        let stages = stages.chain(self.trend.iter().map(|e| ("trend", e.name, e.params)));
        let one = |((stage, name, params), &step): ((_, &'static str, _), &usize)| TunedRule {
            stage,
            name,
            times: times(step),
            values: thresholds(params, step),
            alerts: alerts(name),
        };
        stages.zip(steps).map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_dealt_out_evenly_and_thresholds_are_as_low_as_it_lets_them() {
        let variants = Variants::of_default_set();
        let names: Vec<&str> = variants.names().collect();
        // Two rules tell much at first, the others nothing at all.
        let count = |name: &str| {
            let (name, step) = name.split_once('@').unwrap();
            let step: u64 = step.parse().unwrap();
            match names.iter().position(|other| *other == name) {
                Some(0) => 100_u64.saturating_sub(10 * step),
                Some(1) => 40_u64.saturating_sub(10 * step),
                _ => 0,
            }
        };
        let steps = variants.choose(count, 60.0);
        assert_eq!((steps[0], steps[1]), (7, 1), "30 each");
        assert!(steps[2..].iter().all(|step| *step == 0));
        assert_eq!(variants.choose(count, 45.0)[..2], [8, 2], "20 each");
        assert_eq!(variants.choose(|_| 9, 1.0), vec![STEPS - 1; names.len()]);
    }

    #[test]
    fn steps_go_from_a_half_to_eight_times() {
        assert_eq!((times(0), times(4), times(16)), (0.5, 1.0, 8.0));
        assert!((0..16).all(|step| times(step) < times(step + 1)));
    }
}
