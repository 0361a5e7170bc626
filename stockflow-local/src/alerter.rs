//! Alerters: who tells people, by kind.
//!
//! A new alerter is one file here, one `mod` line and one row in [`ALERTERS`].

mod console;
mod delivery;
mod file;
#[cfg_attr(not(feature = "smtp"), path = "alerter/absent/smtp.rs")]
pub mod smtp;
#[cfg_attr(not(feature = "webhook"), path = "alerter/absent/webhook.rs")]
pub mod webhook;

use std::{fmt, io::Write, path::Path, sync::Arc};

use stockflow_core::{
    Alerter,
    config::{AlerterSpec, ConfigError, Section},
};

pub use self::{
    console::ConsoleAlerter,
    delivery::{Delivery, Outcome, Refusal},
    file::FileAlerter,
};

/// Every alerter that a configuration can name.
pub static ALERTERS: &[AlerterEntry] = &[console::ENTRY, file::ENTRY, webhook::ENTRY, smtp::ENTRY];

/// A row in the table of alerters.
#[derive(Clone, Copy)]
pub struct AlerterEntry {
    /// Its name in a configuration, `kind = "…"`.
    pub kind: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// Its keys, each with what it means.
    pub keys: &'static [(&'static str, &'static str)],
    /// The cargo feature that adds it, if this build lacks it.
    pub missing: Option<&'static str>,
    /// Makes one out of settings whose keys are known to be among `keys`.
    pub build: Build,
}

/// Makes an alerter out of its settings.
pub type Build = fn(&AlerterSpec, &Surroundings<'_>) -> Result<Arc<dyn Alerter>, ConfigError>;

/// What the program lends to alerters: they read no environment and open no terminal by themselves.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Looks up an environment variable, for secrets that a configuration names.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Where relative paths start.
    pub folder: &'a Path,
    /// Opens what console alerters write to.
    pub console: &'a dyn Fn() -> Box<dyn Write + Send>,
    /// Whether that understands colours, and the user wants them (`NO_COLOR` is not set).
    pub colour: bool,
}

/// Makes the alerter that a configuration describes.
///
/// # Errors
/// [`ConfigError`] that names file, line, key and what is allowed: there is no such kind, it is not compiled in (which cargo
/// feature adds it), a key is unknown, a value cannot be used, a variable is not set, a file cannot be opened.
pub fn build(
    spec: &AlerterSpec,
    surroundings: &Surroundings<'_>,
) -> Result<Arc<dyn Alerter>, ConfigError> {
    let Some(entry) = ALERTERS.iter().find(|entry| entry.kind == spec.kind()) else {
        return Err(spec.unknown_kind(ALERTERS.iter().map(|entry| entry.kind)));
    };
    if let Some(feature) = entry.missing {
        let allowed = format!("an alerter of this build; `--features {feature}` adds this one");
        return Err(spec.settings().invalid("kind", allowed));
    }
    let keys = entry.keys.iter().map(|(key, _)| *key);
    spec.settings().only(keys.chain(["kind"]))?;
    (entry.build)(spec, surroundings)
}

impl AlerterEntry {
    /// The row of an alerter that this build leaves out: a configuration that names it is told which cargo feature adds it.
    #[must_use]
    pub const fn absent(kind: &'static str, feature: &'static str) -> Self {
        Self {
            kind,
            summary: "not in this build",
            keys: &[],
            missing: Some(feature),
            // Never called while the feature is missing.
            build: |spec, _| Err(spec.unknown_kind([])),
        }
    }
}

impl Surroundings<'_> {
    /// The value of the environment variable that `key` names, if the key is there.
    ///
    /// # Errors
    /// [`ConfigError`] that names the variable if it is not set.
    pub fn variable(&self, settings: &Section, key: &str) -> Result<Option<String>, ConfigError> {
        let Some(name) = settings.text(key)? else { return Ok(None) };
        let allowed = "the name of an environment variable that is set";
        (self.variable)(name).map(Some).ok_or_else(|| settings.invalid(key, allowed))
    }
}

impl fmt::Debug for AlerterEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlerterEntry").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
