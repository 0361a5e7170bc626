//! Configuration in TOML: symbols, detectors with parameters, per-symbol overrides, policy, alerters.
//!
//! The format is described in `docs/configuration.md` of the repository. Core reads text, not files, and no environment.

mod alerter;
mod error;
mod item;
mod nearest;
mod policy;
mod rule;
mod section;
mod span;
mod values;

use self::rule::Stage;
pub use self::{
    alerter::AlerterSpec,
    error::{ConfigError, ConfigProblem},
    section::Section,
};
use crate::{AnomalyDetector, Rules, Symbol, TrendDetector, anomaly, params::Entry, trend};

/// What a configuration file says; the default is what an empty file says.
///
/// ```
/// use stockflow_core::config::Config;
///
/// let config = Config::from_toml("symbols = ['AAPL', 'MSFT']", "stockflow.toml")?;
/// assert_eq!(config.symbols.as_ref().map(Vec::len), Some(2));
///
/// let error = Config::from_toml("\nsymbol = ['AAPL']", "stockflow.toml").unwrap_err();
/// assert!(error.to_string().starts_with("stockflow.toml:2: symbol"));
/// # Ok::<(), stockflow_core::config::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Whose quotes are taken in; none: everybody's.
    pub symbols: Option<Vec<Symbol>>,
    /// Who tells people, in the order of the file.
    pub alerters: Vec<AlerterSpec>,
    rules: Rules,
}

/// What detectors there are.
#[derive(Clone, Copy)]
struct Tables {
    anomaly: &'static [Entry<dyn AnomalyDetector>],
    trend: &'static [Entry<dyn TrendDetector>],
}

impl Config {
    /// Reads the text of a configuration file; `file` is its name, for errors.
    ///
    /// # Errors
    /// [`ConfigError`]: not TOML, an unknown key, an impossible value, or a detector that does not exist.
    pub fn from_toml(text: &str, file: &str) -> Result<Self, ConfigError> {
        Self::read(text, file, Tables { anomaly: anomaly::DETECTORS, trend: trend::DETECTORS })
    }

    /// The default set of rules with what the file says otherwise.
    #[must_use]
    pub fn rules(&self) -> Rules {
        self.rules.clone()
    }

    fn read(text: &str, file: &str, detectors: Tables) -> Result<Self, ConfigError> {
        let root = Section::parse(text, file)?;
        root.only(["symbols", "policy", "anomaly", "trend", "symbol", "alerter"])?;
        let symbols = symbols(&root)?;
        let policy = root.table("policy")?;
        if let Some(policy) = &policy {
            policy.only(policy::KEYS.into_iter().chain(["least_severity"]))?;
        }
        let overrides = overrides(&root, symbols.as_deref())?;
        let taken: Vec<&str> = detectors
            .anomaly
            .iter()
            .map(|entry| entry.name)
            .chain(detectors.trend.iter().map(|entry| entry.name))
            .collect();
        let anomaly = Stage {
            detectors: detectors.anomaly,
            taken: &taken,
            policy: policy.as_ref(),
            section: root.table("anomaly")?,
            overrides: within(&overrides, "anomaly")?,
        };
        let trend = Stage {
            detectors: detectors.trend,
            taken: &taken,
            policy: policy.as_ref(),
            section: root.table("trend")?,
            overrides: within(&overrides, "trend")?,
        };
        let least = policy.as_ref().map(|p| policy::severity(p, "least_severity")).transpose()?;
        let rules = Rules {
            anomaly: anomaly.rules()?,
            trend: trend.rules()?,
            least_severity: least.flatten().unwrap_or(Rules::empty().least_severity),
        };
        let same = rules.trend.iter().find(|t| rules.anomaly.iter().any(|a| a.name == t.name));
        if let Some(rule) = same {
            return Err(root.wrong("trend", &rule.name, "a name that no anomaly rule has"));
        }
        let alerters = root.discreet_tables("alerter")?;
        let alerters = alerters.into_iter().map(AlerterSpec::read).collect::<Result<_, _>>()?;
        Ok(Self { symbols, alerters, rules })
    }
}

fn symbols(root: &Section) -> Result<Option<Vec<Symbol>>, ConfigError> {
    let Some(texts) = root.texts("symbols")? else { return Ok(None) };
    let mut symbols: Vec<Symbol> = Vec::with_capacity(texts.len());
    for text in texts {
        let bad = |why| root.wrong("symbols", text, format!("a list of symbols ({why})"));
        let symbol = Symbol::new(text).map_err(bad)?;
        if symbols.contains(&symbol) {
            return Err(root.wrong("symbols", text, "each symbol once"));
        }
        symbols.push(symbol);
    }
    if symbols.is_empty() {
        return Err(root.invalid("symbols", "at least one symbol, or no such key for all"));
    }
    Ok(Some(symbols))
}

/// The tables of `[symbol]`, by symbol.
fn overrides(
    root: &Section,
    symbols: Option<&[Symbol]>,
) -> Result<Vec<(Symbol, Section)>, ConfigError> {
    let Some(all) = root.table("symbol")? else { return Ok(Vec::new()) };
    let mut overrides = Vec::new();
    for text in all.keys() {
        let bad = |why| all.wrong(text, text, format!("a symbol ({why})"));
        let symbol = Symbol::new(text).map_err(bad)?;
        let Some(table) = all.table(text)? else { continue };
        if let Some(listed) = symbols.filter(|listed| !listed.contains(&symbol)) {
            let known = listed.iter().map(Symbol::as_str);
            return Err(table.misnamed(text, "a symbol of the list `symbols`", known));
        }
        table.only(["anomaly", "trend"])?;
        overrides.push((symbol, table));
    }
    Ok(overrides)
}

/// The tables of one stage, by symbol.
fn within(
    overrides: &[(Symbol, Section)],
    key: &str,
) -> Result<Vec<(Symbol, Section)>, ConfigError> {
    let table = |(symbol, section): &(Symbol, Section)| {
        section.table(key).map(|table| table.map(|table| (*symbol, table))).transpose()
    };
    overrides.iter().filter_map(table).collect()
}

#[cfg(test)]
mod tests;
