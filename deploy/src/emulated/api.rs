//! Calls of services whose SDK would take minutes to build for a handful of requests in tests.

use serde_json::Value;
use ureq::Agent;

use crate::Result;

/// Calls in one account of an emulator that checks no signatures.
#[derive(Clone, Debug)]
pub(super) struct Api {
    agent: Agent,
    endpoint: String,
    account: String,
}

impl Api {
    pub(super) fn new(endpoint: String, account: &str) -> Self {
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Self { agent, endpoint, account: account.to_owned() }
    }

    /// A call of a service that speaks AWS' JSON, as `AWSGlue.CreateTable`.
    pub(super) fn json(&self, service: &str, target: &str, body: &Value) -> Result<Value> {
        self.post(service, "/", &[("X-Amz-Target", target)], body)
    }

    /// A call of Lambda.
    pub(super) fn lambda(&self, path: &str, body: &Value) -> Result<Value> {
        self.post("lambda", path, &[], body)
    }

    fn post(
        &self,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value> {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.endpoint))
            .header("Authorization", self.authorization(service))
            .header("Content-Type", "application/x-amz-json-1.1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send(&body.to_string())?;
        let text = answer.body_mut().read_to_string()?;
        if !answer.status().is_success() {
            return Err(format!("{service}{path} {headers:?}: {} {text}", answer.status()).into());
        }
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }

    /// The emulator takes account and service from it.
    fn authorization(&self, service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.account
        )
    }
}
