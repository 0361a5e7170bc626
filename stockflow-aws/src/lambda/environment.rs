//! Settings and credentials of a function, as Lambda gives them: by environment variables.

use std::fmt;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_types::{SdkConfig, region::Region};

use crate::client;

/// The variables of a process, by name.
///
/// A library reads no environment: the caller says how to look a variable up, in general `|name| std::env::var(name).ok()`.
pub struct Environment<'a>(Box<Lookup<'a>>);

type Lookup<'a> = dyn Fn(&str) -> Option<String> + Send + Sync + 'a;

/// A variable that has to be set, and is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} is not set: {what}")]
pub struct MissingVariable {
    name: &'static str,
    what: &'static str,
}

impl<'a> Environment<'a> {
    /// Variables as `lookup` tells them.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'a) -> Self {
        Self(Box::new(lookup))
    }

    /// The value of a variable; an empty one is as good as none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// The value of a variable, or `default`.
    #[must_use]
    pub fn or(&self, name: &str, default: &str) -> String {
        self.get(name).unwrap_or_else(|| default.to_owned())
    }

    /// The value of a variable that has to be there; `what` says what for.
    ///
    /// # Errors
    /// [`MissingVariable`].
    pub fn require(
        &self,
        name: &'static str,
        what: &'static str,
    ) -> Result<String, MissingVariable> {
        self.get(name).ok_or(MissingVariable { name, what })
    }

    /// Configuration for all clients of the SDK: region, credentials and endpoint of the function, one HTTPS client, no retries of
    /// the SDK's own, since the backends retry by themselves.
    ///
    /// Read are `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` and `AWS_ENDPOINT_URL`, and nothing
    /// else is searched for: that keeps a cold start short.
    ///
    /// # Errors
    /// [`MissingVariable`].
    pub fn sdk_config(&self) -> Result<SdkConfig, MissingVariable> {
        let what = "Lambda sets it";
        let credentials = Credentials::new(
            self.require("AWS_ACCESS_KEY_ID", what)?,
            self.require("AWS_SECRET_ACCESS_KEY", what)?,
            self.get("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.require("AWS_REGION", what)?))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .http_client(client::https());
        config.set_endpoint_url(self.get("AWS_ENDPOINT_URL"));
        Ok(config.build())
    }
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its values are secrets.
        f.write_str("Environment")
    }
}
