//! Calls of services for which a client of the SDK would take minutes to compile, for one request each.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use serde_json::Value;

use super::endpoint;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There are no credentials to sign with.
    Unsigned(String),
    /// Nobody answers there.
    Unreachable(String),
    /// The service says no: its status, code and text.
    Refused(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Unsigned(why) | Self::Unreachable(why) | Self::Refused(why)) = self;
        f.write_str(why)
    }
}

/// A request, not signed yet.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    /// As `lambda`, in the signature and in the address.
    pub(crate) service: &'a str,
    pub(crate) method: &'a str,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) body: String,
}

impl<'a> Request<'a> {
    /// A GET that answers JSON.
    pub(crate) fn get(service: &'a str, path: String) -> Self {
        Self { service, method: "GET", path, headers: Vec::new(), body: String::new() }
    }

    /// An operation of a service that speaks JSON.
    pub(crate) fn json(service: &'a str, target: &str, body: &Value) -> Self {
        let headers = vec![
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", target.to_owned()),
        ];
        let body = body.to_string();
        Self { service, method: "POST", path: "/".to_owned(), headers, body }
    }

    /// An operation of a service that speaks forms and XML; values are letters, digits and `-_.:/` only.
    pub(crate) fn form(service: &'a str, fields: &[(&str, &str)]) -> Self {
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        let headers = vec![("content-type", "application/x-www-form-urlencoded".to_owned())];
        Self { service, method: "POST", path: "/".to_owned(), headers, body: fields.join("&") }
    }

    /// What the service answers.
    pub(crate) async fn send(self, config: &SdkConfig) -> Result<String, Refusal> {
        let region = config.region().map_or("us-east-1", |region| region.as_ref()).to_owned();
        let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
        let base = match endpoint(config, self.service_id()) {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("https://{}.{region}.amazonaws.com{suffix}", self.service),
        };
        let url = format!("{base}{}", self.path);
        let signature = self.signature(config, &url, &region).await.map_err(Refusal::Unsigned)?;
        let call = tokio::task::spawn_blocking({
            let headers: Vec<(String, String)> = self
                .headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .chain(signature)
                .collect();
            let (method, body) = (self.method.to_owned(), self.body);
            move || exchange(&method, &url, &headers, body)
        });
        call.await.map_err(|error| Refusal::Unreachable(error.to_string()))?
    }

    /// What the SDK calls the service in its settings.
    fn service_id(&self) -> &'a str {
        match self.service {
            "glue" => "Glue",
            "lambda" => "Lambda",
            "monitoring" => "CloudWatch",
            "sts" => "STS",
            other => other,
        }
    }

    async fn signature(
        &self,
        config: &SdkConfig,
        url: &str,
        region: &str,
    ) -> Result<Vec<(String, String)>, String> {
        let provider = config.credentials_provider().ok_or("no credentials")?;
        let credentials = provider.provide_credentials().await.map_err(|e| e.to_string())?;
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(self.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let headers = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let body = SignableBody::Bytes(self.body.as_bytes());
        let request = SignableRequest::new(self.method, url, headers, body)
            .map_err(|error| error.to_string())?;
        let (instructions, _) =
            sign(request, &params).map_err(|error| error.to_string())?.into_parts();
        let (headers, _) = instructions.into_parts();
        Ok(headers.iter().map(|h| (h.name().to_owned(), h.value().to_owned())).collect())
    }
}

fn exchange(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: String,
) -> Result<String, Refusal> {
    let unreachable = |error: &dyn fmt::Display| Refusal::Unreachable(format!("{url}: {error}"));
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(body).map_err(|error| unreachable(&error))?;
    let mut answer = agent.run(request).map_err(|error| unreachable(&error))?;
    let status = answer.status();
    let text = answer.body_mut().read_to_string().map_err(|error| unreachable(&error))?;
    if status.is_success() {
        return Ok(text);
    }
    Err(Refusal::Refused(format!("{status}: {}", text.trim())))
}

fn escaped(value: &str) -> String {
    value.replace(':', "%3A").replace('/', "%2F")
}

/// What stands between `<name>` and `</name>`, each time.
pub(crate) fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(&open).skip(1);
    parts.filter_map(|rest| rest.split_once(&close).map(|(inner, _)| inner)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_each_time() {
        let xml = "<a><Maximum>1.5</Maximum><b/><Maximum>2</Maximum></a>";
        assert_eq!(elements(xml, "Maximum"), ["1.5", "2"]);
        assert!(elements("<Maximum>", "Maximum").is_empty());
    }

    #[test]
    fn fields_of_a_form_are_escaped() {
        let form = Request::form("sts", &[("Action", "A"), ("Time", "2026-11-23T14:30:00Z")]);
        assert_eq!(form.body, "Action=A&Time=2026-11-23T14%3A30%3A00Z");
    }
}
