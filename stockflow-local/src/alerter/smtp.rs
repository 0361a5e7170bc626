//! Alerts by e-mail.

mod failure;
mod mail;
mod security;

use std::{fmt, ops::RangeInclusive, sync::Arc, time::Duration};

use async_trait::async_trait;
use lettre::{
    SmtpTransport, Transport as _,
    message::Mailbox,
    transport::smtp::{authentication::Credentials, client::Tls},
};
use stockflow_core::{
    Alert, Alerter, BatchReport, Error, InvalidConfig, Result,
    config::{AlerterSpec, ConfigError},
};

pub use self::security::SmtpSecurity;
use self::{failure::Failure, mail::mailbox, security::SECURITIES};
use super::{AlerterEntry, Delivery, Outcome, Refusal, Surroundings};

const BACKEND: &str = "smtp";

pub(super) const ENTRY: AlerterEntry = AlerterEntry {
    kind: "smtp",
    summary: "sends each alert as an e-mail",
    keys: &[
        ("host", "the mail server"),
        ("port", "its port; 587, with security = \"tls\" 465, with \"none\" 25"),
        ("security", "starttls (default), tls, or none, for a server on this machine only"),
        ("user", "name to log in with; without it there is no log-in"),
        ("password_env", "the environment variable that holds the password of user"),
        ("from", "address of the sender, \"stockflow <alerts@example.com>\""),
        ("to", "addresses of those who are told, a list"),
        ("timeout", "of each step, 100ms to 1m; 10s"),
        ("attempts", "for each alert, 1 to 10; 3"),
    ],
    missing: None,
    build,
};

/// Sends each alert as an e-mail of plain text, with a timeout and bounded retries.
///
/// What the server refuses for good (5xx) is rejected, a log-in that fails is denied, everything else is tried again. The
/// `Message-ID` follows from the alert's id, by which mail programs can know an alert that comes again.
///
/// ```
/// use stockflow_local::alerter::smtp::{SmtpAlerter, SmtpSecurity};
///
/// let to = ["ann@example.com", "Bob <bob@example.com>"];
/// let alerter = SmtpAlerter::new("mail.example.com", SmtpSecurity::StartTls, "alerts@example.com", to)?
///     .with_credentials("alerts", "secret");
/// assert!(!format!("{alerter:?}").contains("secret"));
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
#[derive(Clone)]
pub struct SmtpAlerter {
    host: Arc<str>,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    from: Mailbox,
    to: Vec<Mailbox>,
    timeout: Duration,
    delivery: Delivery,
}

impl SmtpAlerter {
    /// Sends by the mail server `host`, on the usual port of `security`, with 10 seconds for each step.
    ///
    /// # Errors
    /// [`InvalidConfig`]: an address is none, there is no recipient, the host cannot be named in a certificate, or it is
    /// another machine and nothing protects the connection.
    pub fn new<'a>(
        host: &str,
        security: SmtpSecurity,
        from: &str,
        to: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidConfig> {
        let (tls, port) = security.protection(host)?;
        let to = to.into_iter().map(|to| mailbox("to", to)).collect::<Result<Vec<_>, _>>()?;
        if to.is_empty() {
            return Err(InvalidConfig::new("to", "empty", "at least one address"));
        }
        Ok(Self {
            host: host.into(),
            port,
            tls,
            credentials: None,
            from: mailbox("from", from)?,
            to,
            timeout: Duration::from_secs(10),
            delivery: Delivery::default(),
        })
    }

    /// With another port.
    #[must_use]
    pub const fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// With a log-in.
    #[must_use]
    pub fn with_credentials(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some(Credentials::new(user.to_owned(), password.to_owned()));
        self
    }

    /// With another time for each step of the exchange.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// With other retries.
    #[must_use]
    pub const fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    fn send(&self, alert: &Alert, left: Duration) -> Outcome {
        let fail = |failure| Refusal::from(Error::from(failure));
        let mail = mail::compose(alert, &self.from, &self.to)
            .map_err(|error| fail(Failure::Mail(error.to_string())))?;
        let builder = SmtpTransport::builder_dangerous(&*self.host)
            .port(self.port)
            .tls(self.tls.clone())
            .timeout(Some(self.timeout.min(left)));
        let builder = match &self.credentials {
            Some(credentials) => builder.credentials(credentials.clone()),
            None => builder,
        };
        builder.build().send(&mail).map_err(|error| fail(Failure::of(&self.host, &error)))?;
        Ok(())
    }
}

impl fmt::Debug for SmtpAlerter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpAlerter")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Alerter for SmtpAlerter {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        let own = self.clone();
        Ok(self.delivery.run(BACKEND, alerts, move |alert, left| own.send(alert, left)).await)
    }
}

fn build(spec: &AlerterSpec, around: &Surroundings<'_>) -> Result<Arc<dyn Alerter>, ConfigError> {
    const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);
    let settings = spec.settings();
    let host = settings.required_text("host", "the name of a mail server")?;
    let security = settings.choice("security", &SECURITIES)?.unwrap_or(SmtpSecurity::StartTls);
    let from = settings.required_text("from", "the address of the sender")?;
    let to = settings.texts("to")?.ok_or_else(|| settings.invalid("to", "addresses"))?;
    let mut alerter = SmtpAlerter::new(host, security, from, to)
        .map_err(|invalid| settings.invalid(&invalid.key, invalid.allowed))?;
    if let Some(port) = settings.integer("port", 1..=65_535)? {
        alerter.port = u16::try_from(port).unwrap_or(alerter.port);
    }
    alerter.timeout = settings.duration("timeout", TIMEOUT)?.unwrap_or(alerter.timeout);
    if let Some(attempts) = settings.integer("attempts", 1..=10)? {
        alerter.delivery = alerter.delivery.with_attempts(attempts as u32);
    }
    let password = around.variable(settings, "password_env")?;
    alerter.credentials = match (settings.text("user")?, password) {
        (Some(user), Some(password)) => Some(Credentials::new(user.to_owned(), password)),
        (None, None) => None,
        (Some(_), None) => return Err(settings.invalid("password_env", "a variable, with user")),
        (None, Some(_)) => return Err(settings.invalid("user", "a name, with password_env")),
    };
    Ok(Arc::new(alerter))
}

#[cfg(test)]
mod tests;
