//! Asking a host.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use stockflow_core::Timestamp;
use tokio::task::spawn_blocking;
use ureq::http::{HeaderMap, header::RETRY_AFTER};

/// Largest answer that is read.
const MOST_BYTES: u64 = 1 << 20;

/// What a host answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Vec<u8>,
}

/// Gets what stands under a URL; the error says why there is no answer.
#[async_trait]
pub(super) trait Fetch: fmt::Debug + Send + Sync {
    async fn get(&self, url: String) -> Result<Answer, String>;
}

/// A client that follows no redirects, keeps no cookies and consults no environment.
#[derive(Clone, Debug)]
pub(super) struct Http {
    agent: ureq::Agent,
}

impl Http {
    pub(super) fn new(timeout: Duration, user_agent: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(timeout))
            .user_agent(user_agent)
            .build();
        Self { agent: config.new_agent() }
    }

    fn ask(&self, url: &str) -> Result<Answer, String> {
        let mut response = self.agent.get(url).call().map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let body = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
        let body = body.map_err(|error| error.to_string())?;
        Ok(Answer { status, retry_after, body })
    }
}

#[async_trait]
impl Fetch for Http {
    async fn get(&self, url: String) -> Result<Answer, String> {
        let own = self.clone();
        let asked = spawn_blocking(move || own.ask(&url)).await;
        asked.unwrap_or_else(|error| Err(error.to_string()))
    }
}

/// `Retry-After` in seconds, or as a date by the host's own `Date`: whatever the clock here says.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let now = headers.get(ureq::http::header::DATE)?.to_str().ok()?;
    Some(date(text)?.since(date(now.trim())?))
}

/// A date as HTTP writes it: `Sun, 29 Nov 2026 04:00:00 GMT`.
fn date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split(' ').skip(1);
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    format!("{year}-{month:02}-{day}T{time}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(headers: &[(&'static str, &str)]) -> Option<u64> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        retry_after(&map).map(|after| after.as_secs())
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = ("date", "Sun, 29 Nov 2026 23:59:30 GMT");
        assert_eq!(after(&[("retry-after", "120")]), Some(120));
        assert_eq!(after(&[("retry-after", "Mon, 30 Nov 2026 00:00:00 GMT"), now]), Some(30));
        assert_eq!(after(&[("retry-after", "Sat, 28 Nov 2026 00:00:00 GMT"), now]), Some(0));
        assert_eq!(after(&[("retry-after", "Mon, 30 Nov 2026 00:00:00 GMT")]), None);
        assert_eq!(after(&[("retry-after", "soon"), now]), None);
        assert_eq!(after(&[now]), None);
    }
}
