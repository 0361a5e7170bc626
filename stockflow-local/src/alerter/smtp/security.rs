//! What protects a connection to a mail server.

use std::net::IpAddr;

use lettre::transport::smtp::client::{Tls, TlsParameters};
use stockflow_core::InvalidConfig;

/// How a connection to a mail server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SmtpSecurity {
    /// Plain at first, encrypted by STARTTLS before anything is said; a server that cannot is refused.
    StartTls,
    /// Encrypted from the start.
    Tls,
    /// Not at all; for a server on the same machine only.
    None,
}

/// The ways by name.
pub(super) const SECURITIES: [(&str, SmtpSecurity); 3] = [
    ("starttls", SmtpSecurity::StartTls),
    ("tls", SmtpSecurity::Tls),
    ("none", SmtpSecurity::None),
];

impl SmtpSecurity {
    /// What `host` is spoken to with, and the usual port.
    pub(super) fn protection(self, host: &str) -> Result<(Tls, u16), InvalidConfig> {
        let parameters = || {
            TlsParameters::new(host.to_owned())
                .map_err(|_| InvalidConfig::new("host", format!("{host:?}"), "the name of a host"))
        };
        match self {
            _ if host.is_empty()
                || host.contains(|c: char| c.is_whitespace() || c.is_control()) =>
            {
                Err(InvalidConfig::new("host", format!("{host:?}"), "the name of a host"))
            }
            Self::StartTls => Ok((Tls::Required(parameters()?), 587)),
            Self::Tls => Ok((Tls::Wrapper(parameters()?), 465)),
            Self::None if is_this_machine(host) => Ok((Tls::None, 25)),
            Self::None => {
                let allowed = "starttls or tls, since the mail server is another machine";
                Err(InvalidConfig::new("security", "\"none\"", allowed))
            }
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unprotected_leaves_this_machine() {
        for host in ["localhost", "127.0.0.1", "127.1.2.3", "::1"] {
            assert!(SmtpSecurity::None.protection(host).is_ok(), "{host}");
        }
        for host in ["mail.example.com", "10.0.0.1", "localhost.example.com", "0.0.0.0", ""] {
            assert!(SmtpSecurity::None.protection(host).is_err(), "{host}");
        }
    }

    #[test]
    fn each_way_has_its_usual_port() {
        let port = |security: SmtpSecurity| security.protection("localhost").unwrap().1;
        assert_eq!(SECURITIES.map(|(_, security)| port(security)), [587, 465, 25]);
        assert!(SmtpSecurity::Tls.protection("mail example").is_err());
    }
}
