//! What people are told.

mod json;
mod phrase;
mod text;

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{BatchReport, Evidence, Price, Quote, Result, RuleName, Symbol, Timestamp};

/// How urgent an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth a note: kept in the row, by default told to nobody.
    Info,
    /// Worth a look.
    Warning,
    /// Worth a look now.
    Critical,
}

impl Severity {
    /// `info`, `warning` or `critical`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Info, Self::Warning, Self::Critical].into_iter().find(|s| s.as_str() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertKind {
    /// An unusual quote.
    Anomaly,
    /// A trend that turned.
    Trend,
}

impl AlertKind {
    /// `anomaly` or `trend`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anomaly => "anomaly",
            Self::Trend => "trend",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Anomaly, Self::Trend].into_iter().find(|k| k.as_str() == name)
    }
}

impl fmt::Display for AlertKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something a person should know: what happened, why it is told, when it was.
///
/// Two alerts with one [`id`](Alert::id) are the same alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Whose quote.
    pub symbol: Symbol,
    /// An anomaly or a turn of trend.
    pub kind: AlertKind,
    /// The rule that raised it.
    pub rule: RuleName,
    /// Its urgency.
    pub severity: Severity,
    /// Market time of the quote that caused it.
    pub cause: Timestamp,
    /// Last price in the quote that caused it.
    pub price: Price,
    /// Change from the previous close in that quote, in percent.
    pub change_percent: f64,
    /// Why: direction, score, measured value and the bound that it passed.
    pub evidence: Evidence,
}

impl Alert {
    /// The alert that `rule` raises about `quote`.
    #[must_use]
    pub fn new(
        quote: &Quote,
        kind: AlertKind,
        rule: RuleName,
        severity: Severity,
        evidence: Evidence,
    ) -> Self {
        Self {
            symbol: quote.symbol,
            kind,
            rule,
            severity,
            cause: quote.timestamp,
            price: quote.price,
            change_percent: quote.change_percent(),
            evidence,
        }
    }

    /// Identity: a function of symbol, rule, direction and market time, and of nothing else.
    #[must_use]
    pub fn id(&self) -> AlertId {
        AlertId(format!("{}/{}/{}/{}", self.symbol, self.rule, self.evidence.direction, self.cause))
    }

    /// Symbol and rule, the key of the alert policy's state.
    #[must_use]
    pub fn rule_key(&self) -> RuleKey {
        RuleKey { symbol: self.symbol, rule: self.rule.clone() }
    }
}

/// Identity of an alert: `SYMBOL/rule/direction/time`, printable ASCII without spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlertId(String);

impl AlertId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A rule of a symbol: what cooldown and re-arming are counted for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleKey {
    /// Whose quotes.
    pub symbol: Symbol,
    /// Which rule.
    pub rule: RuleName,
}

/// Tells people.
///
/// # Contract
/// - As [`Sink::write`](crate::Sink::write): an index that is absent from the report was taken over for delivery, for good.
/// - The ledger makes sure that an alert is sent once, but for a crash between sending and the mark after it; an
///   alerter that can, drops an id that it sent before.
/// - Alerts of one symbol keep their order.
///
/// # Errors
/// A retryable one is tried again later; [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) is for an alert that can
/// never be delivered as it is.
///
/// # Implementing
/// ```
/// use async_trait::async_trait;
/// use stockflow_core::{Alert, Alerter, BatchReport, Result};
///
/// #[derive(Debug)]
/// struct Bell;
///
/// #[async_trait]
/// impl Alerter for Bell {
///     async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
///         for alert in alerts {
///             println!("\u{7}{}", alert.subject());
///         }
///         Ok(BatchReport::complete())
///     }
/// }
/// ```
#[async_trait]
pub trait Alerter: fmt::Debug + Send + Sync {
    /// Sends `alerts`.
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: Alerter + ?Sized> Alerter for Arc<A> {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        (**self).notify(alerts).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: Alerter + ?Sized> Alerter for Box<A> {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        (**self).notify(alerts).await
    }
}
