//! The HTTP client that all clients of the SDK share.

use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// HTTPS by rustls with ring: made once, and given to every client of the SDK through `aws_config`'s or the client's own
/// `http_client`, so that connections, and the first use of TLS, are paid for once.
#[must_use]
pub fn https() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}
