//! As the SDK sets everything up by itself: TLS by rustls with AWS-LC.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    sdk_defaults::serve(&aws_config::load_from_env().await).await
}
