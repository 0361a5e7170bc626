//! The same, but TLS by rustls with ring.

use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let https = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    sdk_defaults::serve(&aws_config::from_env().http_client(https).load().await).await
}
