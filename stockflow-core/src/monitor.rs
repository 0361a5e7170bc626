//! Both stages at once, in memory only.

use hashbrown::HashMap;

use crate::{
    Alert, AlertKind, Evidence, Judgement, Policy, PolicyState, Quote, RuleName, Rules, Severity,
    Symbol, bank::TrendBank, processor::Judge,
};

/// Judges quotes and raises alerts, one quote at a time, without a table, a lake or a ledger.
///
/// It raises the alerts that [`Processor`](crate::Processor) and [`TrendWatch`](crate::TrendWatch) raise over the same quotes, in the same
/// order for each symbol, several times as fast, and promises nothing beyond the life of the process: for
/// back-tests, for notebooks, and inside of programs that keep their quotes elsewhere.
///
/// ```
/// use stockflow_core::{Monitor, Rules, wire};
///
/// let mut monitor = Monitor::new(&Rules::default_set());
/// let mut alerts = Vec::new();
/// let record = br#"{"symbol":"AAPL","open":180,"high":184.5,"low":179.25,"price":183.75,"previous_close":175,
///     "volume":1000000,"timestamp":"2026-11-23T14:30:00Z"}"#;
/// let judgement = monitor.observe(&wire::decode(record)?.quote, &mut alerts);
/// # let _ = judgement;
/// # Ok::<(), wire::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Monitor {
    rules: Rules,
    told: Vec<Told>,
    symbols: HashMap<Symbol, Watched>,
}

/// What is told of the findings of one rule.
#[derive(Debug)]
struct Told {
    kind: AlertKind,
    rule: RuleName,
    severity: Severity,
    policy: Policy,
}

#[derive(Debug)]
struct Watched {
    judge: Judge,
    trends: TrendBank,
    /// Of the rules that found something so far.
    states: Vec<(RuleName, PolicyState)>,
}

impl Monitor {
    /// Without memory of any symbol.
    #[must_use]
    pub fn new(rules: &Rules) -> Self {
        let anomalies =
            rules.anomaly.iter().map(|r| (AlertKind::Anomaly, &r.name, r.severity, r.policy));
        let trends = rules.trend.iter().map(|r| (AlertKind::Trend, &r.name, r.severity, r.policy));
        let told = anomalies
            .chain(trends)
            .filter(|(_, _, severity, _)| *severity >= rules.least_severity)
            .map(|(kind, rule, severity, policy)| Told {
                kind,
                rule: rule.clone(),
                severity,
                policy,
            })
            .collect();
        Self { rules: rules.clone(), told, symbols: HashMap::new() }
    }

    /// Judges `quote`, then learns from it, and appends to `alerts` what is to be told.
    ///
    /// A quote that is not after every accepted quote of its symbol is [`Judgement::Late`] (here a duplicate is, too) and
    /// changes nothing.
    pub fn observe(&mut self, quote: &Quote, alerts: &mut Vec<Alert>) -> Judgement {
        self.follow(quote, |_, _, _, alert| alerts.extend(alert))
    }

    /// As [`observe`](Self::observe), and hands every finding to `found`, anomalies first: its kind, rule and evidence, and the alert if it
    /// is to be told.
    pub fn follow(
        &mut self,
        quote: &Quote,
        mut found: impl FnMut(AlertKind, &RuleName, Evidence, Option<Alert>),
    ) -> Judgement {
        let Self { rules, told, symbols } = self;
        let Watched { judge, trends, states } =
            symbols.entry(quote.symbol).or_insert_with(|| Watched {
                judge: Judge::new(&rules.anomaly, &quote.symbol),
                trends: TrendBank::new(&rules.trend, &quote.symbol),
                states: Vec::new(),
            });
        if !judge.would_accept(quote) {
            return Judgement::Late;
        }
        let judgement = judge.accept(quote);
        let Judgement::Accepted { quality, anomalies, .. } = &judgement else { return judgement };
        let mut find = |kind, rule: &RuleName, evidence| {
            let told = told.iter().find(|told| told.kind == kind && told.rule == *rule);
            let alert = told.and_then(|told| told.decide(states, quote, evidence));
            found(kind, rule, evidence, alert);
        };
        for anomaly in anomalies {
            find(AlertKind::Anomaly, &anomaly.rule, anomaly.evidence);
        }
        trends.follow(quote, *quality, |rule, evidence| find(AlertKind::Trend, rule, evidence));
        judgement
    }
}

impl Told {
    /// The alert about a finding of the rule, if its policy lets it.
    fn decide(
        &self,
        states: &mut Vec<(RuleName, PolicyState)>,
        quote: &Quote,
        evidence: Evidence,
    ) -> Option<Alert> {
        let slot = states.iter_mut().find(|(rule, _)| *rule == self.rule);
        let before = slot.as_ref().map(|(_, state)| *state);
        let (state, told) = self.policy.decide(before, quote.timestamp, evidence.direction);
        match slot {
            Some((_, slot)) => *slot = state,
            None => states.push((self.rule.clone(), state)),
        }
        told.then(|| Alert::new(quote, self.kind, self.rule.clone(), self.severity, evidence))
    }
}
