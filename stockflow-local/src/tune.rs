//! Thresholds for a budget of alerts.

mod budget;
mod variant;

use std::{collections::BTreeMap, fmt};

use stockflow_core::{Date, InvalidConfig, Monitor, Quote, RuleName, Rules, params::Value};

pub use self::budget::Budget;
use self::variant::Variants;

/// The rules of the default set, with thresholds chosen on the first part of the days.
///
/// Each rule is tried with all of its thresholds at half their default to eight times it, in steps of a fifth. Then the budget is
/// dealt out: no rule may tell more than a common rate, the highest with which all of them together keep the budget; each gets
/// the lowest thresholds that keep it to that rate. Rules do not hang on each other, so their rates add up.
///
/// What the first part does not show is not known: the rates on the rest are those that count, and are part of the answer.
///
/// Shown as text, it is a configuration that [`Config`](stockflow_core::config::Config) reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// What was asked for.
    pub budget: Budget,
    /// The part on which thresholds were chosen.
    pub first: Outcome,
    /// The part on which they were tried.
    pub rest: Outcome,
    /// By rule, in the order of the tables.
    pub rules: Vec<TunedRule>,
}

/// What the chosen thresholds tell on a part of the days.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// First and last day.
    pub days: [Date; 2],
    /// Days with quotes, summed up over all symbols.
    pub symbol_days: u64,
    /// Alerts of all rules.
    pub alerts: u64,
}

impl Outcome {
    /// Alerts for each symbol and day.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.alerts as f64 / self.symbol_days.max(1) as f64
    }
}

/// Thresholds of one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct TunedRule {
    /// `anomaly` or `trend`.
    pub stage: &'static str,
    /// Name of the rule, and of its detector.
    pub name: &'static str,
    /// Of its thresholds, times their defaults.
    pub times: f64,
    /// The thresholds.
    pub values: Vec<(&'static str, Value)>,
    /// Alerts on the first part and on the rest.
    pub alerts: [u64; 2],
}

/// Chooses thresholds so that `budget` holds on the first half of the days, and tries them on the rest.
///
/// `quotes` are in the order of time for each symbol.
///
/// ```
/// use stockflow_core::QuoteSource;
/// use stockflow_local::{SimulatedMarket, SimulatedOptions, tune};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let symbols = vec!["AAPL".parse()?, "MSFT".parse()?];
/// let options = SimulatedOptions { symbols, days: 2, events: 0, ..SimulatedOptions::default() };
/// let mut market = SimulatedMarket::new(7, options, &[])?;
/// let mut quotes = Vec::new();
/// while let Some(batch) = market.next_batch().await? {
///     quotes.extend(batch.quotes);
/// }
/// let tuned = tune::tune(&quotes, "2/day".parse()?)?;
/// assert!(tuned.first.rate() <= 2.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`InvalidConfig`] unless there are quotes of two days at least.
pub fn tune(quotes: &[Quote], budget: Budget) -> Result<Tuned, InvalidConfig> {
    let mut days: Vec<Date> = quotes.iter().map(|quote| quote.timestamp.date()).collect();
    days.sort_unstable();
    days.dedup();
    let cut = days.len().div_ceil(2);
    let (first, rest) = days.split_at(cut);
    let (&[start, ..], &[after, ..], &[.., last], Some(&until)) = (first, rest, rest, first.last())
    else {
        return Err(InvalidConfig::new("days", days.len(), "two days of quotes or more"));
    };
    let variants = Variants::of_default_set();
    let train = quotes.iter().filter(|quote| quote.timestamp.date() < after);
    let counts = count(&variants.rules(), train, after);
    let symbol_days = |is_first: bool| {
        let is_in = |quote: &&Quote| (quote.timestamp.date() < after) == is_first;
        let mut days: Vec<_> =
            quotes.iter().filter(is_in).map(|q| (q.timestamp.date(), q.symbol)).collect();
        days.sort_unstable();
        days.dedup();
        days.len() as u64
    };
    let (first_days, rest_days) = (symbol_days(true), symbol_days(false));
    let most = budget.a_day() * first_days as f64;
    let steps = variants.choose(|name| counts.get(name).map_or(0, |count| count[0]), most);
    let told = count(&variants.chosen(&steps), quotes.iter(), after);
    let rules = variants.tuned(&steps, |name| told.get(name).copied().unwrap_or_default());
    let sum = |part: usize| rules.iter().map(|rule| rule.alerts[part]).sum();
    Ok(Tuned {
        budget,
        first: Outcome { days: [start, until], symbol_days: first_days, alerts: sum(0) },
        rest: Outcome { days: [after, last], symbol_days: rest_days, alerts: sum(1) },
        rules,
    })
}

/// Alerts of each rule before the day `after`, and from then on.
fn count<'a>(
    rules: &Rules,
    quotes: impl Iterator<Item = &'a Quote>,
    after: Date,
) -> BTreeMap<RuleName, [u64; 2]> {
    let (mut monitor, mut alerts) = (Monitor::new(rules), Vec::new());
    let mut counts: BTreeMap<RuleName, [u64; 2]> = BTreeMap::new();
    for quote in quotes {
        let _ = monitor.observe(quote, &mut alerts);
        for alert in alerts.drain(..) {
            let part = usize::from(alert.cause.date() >= after);
            counts.entry(alert.rule).or_default()[part] += 1;
        }
    }
    counts
}

impl fmt::Display for Tuned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest] = [&self.first, &self.rest].map(|part| {
            let [from, to] = part.days;
            format!("{:.2} alerts per symbol and day on {from} to {to}", part.rate())
        });
        writeln!(f, "# Thresholds for a budget of {}.", self.budget)?;
        writeln!(f, "# Chosen on the first half of the days: {first}.")?;
        writeln!(f, "# Tried on the rest: {rest}.")?;
        if self.first.rate() > self.budget.a_day() {
            writeln!(f, "# The budget does not hold even with the highest thresholds tried.")?;
        }
        for rule in &self.rules {
            let per =
                |part: usize, of: &Outcome| rule.alerts[part] as f64 / of.symbol_days.max(1) as f64;
            let (first, rest) = (per(0, &self.first), per(1, &self.rest));
            writeln!(f, "\n# {first:.2} and {rest:.2} alerts per symbol and day")?;
            writeln!(f, "[{}.{}]", rule.stage, rule.name)?;
            for (name, value) in &rule.values {
                match value {
                    // A number with a point, also where it is whole.
                    Value::Number(number) => writeln!(f, "{name} = {number:?}")?,
                    other => writeln!(f, "{name} = \"{other}\"")?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
