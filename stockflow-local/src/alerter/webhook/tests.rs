//! Against a server on this machine that answers by a script.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use stockflow_core::conformance::{self, Probe, samples};

use super::*;
use crate::alerter::tests::{built, error};

/// What the server does with a request.
#[derive(Clone, Copy, Debug)]
enum Reply {
    /// A status, and a header with its value.
    Status(u16, &'static str),
    /// Never answers, and keeps the connection.
    Hang,
    /// Closes it unread.
    Reset,
    /// Talks, but not HTTP.
    Noise,
}

/// A request that came in.
#[derive(Clone, Debug)]
struct Request {
    head: String,
    body: String,
}

impl Request {
    /// The alert's id, from the header.
    fn id(&self) -> String {
        let line =
            self.head.lines().find(|l| l.to_ascii_lowercase().starts_with("idempotency-key"));
        line.and_then(|line| line.split_once(": ")).unwrap().1.to_owned()
    }
}

/// Answers requests by `script`, the last reply for ever.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    fn start(script: &'static [Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            let mut step = 0;
            // Those that hang stay open until the test ends.
            let mut kept = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let mut reader = BufReader::new(stream);
                loop {
                    let reply = script[step.min(script.len() - 1)];
                    if matches!(reply, Reply::Reset) {
                        step += 1;
                        break;
                    }
                    let Some(request) = read(&mut reader) else { break };
                    step += 1;
                    seen.lock().unwrap().push(request);
                    match reply {
                        Reply::Status(status, header) => answer(reader.get_mut(), status, header),
                        Reply::Noise => {
                            _ = reader.get_mut().write_all(b"220 mail.example.com\r\n\r\n")
                        }
                        Reply::Hang | Reply::Reset => {}
                    }
                    if !matches!(reply, Reply::Status(..)) {
                        kept.push(reader);
                        break;
                    }
                }
            }
        });
        Self { address, requests }
    }

    fn alerter(&self) -> WebhookAlerter {
        WebhookAlerter::new(&format!("http://user:hunter2@{}/hunter2?key=hunter2", self.address))
            .unwrap()
            .with_delivery(Delivery::default().with_backoff(Duration::from_millis(2)))
    }

    fn ids(&self) -> Vec<String> {
        self.requests.lock().unwrap().iter().map(Request::id).collect()
    }
}

/// Reads a request; none at the end of a connection.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
    });
    let mut body = vec![0; length.unwrap()];
    reader.read_exact(&mut body).ok()?;
    Some(Request { head, body: String::from_utf8(body).unwrap() })
}

fn answer(stream: &mut TcpStream, status: u16, header: &str) {
    let text = format!("HTTP/1.1 {status} Whatever\r\n{header}Content-Length: 2\r\n\r\nok");
    stream.write_all(text.as_bytes()).unwrap();
}

/// Sends one alert: how often the server was asked, and the error with its causes.
async fn send(alerter: &WebhookAlerter, server: &Server) -> (usize, Option<(ErrorKind, String)>) {
    let report = alerter.notify(&samples::alerts(1)).await.unwrap();
    let failure = report.into_failures().into_iter().next().map(|failure| {
        let text = format!("{} {:?}", failure.error.chain(), failure.error);
        assert!(!text.contains("hunter2"), "{text}");
        (failure.error.kind(), failure.error.chain())
    });
    (server.ids().len(), failure)
}

const OK: Reply = Reply::Status(200, "");

#[tokio::test]
async fn the_suite_of_alerters_passes() {
    let harness = async || {
        let server = Arc::new(Server::start(&[OK]));
        let alerter = server.alerter();
        Probe::new(alerter, move || {
            let ids = server.ids();
            async move { Ok(ids) }
        })
    };
    conformance::alerter::all(&harness).await.unwrap();
}

#[tokio::test]
async fn an_alert_is_posted_as_json() {
    let server = Server::start(&[OK]);
    assert_eq!(send(&server.alerter(), &server).await, (1, None));
    let request = server.requests.lock().unwrap()[0].clone();
    assert!(request.head.starts_with("POST /hunter2?key=hunter2 HTTP/1.1\r\n"), "{}", request.head);
    assert!(request.head.to_ascii_lowercase().contains("content-type: application/json\r\n"));
    let alert = samples::alerts(1).remove(0);
    assert_eq!(Alert::from_json(request.body.as_bytes()), Ok(alert.clone()));
    assert_eq!(request.id(), alert.id().to_string());
}

#[tokio::test]
async fn a_server_that_recovers_gets_the_alert() {
    let server = Server::start(&[Reply::Status(500, ""), Reply::Status(408, ""), OK]);
    assert_eq!(send(&server.alerter(), &server).await, (3, None));
}

