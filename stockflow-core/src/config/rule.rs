//! Rules of a configuration: which detectors, with which parameters, for whom.

use std::collections::BTreeMap;

use super::{error::ConfigError, policy, section::Section, values};
use crate::{Policy, Rule, RuleName, Symbol, params::Entry, params::Values};

/// The keys of a rule's table that are no parameter and no policy.
pub(super) const KEYS: [&str; 3] = ["enabled", "detector", "severity"];

/// Longest name of a rule.
const NAME_MAX: usize = 40;

/// What all rules of a stage are read from.
pub(super) struct Stage<'a, D: ?Sized + 'static> {
    /// What there is.
    pub(super) detectors: &'static [Entry<D>],
    /// Names of the detectors of both stages.
    pub(super) taken: &'a [&'static str],
    /// The file's `[policy]`.
    pub(super) policy: Option<&'a Section>,
    /// The file's `[anomaly]` or `[trend]`.
    pub(super) section: Option<Section>,
    /// The same within the tables of symbols.
    pub(super) overrides: Vec<(Symbol, Section)>,
}

/// The tables of one rule.
struct Tables {
    everywhere: Option<Section>,
    symbols: Vec<(Symbol, Section)>,
}

impl<D: ?Sized + 'static> Stage<'_, D> {
    /// The rules: those of the default set in the order of the table, then the others in the order of the file.
    pub(super) fn rules(&self) -> Result<Vec<Rule<D>>, ConfigError> {
        let mut names: Vec<&str> =
            self.detectors.iter().filter(|entry| entry.default).map(|entry| entry.name).collect();
        let sections = self.section.iter().chain(self.overrides.iter().map(|(_, section)| section));
        for name in sections.flat_map(Section::keys) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.into_iter().filter_map(|name| self.rule(name).transpose()).collect()
    }

    fn rule(&self, name: &str) -> Result<Option<Rule<D>>, ConfigError> {
        let tables = self.tables(name)?;
        let Some(entry) = self.entry(name, &tables)? else { return Ok(None) };
        let everywhere = tables.everywhere.as_ref();
        let params = || entry.params.iter().map(|param| param.name);
        let mut base = Values::defaults(entry.params);
        let mut severity = entry.severity;
        let mut policy = self.default_policy(entry)?;
        let mut enabled = everywhere.is_some() || entry.default;
        if let Some(section) = everywhere {
            section.only(KEYS.into_iter().chain(policy::KEYS).chain(params()))?;
            enabled = section.boolean("enabled")?.unwrap_or(enabled);
            severity = policy::severity(section, "severity")?.unwrap_or(severity);
            policy = policy::read(section, policy)?;
            base = values::read(section, entry.params, base)?;
            if enabled {
                values::check(section, entry, &base)?;
            }
        }
        let mut special = BTreeMap::new();
        for (symbol, section) in &tables.symbols {
            section.only(["enabled", "detector"].into_iter().chain(params()))?;
            let own = values::read(section, entry.params, base.clone())?;
            let own = section.boolean("enabled")?.unwrap_or(true).then_some(own);
            if let Some(own) = &own {
                values::check(section, entry, own)?;
            }
            special.insert(*symbol, own);
        }
        if !enabled && special.values().all(Option::is_none) {
            return Ok(None);
        }
        let general = enabled.then_some(base);
        let make = move |symbol: &Symbol| {
            let values = special.get(symbol).unwrap_or(&general).as_ref()?;
            // Built once with the same values when the file was read.
            (entry.build)(values).ok()
        };
        // A detector's name is a `'static` text already.
        let name =
            if name == entry.name { entry.name.into() } else { RuleName::from(name.to_owned()) };
        Ok(Some(Rule::new(name, severity, make).with_policy(policy)))
    }

    fn tables(&self, name: &str) -> Result<Tables, ConfigError> {
        let everywhere = self.section.as_ref().map(|section| section.table(name)).transpose()?;
        let mut symbols = Vec::new();
        for (symbol, section) in &self.overrides {
            symbols.extend(section.table(name)?.map(|table| (*symbol, table)));
        }
        Ok(Tables { everywhere: everywhere.flatten(), symbols })
    }

    fn default_policy(&self, _entry: &Entry<D>) -> Result<Policy, ConfigError> {
        let policy = Policy::default();
        self.policy.map_or(Ok(policy), |section| policy::read(section, policy))
    }

    /// The detector of a rule: what its tables say, or the one of its name.
    fn entry(&self, name: &str, tables: &Tables) -> Result<Option<&'static Entry<D>>, ConfigError> {
        let mut sections =
            tables.everywhere.iter().chain(tables.symbols.iter().map(|(_, section)| section));
        let named = sections.clone().find(|section| section.has("detector"));
        let Some(section) = named.or_else(|| sections.next()) else {
            return Ok(self.find(name));
        };
        self.check_name(name, section)?;
        let Some(detector) = section.text("detector")? else {
            // A rule without a `detector` is named after one.
            return self.find(name).map(Some).ok_or_else(|| {
                let names: Vec<&str> = self.known().collect();
                let allowed = format!("{}; or any name with a key `detector`", names.join(", "));
                section.misnamed(name, allowed, names)
            });
        };
        let unknown = || section.not_among("detector", self.known());
        let entry = self.find(detector).ok_or_else(unknown)?;
        for other in tables.everywhere.iter().chain(tables.symbols.iter().map(|(_, s)| s)) {
            if other.text("detector")?.is_some_and(|other| other != detector) {
                return Err(
                    other.invalid("detector", format!("{detector:?}, as elsewhere in the file"))
                );
            }
        }
        // Texts of alerts go by the name of the rule: it must not promise another detector.
        let is_start = |other: &&&str| {
            name.strip_prefix(**other).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        match self.taken.iter().filter(is_start).max_by_key(|other| other.len()) {
            Some(other) if *other != detector => Err(section.invalid(
                "detector",
                format!("{other:?}, since the rule's name starts with it, or another name"),
            )),
            _ => Ok(Some(entry)),
        }
    }

    fn known(&self) -> impl Iterator<Item = &'static str> {
        self.detectors.iter().map(|entry| entry.name)
    }

    fn find(&self, detector: &str) -> Option<&'static Entry<D>> {
        self.detectors.iter().find(|entry| entry.name == detector)
    }

    fn check_name(&self, name: &str, section: &Section) -> Result<(), ConfigError> {
        let legal = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.len() <= NAME_MAX
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if legal {
            return Ok(());
        }
        let allowed = format!(
            "a name of a-z, 0-9 and _ that starts with a letter, at most {NAME_MAX} characters"
        );
        Err(section.misnamed(name, allowed, []))
    }
}
