//! The question to a producer that answers health checks: a small container has nothing else that could ask.

use std::{
    io::{self, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use crate::Failure;

/// How long each part of it may take.
const TIME: Duration = Duration::from_secs(3);

/// Asks the producer at `address` how it is.
///
/// # Errors
/// [`Failure::Failed`] with its answer, if it is not well; or why there is none.
pub fn check_health(address: SocketAddr) -> Result<(), Failure> {
    let answer = ask(reachable(address)).map_err(|error| {
        Failure::Failed(format!("no producer answers health checks on {address}: {error}"))
    })?;
    if answer.starts_with("HTTP/1.1 200 ") {
        return Ok(());
    }
    Err(Failure::Failed(format!("the producer on {address} is not well: {answer}")))
}

/// Who listens on every address is asked on the loopback interface.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIME)?;
    stream.set_read_timeout(Some(TIME))?;
    stream.set_write_timeout(Some(TIME))?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(64 * 1_024).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    fn answering(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let read = stream.read(&mut request).unwrap();
            assert!(request[..read].starts_with(b"GET /health "));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    #[test]
    fn who_is_well_passes_who_is_not_or_is_away_fails() {
        check_health(answering("HTTP/1.1 200 OK\r\n\r\n{}")).unwrap();
        let sick = answering("HTTP/1.1 503 Service Unavailable\r\n\r\nkinesis is away");
        assert!(check_health(sick).unwrap_err().to_string().contains("kinesis is away"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let closed = listener.local_addr().unwrap();
        drop(listener);
        assert!(check_health(closed).unwrap_err().to_string().contains("no producer answers"));
    }

    #[test]
    fn who_listens_everywhere_is_asked_here() {
        for (told, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("10.0.0.7:1", "10.0.0.7:1"),
        ] {
            assert_eq!(reachable(told.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