#[tokio::test]
async fn a_server_that_does_not_recover_is_given_up() {
    let server = Server::start(&[Reply::Status(503, "")]);
    let (asked, failure) = send(&server.alerter(), &server).await;
    let text = format!("webhook: post failed (unavailable): {} answered 503", server.address);
    assert_eq!((asked, failure), (3, Some((ErrorKind::Unavailable, text))));
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let server = Server::start(&[Reply::Status(429, "Retry-After: 0.3\r\n"), OK]);
    let start = std::time::Instant::now();
    assert_eq!(send(&server.alerter(), &server).await, (2, None));
    // The least that it may take: the pause is asked for, not measured.
    assert!(start.elapsed() >= Duration::from_millis(300));
    // Longer than there is time for: told to the caller at once.
    let server = Server::start(&[Reply::Status(429, "Retry-After: 3600\r\n")]);
    let (asked, failure) = send(&server.alerter(), &server).await;
    assert_eq!((asked, failure.map(|(kind, _)| kind)), (1, Some(ErrorKind::Throttled)));
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_tried_again() {
    for status in [301, 307, 400, 401, 404, 410, 413] {
        let script: &'static [Reply] =
            vec![Reply::Status(status, "Location: /elsewhere\r\n")].leak();
        let server = Server::start(script);
        let (asked, failure) = send(&server.alerter(), &server).await;
        assert_eq!(asked, 1, "{status}");
        assert_eq!(failure.unwrap().0, ErrorKind::Rejected, "{status}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_costs_its_timeout_once() {
    let server = Server::start(&[Reply::Hang]);
    let delivery = Delivery::default().with_attempts(1);
    let alerter = server.alerter().with_timeout(Duration::from_millis(200)).with_delivery(delivery);
    let report = alerter.notify(&samples::alerts(20)).await.unwrap();
    let failures = report.into_failures();
    assert_eq!(failures.len(), 20);
    assert!(failures.iter().all(|failure| failure.error.is_retryable()));
    assert!(failures[0].error.chain().ends_with("did not answer within 200ms"));
    assert_eq!(server.ids().len(), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again() {
    let server = Server::start(&[Reply::Reset, OK]);
    assert_eq!(send(&server.alerter(), &server).await, (1, None));
    let server = Server::start(&[Reply::Reset]);
    let (_, failure) = send(&server.alerter(), &server).await;
    assert_eq!(failure.unwrap().0, ErrorKind::Unavailable);
    let server = Server::start(&[Reply::Noise]);
    let (_, failure) = send(&server.alerter(), &server).await;
    assert_eq!(failure.unwrap().0, ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_host_are_unavailable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for host in [closed.to_string(), "nowhere.invalid".to_owned()] {
        let delivery = Delivery::default().with_attempts(1);
        let url = format!("http://{host}/hunter2");
        let alerter = WebhookAlerter::new(&url).unwrap().with_delivery(delivery);
        let report = alerter.notify(&samples::alerts(1)).await.unwrap();
        let error = &report.failures()[0].error;
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.chain());
        assert!(error.chain().contains(&host) && !error.chain().contains("hunter2"));
    }
}

#[test]
fn configurations_are_built_and_mistakes_told_without_the_url() {
    let folder = tempfile::tempdir().unwrap();
    for text in [
        "url = 'https://hooks.example.com/hunter2'\nform = 'slack'\ntimeout = '2s'\nattempts = 1",
        "url_env = 'HOOK'",
    ] {
        built(&format!("kind = 'webhook'\n{text}"), folder.path()).unwrap();
    }
    const EITHER: &str = "a URL, either here or in the variable that url_env names";
    for (text, expected) in [
        ("", format!("1: alerter[0].url is absent, allowed is {EITHER}")),
        (
            "url = 'https://a.example/hunter2'\nurl_env = 'HOOK'",
            format!("3: alerter[0].url is a value that is not shown, allowed is {EITHER}"),
        ),
        (
            "url = 'hunter2'",
            "3: alerter[0].url is a value that is not shown, allowed is a URL, https://host/path".to_owned(),
        ),
        (
            "url_env = 'SECRET'",
            "3: alerter[0].url_env is a value that is not shown, allowed is a URL, https://host/path".to_owned(),
        ),
        (
            "url_env = 'HOOKS'",
            "3: alerter[0].url_env is \"HOOKS\", allowed is the name of an environment variable that is set".to_owned(),
        ),
        (
            "url_env = 'HOOK'\nform = 'slak'",
            "4: alerter[0].form is \"slak\", allowed is json, slack, discord; did you mean slack?".to_owned(),
        ),
        (
            "url_env = 'HOOK'\ntimeout = '1h'",
            "4: alerter[0].timeout is \"1h\", allowed is a time span such as \"90s\" or \"5m\", 100ms to 1m".to_owned(),
        ),
        (
            "urll = 'https://a.example/hunter2'",
            "3: alerter[0].urll is not a known key (it is not shown), allowed is attempts, form, kind, timeout, url, url_env; did you mean url?".to_owned(),
        ),
    ] {
        assert_eq!(error(&format!("kind = 'webhook'\n{text}")), format!("stockflow.toml:{expected}"));
    }
}
