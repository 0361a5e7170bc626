//! Which detectors judge whose quotes.

use std::{fmt, sync::Arc};

use crate::{
    AnomalyDetector, Policy, RuleName, Severity, Symbol, TrendDetector, anomaly,
    params::{Entry, InvalidConfig},
    trend,
};

/// A rule: a detector under a name, with the urgency and the policy of its alerts.
pub struct Rule<D: ?Sized> {
    /// Its name, unique in the set: anomalies, turns and alerts carry it.
    pub name: RuleName,
    /// Urgency of its alerts.
    pub severity: Severity,
    /// When its findings become alerts.
    pub policy: Policy,
    make: Arc<Make<D>>,
}

type Make<D> = dyn Fn(&Symbol) -> Option<Box<D>> + Send + Sync;

impl<D: ?Sized> Rule<D> {
    /// A rule whose detector is made anew for each symbol by `make`; `None` leaves the symbol out.
    ///
    /// The box is of the trait, not of the detector, which the compiler has to be told by `as _`:
    ///
    /// ```
    /// use stockflow_core::{Rule, Rules, Severity, anomaly::PercentChange};
    ///
    /// let small = Rule::new("small_move", Severity::Info, |_symbol| {
    ///     PercentChange::new(1.0, 30).ok().map(|detector| Box::new(detector) as _)
    /// });
    /// let rules = Rules::default_set().with_anomaly(small);
    /// assert!(rules.anomaly.iter().any(|rule| rule.name == "small_move"));
    /// ```
    pub fn new(
        name: impl Into<RuleName>,
        severity: Severity,
        make: impl Fn(&Symbol) -> Option<Box<D>> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), severity, policy: Policy::default(), make: Arc::new(make) }
    }

    /// With another policy.
    #[must_use]
    pub const fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// A detector for `symbol`.
    #[must_use]
    pub fn detector(&self, symbol: &Symbol) -> Option<Box<D>> {
        (self.make)(symbol)
    }
}

impl<D: ?Sized> Clone for Rule<D> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            severity: self.severity,
            policy: self.policy,
            make: Arc::clone(&self.make),
        }
    }
}

impl<D: ?Sized> fmt::Debug for Rule<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("name", &self.name)
            .field("severity", &self.severity)
            .finish_non_exhaustive()
    }
}

/// The rules of both stages: anomaly detectors for stage 1, trend detectors for stage 2, and what is told.
///
/// ```
/// use stockflow_core::{Rule, Rules, Severity, anomaly};
///
/// let rules = Rules::default_set();
/// assert!(rules.anomaly.iter().all(|rule| !rule.name.is_empty()));
/// let quiet = Rules { least_severity: Severity::Critical, ..Rules::default_set() };
/// # let _ = quiet;
/// ```
#[derive(Clone, Debug)]
pub struct Rules {
    /// Stage 1.
    pub anomaly: Vec<Rule<dyn AnomalyDetector>>,
    /// Stage 2.
    pub trend: Vec<Rule<dyn TrendDetector>>,
    /// Findings below this urgency are kept in the rows but told to nobody.
    pub least_severity: Severity,
}

impl Rules {
    /// No rule at all, to build upon.
    #[must_use]
    pub const fn empty() -> Self {
        Self { anomaly: Vec::new(), trend: Vec::new(), least_severity: Severity::Warning }
    }

    /// The default set, with default parameters, for every symbol.
    #[must_use]
    pub fn default_set() -> Self {
        Self {
            anomaly: defaults(anomaly::DETECTORS),
            trend: defaults(trend::DETECTORS),
            least_severity: Severity::Warning,
        }
    }

    /// Adds a rule of stage 1; one of the same name is replaced.
    #[must_use]
    pub fn with_anomaly(mut self, rule: Rule<dyn AnomalyDetector>) -> Self {
        self.anomaly.retain(|r| r.name != rule.name);
        self.anomaly.push(rule);
        self
    }

    /// Adds a rule of stage 2; one of the same name is replaced.
    #[must_use]
    pub fn with_trend(mut self, rule: Rule<dyn TrendDetector>) -> Self {
        self.trend.retain(|r| r.name != rule.name);
        self.trend.push(rule);
        self
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::default_set()
    }
}

fn defaults<D: ?Sized + 'static>(table: &'static [Entry<D>]) -> Vec<Rule<D>> {
    table
        .iter()
        .filter(|entry| entry.default)
        .map(|entry| Rule::new(entry.name, entry.severity, move |_| entry.build_default().ok()))
        .collect()
}

/// A rule out of a table row with the given values, for every symbol.
///
/// # Errors
/// [`InvalidConfig`] if the detector cannot be built from `values`.
pub fn rule_from_entry<D: ?Sized + 'static>(
    entry: &'static Entry<D>,
    values: crate::params::Values,
) -> Result<Rule<D>, InvalidConfig> {
    (entry.build)(&values)?;
    Ok(Rule::new(entry.name, entry.severity, move |_| (entry.build)(&values).ok()))
}
