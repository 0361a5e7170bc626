//! The account that commands talk to.

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig};

/// Region and credentials as every tool of AWS finds them: environment, profile, single sign-on, the machine's role.
///
/// One HTTPS client for all services; no retries of the SDK's own, since the backends of `stockflow-aws` retry by themselves.
pub(crate) async fn sdk_config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(stockflow_aws::client::https())
        .retry_config(RetryConfig::disabled())
        .load()
        .await
}
