//! A stream, and single calls on it.

use std::{future::Future, time::Duration};

use aws_sdk_kinesis::{Client, config::retry::RetryConfig};
use stockflow_core::{Error, ErrorKind, InvalidConfig, Result};
use tokio::time::timeout;

use super::BACKEND;
use crate::{error::Call, patience::Attempts};

/// What a request may take before its connection is given up.
const REQUEST: Duration = Duration::from_secs(10);

/// A stream of an account and region.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) client: Client,
    pub(super) name: String,
    resource: String,
}

impl Stream {
    pub(super) fn new(client: &Client, name: &str) -> Result<Self, InvalidConfig> {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if name.is_empty() || name.len() > 128 || !name.chars().all(legal) {
            let allowed = "the name of a stream: 1 to 128 letters, digits, _ . -";
            return Err(InvalidConfig::new("stream", name, allowed));
        }
        // The SDK's own retry knows neither the deadline of a call nor which entries of it failed.
        let once = client.config().to_builder().retry_config(RetryConfig::disabled());
        Ok(Self {
            client: Client::from_conf(once.build()),
            name: name.to_owned(),
            resource: format!("stream `{name}`"),
        })
    }

    /// The call of `operation` on this stream.
    pub(super) fn call(&self, operation: &'static str) -> Call<'_> {
        Call { backend: BACKEND, operation, resource: &self.resource }
    }

    /// What `request` answers, unless it hangs.
    pub(super) async fn answer<T>(
        &self,
        operation: &'static str,
        request: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let late = || self.late(operation, format!("no answer in {} s", REQUEST.as_secs()));
        timeout(REQUEST, request).await.unwrap_or_else(|_| Err(late()))
    }

    /// What a request answers that is tried again as long as `attempts` allow.
    pub(super) async fn insist<T, F>(
        &self,
        operation: &'static str,
        attempts: &mut Attempts,
        mut request: impl FnMut() -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        loop {
            let error = match attempts.within(self.answer(operation, request())).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
                Err(passed) => return Err(self.late(operation, passed)),
            };
            if !error.is_retryable() || attempts.pause().await.is_err() {
                return Err(error);
            }
        }
    }

    fn late(
        &self,
        operation: &'static str,
        why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        self.call(operation).error(ErrorKind::Unavailable).with_source(why)
    }
}
