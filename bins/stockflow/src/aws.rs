//! The account that commands talk to.

pub(crate) mod signed;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig};

use crate::Failure;

/// Region and credentials as every tool of AWS finds them: environment, profile, single sign-on, the machine's role.
///
/// One HTTPS client for all services; no retries of the SDK's own, since the backends of `stockflow-aws` retry by themselves.
///
/// # Errors
/// [`Failure::Usage`] without a region.
pub(crate) async fn sdk_config() -> Result<SdkConfig, Failure> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(stockflow_aws::client::https())
        .retry_config(RetryConfig::disabled())
        .load()
        .await;
    if config.region().is_none() {
        return Err(Failure::usage(
            "no AWS region: set AWS_REGION, or AWS_PROFILE to a profile that has one",
        ));
    }
    Ok(config)
}
