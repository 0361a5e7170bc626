//! Alerts as JSON to a URL: plain, or as Slack and Discord take them.

mod form;
mod host;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use stockflow_core::{
    Alert, Alerter, BatchReport, Error, ErrorKind, InvalidConfig, Result,
    config::{AlerterSpec, ConfigError},
};
use ureq::http::{HeaderMap, header::RETRY_AFTER};

pub use self::form::WebhookForm;
use self::host::Host;
use super::{AlerterEntry, Delivery, Outcome, Refusal, Surroundings};

const BACKEND: &str = "webhook";

pub(super) const ENTRY: AlerterEntry = AlerterEntry {
    kind: "webhook",
    summary: "posts alerts as JSON to a URL, also as Slack and Discord take them",
    keys: &[
        ("url", "where to; a secret: better name a variable with url_env"),
        ("url_env", "the environment variable that holds the URL"),
        ("form", "json (default), slack or discord"),
        ("timeout", "of one attempt, 100ms to 1m; 5s"),
        ("attempts", "for each alert, 1 to 10; 3"),
    ],
    missing: None,
    build,
};

/// What went wrong; says the host, never the URL, which is a secret of Slack's and Discord's.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{host} answered {status}")]
    Status { host: Host, status: u16 },
    #[error("{host} did not answer within {timeout:?}")]
    Timeout { host: Host, timeout: Duration },
    #[error("{host} cannot be found")]
    Unknown { host: Host },
    #[error("the connection to {host} failed: {why}")]
    Connection { host: Host, why: String },
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let kind = match &failure {
            Failure::Status { status: 429, .. } => ErrorKind::Throttled,
            Failure::Status { status: 408 | 500.., .. } => ErrorKind::Unavailable,
            Failure::Status { .. } => ErrorKind::Rejected,
            Failure::Timeout { .. } | Failure::Unknown { .. } | Failure::Connection { .. } => {
                ErrorKind::Unavailable
            }
        };
        Self::new(kind, BACKEND, "post").with_source(failure)
    }
}

/// Posts each alert to a URL, with a timeout and bounded retries.
///
/// 2xx is success. 408, 429 (with `Retry-After` in seconds) and 5xx are tried again, as are connections that fail; every
/// other answer, redirects among them, means that the alert can never be delivered so. The header `Idempotency-Key` holds the
/// alert's id, by which a receiver can drop an alert that comes again. Neither proxies nor the environment are consulted.
///
/// The URL is a secret and is neither logged here nor part of an error. Its path is in what the HTTP client `ureq` logs at the
/// level `trace` of the crate `log`: leave that level off where logs are kept.
///
/// ```
/// use std::time::Duration;
/// use stockflow_local::alerter::webhook::{WebhookAlerter, WebhookForm};
///
/// let alerter = WebhookAlerter::new("https://hooks.slack.com/services/T0/B0/secret")?
///     .with_form(WebhookForm::Slack)
///     .with_timeout(Duration::from_secs(2));
/// assert!(!format!("{alerter:?}").contains("secret"));
/// # Ok::<(), stockflow_core::InvalidConfig>(())
/// ```
#[derive(Clone)]
pub struct WebhookAlerter {
    agent: ureq::Agent,
    url: Arc<str>,
    host: Host,
    form: WebhookForm,
    timeout: Duration,
    delivery: Delivery,
}

impl WebhookAlerter {
    /// Posts plain JSON ([`Alert::to_json`]) to `url`, with 5 seconds for an attempt.
    ///
    /// # Errors
    /// [`InvalidConfig`], without the URL, if it is not one of `http` or `https` with a host.
    pub fn new(url: &str) -> Result<Self, InvalidConfig> {
        let host = Host::of(url)?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("stockflow/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: config.new_agent(),
            url: url.into(),
            host,
            form: WebhookForm::Json,
            timeout: Duration::from_secs(5),
            delivery: Delivery::default(),
        })
    }

    /// With another form.
    #[must_use]
    pub const fn with_form(mut self, form: WebhookForm) -> Self {
        self.form = form;
        self
    }

    /// With another time for one attempt.
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

    fn post(&self, alert: &Alert, left: Duration) -> Outcome {
        let timeout = self.timeout.min(left);
        let request = self
            .agent
            .post(&*self.url)
            .config()
            .timeout_global(Some(timeout))
            .build()
            .content_type("application/json")
            .header(
                "Idempotency-Key",
                alert.id().as_str().replace(|c| !matches!(c, '!'..='~'), "?"),
            );
        let mut response =
            request.send(self.form.body(alert)).map_err(|error| self.failure(error, timeout))?;
        let status = response.status().as_u16();
        let after = retry_after(response.headers());
        // Read to its end, so that the connection can be used again; what it says is of no interest.
        let _ = response.body_mut().with_config().limit(64 * 1024).read_to_vec();
        if (200..300).contains(&status) {
            return Ok(());
        }
        let failure = Failure::Status { host: self.host.clone(), status };
        Err(Refusal { error: failure.into(), after })
    }

    /// An error of the client's without anything of the URL but its host.
    fn failure(&self, error: ureq::Error, timeout: Duration) -> Error {
        let host = self.host.clone();
        let why = match error {
            ureq::Error::Timeout(_) => return Failure::Timeout { host, timeout }.into(),
            ureq::Error::HostNotFound => return Failure::Unknown { host }.into(),
            ureq::Error::Io(error) => error.kind().to_string(),
            ureq::Error::Rustls(error) => error.to_string(),
            ureq::Error::Tls(error) => error.to_owned(),
            ureq::Error::Protocol(_) => "what it answered is not HTTP".to_owned(),
            _ => "the request could not be made".to_owned(),
        };
        Failure::Connection { host, why }.into()
    }
}

impl fmt::Debug for WebhookAlerter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookAlerter")
            .field("host", &self.host)
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Alerter for WebhookAlerter {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        let own = self.clone();
        Ok(self.delivery.run(BACKEND, alerts, move |alert, left| own.post(alert, left)).await)
    }
}

/// Seconds of `Retry-After`; its other form, a date, is left to the usual pause.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn build(spec: &AlerterSpec, around: &Surroundings<'_>) -> Result<Arc<dyn Alerter>, ConfigError> {
    const TIMEOUT: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(60);
    let settings = spec.settings();
    let (key, url) = match (settings.text("url")?, around.variable(settings, "url_env")?) {
        (Some(url), None) => ("url", url.to_owned()),
        (None, Some(url)) => ("url_env", url),
        _ => {
            let allowed = "a URL, either here or in the variable that url_env names";
            return Err(settings.invalid_discreet("url", allowed));
        }
    };
    let mut alerter = WebhookAlerter::new(&url)
        .map_err(|invalid| settings.invalid_discreet(key, invalid.allowed))?;
    alerter.form = settings.choice("form", &form::FORMS)?.unwrap_or(WebhookForm::Json);
    alerter.timeout = settings.duration("timeout", TIMEOUT)?.unwrap_or(alerter.timeout);
    if let Some(attempts) = settings.integer("attempts", 1..=10)? {
        alerter.delivery = alerter.delivery.with_attempts(attempts as u32);
    }
    Ok(Arc::new(alerter))
}

#[cfg(test)]
mod tests;
