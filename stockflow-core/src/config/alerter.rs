//! Alerters of a configuration, before they are built.

use super::{error::ConfigError, section::Section};

/// An alerter as configured: its kind, and keys that the alerter of that kind reads and checks when it is built.
///
/// Core knows no alerter; whoever has them (`stockflow_local::alerter`) has the table of kinds. Neither `Debug` nor an error
/// shows values that may be secrets.
#[derive(Clone, Debug)]
pub struct AlerterSpec {
    kind: String,
    settings: Section,
}

impl AlerterSpec {
    /// An alerter of `kind` with these settings, without a file.
    ///
    /// ```
    /// use stockflow_core::config::{AlerterSpec, Section};
    ///
    /// let spec = AlerterSpec::new("file", Section::new("alerter").with_text("path", "alerts.ndjson"));
    /// assert_eq!(spec.settings().text("path")?, Some("alerts.ndjson"));
    /// # Ok::<(), stockflow_core::config::ConfigError>(())
    /// ```
    #[must_use]
    pub fn new(kind: impl Into<String>, settings: Section) -> Self {
        let kind = kind.into();
        Self { settings: settings.with_text("kind", kind.clone()), kind }
    }

    /// Reads one table of `[[alerter]]`.
    pub(super) fn read(settings: Section) -> Result<Self, ConfigError> {
        let kind = settings.required_text("kind", "the kind of an alerter, such as \"console\"")?;
        Ok(Self { kind: kind.to_owned(), settings })
    }

    /// Which alerter it is.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its keys, `kind` among them.
    #[must_use]
    pub const fn settings(&self) -> &Section {
        &self.settings
    }

    /// The error that there is no alerter of that kind, but only those of `kinds`.
    #[must_use]
    pub fn unknown_kind<'a>(&self, kinds: impl IntoIterator<Item = &'a str>) -> ConfigError {
        self.settings.not_among("kind", kinds)
    }
}
