//! Answers to health checks of containers.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::{Failure, Status, Tally, now};

/// The stream may refuse for so long before the producer counts as unhealthy.
const PATIENCE: Duration = Duration::from_secs(300);
/// Most bytes of a request that are looked at, and how long one may take.
const MOST_REQUEST: usize = 2_048;
const TIME: Duration = Duration::from_secs(5);

/// A listener that answers `GET /health` with how things stand: 200, or 503 if the stream has refused for five minutes.
///
/// A feed that is slowed down or away is no reason to restart a producer, so it does not count.
#[derive(Debug)]
pub struct Health {
    listener: TcpListener,
    status: Arc<Status>,
}

impl Health {
    /// Listens on `address`.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn bind(address: SocketAddr, status: Arc<Status>) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::Usage(format!("health checks cannot be answered on {address}: {error}"))
        })?;
        Ok(Self { listener, status })
    }

    /// Where it listens; unknown to nobody but a listener that has failed.
    #[must_use]
    pub fn address(&self) -> String {
        self.listener.local_addr().map_or_else(|error| error.to_string(), |a| a.to_string())
    }

    /// Answers for ever.
    pub async fn serve(self) {
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                // Out of file handles, most likely: others may give some back.
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            let status = Arc::clone(&self.status);
            tokio::spawn(async move {
                // Who asks badly or hangs up gets no answer.
                let _ = timeout(TIME, answer(stream, &status)).await;
            });
        }
    }
}

async fn answer(mut stream: TcpStream, status: &Status) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < MOST_REQUEST {
        let mut part = [0; 512];
        let read = stream.read(&mut part).await?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&part[..read]);
    }
    let (code, body) = if request.starts_with(b"GET /health ") {
        report(&status.tally())
    } else {
        ("404 Not Found", json!({ "error": "ask for GET /health" }).to_string())
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {code}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

fn report(tally: &Tally) -> (&'static str, String) {
    let failing = tally.failing.as_ref();
    let sick = failing.is_some_and(|(since, _)| now().since(*since) > PATIENCE);
    let body = json!({
        "status": if sick { "failing" } else { "ok" },
        "quotes": tally.taken,
        "delivered": tally.delivered,
        "waiting": tally.waiting,
        "full": tally.full,
        "newest": tally.newest_quote.map(|time| time.to_string()),
        "failing": failing.map(|(_, why)| why),
    });
    (if sick { "503 Service Unavailable" } else { "200 OK" }, body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(health: &str, request: &str) -> String {
        let mut stream = TcpStream::connect(health).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn it_is_well_until_the_stream_has_refused_for_five_minutes() {
        let status = Arc::new(Status::default());
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let health = Health::bind(loopback, Arc::clone(&status)).await.unwrap();
        let address = health.address();
        let server = tokio::spawn(health.serve());
        let get = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
        let answer = ask(&address, get).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let fails_since = |minutes: u64| {
            let since = now().saturating_sub(Duration::from_secs(60 * minutes));
            status.with(|tally| tally.failing = Some((since, "kinesis is away".into())));
        };
        fails_since(4);
        assert!(ask(&address, get).await.starts_with("HTTP/1.1 200 "));
        fails_since(6);
        let answer = ask(&address, get).await;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("kinesis is away"), "{answer}");
        assert!(ask(&address, "GET / HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404 "));
        server.abort();
    }
}
