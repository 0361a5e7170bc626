//! The account that commands talk to.

pub(crate) mod signed;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig};
use aws_types::service_config::ServiceConfigKey;

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

/// Where a service is, if not at AWS: by `AWS_ENDPOINT_URL_LAMBDA` (or what a profile says), else by `AWS_ENDPOINT_URL`.
pub(crate) fn endpoint(config: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service);
    let key = key.env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok();
    let own = key.zip(config.service_config()).and_then(|(key, file)| file.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

/// A client of S3. An address that is no name of AWS has no subdomains for buckets.
pub(crate) fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let own = endpoint(config, "S3").is_some();
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(own).build();
    aws_sdk_s3::Client::from_conf(config)
}
