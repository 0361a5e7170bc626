//! How a connection is made, and what becomes of it.

use std::{fmt, sync::Arc, time::Duration};

use rustls::{ClientConfig, RootCertStore};
use stockflow_core::InvalidConfig;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{
        Error,
        client::IntoClientRequest as _,
        handshake::client::Request,
        http::{HeaderValue, StatusCode, header::USER_AGENT},
        protocol::WebSocketConfig,
    },
};

use super::{super::http::retry_after, line::say};

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Largest message that is read, and most bytes that wait to be sent besides one message.
const MOST_BYTES: usize = 64 << 10;
/// Longest pause that a host can ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3_600);

/// What is needed to connect.
#[derive(Clone)]
pub(super) struct Dial {
    request: Request,
    tls: Arc<ClientConfig>,
    /// What is said first, and with every heartbeat.
    pub(super) subscribe: String,
    /// How long it may take to connect and to subscribe, or to send a heartbeat.
    pub(super) timeout: Duration,
}

impl Dial {
    /// To `url`, with the certificates of the web.
    pub(super) fn new(url: &str, subscribe: String) -> Result<Self, InvalidConfig> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| InvalidConfig::new("tls", error, "a version that is supported"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let timeout = Duration::from_secs(10);
        Ok(Self { request: request(url)?, tls: Arc::new(tls), subscribe, timeout })
    }

    /// To another host.
    pub(super) fn with_url(mut self, url: &str) -> Result<Self, InvalidConfig> {
        self.request = request(url)?;
        Ok(self)
    }

    /// Under another name.
    pub(super) fn with_user_agent(mut self, name: &str) -> Result<Self, InvalidConfig> {
        let value = HeaderValue::from_str(name)
            .map_err(|_| InvalidConfig::new("user_agent", name, "printable text"))?;
        self.request.headers_mut().insert(USER_AGENT, value);
        Ok(self)
    }

    /// A connection that has subscribed.
    pub(super) async fn connect(self) -> Result<Socket, Lost> {
        let most = Some(MOST_BYTES);
        let config = WebSocketConfig::default()
            .read_buffer_size(MOST_BYTES)
            .max_message_size(most)
            .max_frame_size(most)
            .max_write_buffer_size(self.subscribe.len() + MOST_BYTES)
            .write_buffer_size(0);
        let connector = Some(Connector::Rustls(Arc::clone(&self.tls)));
        let request = self.request.clone();
        let connected = connect_async_tls_with_config(request, Some(config), true, connector);
        let connected = timeout(self.timeout, connected).await;
        let (mut socket, _) =
            connected.map_err(|_| Lost::new(format!("no answer within {:?}", self.timeout)))??;
        say(&mut socket, &self).await?;
        Ok(socket)
    }
}

fn request(url: &str) -> Result<Request, InvalidConfig> {
    let invalid = || InvalidConfig::new("stream_url", url, "wss://HOST/PATH or ws://HOST/PATH");
    let mut request = url.into_client_request().map_err(|_| invalid())?;
    let scheme = request.uri().scheme_str();
    if !matches!(scheme, Some("ws" | "wss")) || request.uri().host().is_none_or(str::is_empty) {
        return Err(invalid());
    }
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(super::super::USER_AGENT));
    Ok(request)
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial").field("url", self.request.uri()).finish_non_exhaustive()
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) why: String,
    /// For the rate.
    pub(super) refused: bool,
    /// For how long the host wants to be left alone.
    pub(super) after: Option<Duration>,
}

impl Lost {
    pub(super) const fn new(why: String) -> Self {
        Self { why, refused: false, after: None }
    }
}

impl From<Error> for Lost {
    fn from(error: Error) -> Self {
        match error {
            Error::Http(answer) => Self {
                why: format!("the host answers {} and opens no stream", answer.status()),
                refused: answer.status() == StatusCode::TOO_MANY_REQUESTS,
                after: retry_after(answer.headers()).map(|after| after.min(LONGEST_ASKED)),
            },
            Error::Tls(error) => Self::new(distrust(&error)),
            Error::Io(error) => Self::new(match error.get_ref() {
                Some(inner) if inner.is::<rustls::Error>() => distrust(inner),
                _ => error.to_string(),
            }),
            error => Self::new(error.to_string()),
        }
    }
}

fn distrust(why: &dyn fmt::Display) -> String {
    format!(
        "TLS failed, nothing was sent: {why}; is something between here and the host, such as a proxy?"
    )
}
