//! The part of a URL that may be shown.

use std::{fmt, sync::Arc};

use stockflow_core::InvalidConfig;
use ureq::http::Uri;

/// Host and port of a URL.
#[derive(Clone)]
pub(super) struct Host(Arc<str>);

impl Host {
    /// Checks a URL.
    pub(super) fn of(url: &str) -> Result<Self, InvalidConfig> {
        let invalid =
            || InvalidConfig::new("url", "a value that is not shown", "a URL, https://host/path");
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(invalid());
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(invalid)?;
        let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self(format!("{host}{port}").into()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_host_and_port_are_shown() {
        for (url, shown) in [
            ("https://hooks.slack.com/services/T0/B0/secret", "hooks.slack.com"),
            ("http://user:secret@127.0.0.1:8080/?key=secret", "127.0.0.1:8080"),
            ("http://[::1]:9/secret", "[::1]:9"),
        ] {
            assert_eq!(Host::of(url).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_url_is_refused_without_being_shown() {
        for url in [
            "",
            "secret",
            "/secret",
            "ftp://secret/",
            "https://",
            "http:///secret",
            "https://se cret/",
            "https://a/\nsecret",
        ] {
            let error = Host::of(url).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
