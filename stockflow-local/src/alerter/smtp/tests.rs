//! Against a mail server on this machine that answers by a script.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    thread,
};

use stockflow_core::{
    ErrorKind,
    conformance::{self, Probe, samples},
};

use super::*;
use crate::alerter::tests::{built, error};

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Friendly,
    /// Answers this line to `RCPT`.
    Refuses(&'static str),
    /// Refuses the first mail for now, and takes the next.
    BusyOnce,
    /// Wants a log-in and refuses it, repeating what it was told.
    RefusesLogIn,
    HangsUp,
    Hangs,
}

struct Server {
    port: u16,
    /// What came after `DATA`, one text a mail.
    mails: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mails, connections) = (Arc::<Mutex<Vec<String>>>::default(), Arc::default());
        let (seen, count) = (Arc::clone(&mails), Arc::<Mutex<usize>>::clone(&connections));
        thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                *count.lock().unwrap() += 1;
                let busy = manner == Manner::BusyOnce && *count.lock().unwrap() == 1;
                match manner {
                    Manner::HangsUp => {}
                    Manner::Hangs => kept.push(stream),
                    Manner::Friendly | Manner::BusyOnce if !busy => {
                        serve(stream, "250 ok", "235 welcome", &seen);
                    }
                    Manner::RefusesLogIn => serve(stream, "250 ok", "535 hunter2 is wrong", &seen),
                    Manner::Refuses(line) => serve(stream, line, "235 welcome", &seen),
                    Manner::Friendly | Manner::BusyOnce => {
                        serve(stream, "450 later", "235 welcome", &seen);
                    }
                }
            }
        });
        Self { port, mails, connections }
    }

    fn alerter(&self) -> SmtpAlerter {
        let delivery = Delivery::default().with_backoff(Duration::from_millis(2));
        SmtpAlerter::new("127.0.0.1", SmtpSecurity::None, "alerts@example.com", ["ann@example.com"])
            .unwrap()
            .with_port(self.port)
            .with_delivery(delivery)
    }

    fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

/// One conversation.
fn serve(stream: TcpStream, rcpt: &str, auth: &str, mails: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    let say = |reader: &mut BufReader<TcpStream>, line: &str| {
        let _ = reader.get_mut().write_all(format!("{line}\r\n").as_bytes());
    };
    say(&mut reader, "220 stub");
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
        let verb = line.split([' ', ':', '\r']).next().unwrap_or_default().to_ascii_uppercase();
        line.clear();
        match &*verb {
            "EHLO" => say(&mut reader, "250-stub\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME"),
            "AUTH" => say(&mut reader, auth),
            "RCPT" => say(&mut reader, rcpt),
            "DATA" => {
                say(&mut reader, "354 go on");
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") && reader.read_line(&mut mail).unwrap() > 0 {}
                mails.lock().unwrap().push(mail);
                say(&mut reader, "250 taken");
            }
            "QUIT" => return say(&mut reader, "221 bye"),
            _ => say(&mut reader, "250 ok"),
        }
    }
}

/// Sends one alert: the kind of the error and its text with causes.
async fn send(alerter: &SmtpAlerter) -> Option<(ErrorKind, String)> {
    let report = alerter.notify(&samples::alerts(1)).await.unwrap();
    report.into_failures().into_iter().next().map(|failure| {
        let text = failure.error.chain();
        assert!(!format!("{text} {:?}", failure.error).contains("hunter2"), "{text}");
        (failure.error.kind(), text)
    })
}

/// The id, from the last line of the message.
fn id(mail: &str) -> String {
    let line = mail.lines().find(|line| line.starts_with("Alert: "));
    line.and_then(|line| line.strip_prefix("Alert: ")).unwrap().to_owned()
}

#[tokio::test]
async fn the_suite_of_alerters_passes() {
    let harness = async || {
        let server = Arc::new(Server::start(Manner::Friendly));
        let alerter = server.alerter();
        Probe::new(alerter, move || {
            let ids = server.mails().iter().map(|mail| id(mail)).collect();
            async move { Ok(ids) }
        })
    };
    conformance::alerter::all(&harness).await.unwrap();
}

#[tokio::test]
async fn an_alert_is_taken_with_a_log_in() {
    let server = Server::start(Manner::Friendly);
    let alerter = server.alerter().with_credentials("ann", "hunter2");
    assert!(!format!("{alerter:?}").contains("hunter2"));
    assert_eq!(send(&alerter).await, None);
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    let alert = samples::alerts(1).remove(0);
    assert!(mails[0].replace("\r\n", "\n").contains(&alert.message()), "{}", mails[0]);
}

#[tokio::test]
async fn no_alert_can_smuggle_in_a_command_or_a_header() {
    let server = Server::start(Manner::Friendly);
    let mut alerts = samples::alerts(2);
    alerts[0].rule = "x\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>".into();
    server.alerter().notify(&alerts).await.unwrap().into_result().unwrap();
    let mails = server.mails();
    assert_eq!(mails.len(), 2);
    assert!(!mails[0].lines().any(|line| line.starts_with("Bcc") || line.starts_with("MAIL")));
}

#[tokio::test]
async fn what_is_refused_for_good_is_rejected_with_what_the_server_said() {
    let server = Server::start(Manner::Refuses("550 5.1.1 no such user"));
    let (kind, text) = send(&server.alerter()).await.unwrap();
    assert_eq!(kind, ErrorKind::Rejected);
    assert!(text.contains("127.0.0.1 answered 550") && text.contains("no such user"), "{text}");
    assert_eq!(*server.connections.lock().unwrap(), 1);
}

#[tokio::test]
async fn what_is_refused_for_now_is_tried_again() {
    let server = Server::start(Manner::BusyOnce);
    assert_eq!(send(&server.alerter()).await, None);
    assert_eq!(server.mails().len(), 1);
    let server = Server::start(Manner::Refuses("451 try later"));
    assert_eq!(send(&server.alerter()).await.unwrap().0, ErrorKind::Unavailable);
    assert_eq!(*server.connections.lock().unwrap(), 3);
}

#[tokio::test]
async fn a_log_in_that_fails_is_denied_and_not_repeated() {
    let server = Server::start(Manner::RefusesLogIn);
    let alerter = server.alerter().with_credentials("ann", "hunter2");
    let (kind, text) = send(&alerter).await.unwrap();
    assert_eq!(kind, ErrorKind::Denied);
    assert!(text.ends_with("127.0.0.1 refused the log-in (535)"), "{text}");
    assert_eq!(*server.connections.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_server_that_hangs_up_or_hangs_is_unavailable() {
    let server = Server::start(Manner::HangsUp);
    assert_eq!(send(&server.alerter()).await.unwrap().0, ErrorKind::Unavailable);
    let server = Server::start(Manner::Hangs);
    let delivery = Delivery::default().with_attempts(1);
    let alerter = server.alerter().with_timeout(Duration::from_millis(200)).with_delivery(delivery);
    let (kind, text) = send(&alerter).await.unwrap();
    assert_eq!(kind, ErrorKind::Unavailable);
    assert!(text.ends_with("127.0.0.1 did not answer in time"), "{text}");
}

#[tokio::test]
async fn nothing_is_said_to_a_server_that_cannot_protect_it() {
    let server = Server::start(Manner::Friendly);
    let alerter =
        SmtpAlerter::new("127.0.0.1", SmtpSecurity::StartTls, "a@example.com", ["b@example.com"])
            .unwrap()
            .with_port(server.port)
            .with_credentials("ann", "hunter2");
    let (kind, _) = send(&alerter).await.unwrap();
    assert_eq!(kind, ErrorKind::Unexpected);
    assert!(server.mails().is_empty());
}

#[test]
fn configurations_are_built_and_mistakes_told_without_the_password() {
    const MINIMUM: &str =
        "kind = 'smtp'\nhost = 'mail.example.com'\nfrom = 'a@example.com'\nto = 'b@example.com'";
    let folder = tempfile::tempdir().unwrap();
    built(MINIMUM, folder.path()).unwrap();
    let all = "user = 'ann'\npassword_env = 'SECRET'\nsecurity = 'tls'\nport = 465\ntimeout = '5s'\nattempts = 2";
    built(&format!("{MINIMUM}\n{all}"), folder.path()).unwrap();
    for (line, expected) in [
        (
            "password = 'hunter2'",
            "password is not a known key (it is not shown), allowed is attempts, from, host, kind, password_env, port, security, timeout, to, user",
        ),
        ("port = 0", "port is 0, allowed is a whole number, 1 to 65535"),
        ("security = 'ssl'", "security is \"ssl\", allowed is starttls, tls, none"),
        (
            "security = 'none'",
            "security is \"none\", allowed is starttls or tls, since the mail server is another machine",
        ),
        (
            "password_env = 'PASSWORD'",
            "password_env is \"PASSWORD\", allowed is the name of an environment variable that is set",
        ),
    ] {
        assert_eq!(
            error(&format!("{MINIMUM}\n{line}")),
            format!("stockflow.toml:6: alerter[0].{expected}")
        );
    }
    for (text, part) in [
        (MINIMUM.replace("from", "#"), "stockflow.toml:1: alerter[0].from is absent, "),
        (
            MINIMUM.replace("'b@example.com'", "[]"),
            "stockflow.toml:5: alerter[0].to is a list, allowed is at least one address",
        ),
        (
            MINIMUM.replace("'b@example.com'", "['b']"),
            "stockflow.toml:5: alerter[0].to is a list, allowed is an address, ",
        ),
        (
            format!("{MINIMUM}\nuser = 'ann'"),
            "stockflow.toml:1: alerter[0].password_env is absent, ",
        ),
        (
            format!("{MINIMUM}\npassword_env = 'SECRET'"),
            "stockflow.toml:1: alerter[0].user is absent, ",
        ),
    ] {
        let text = error(&text);
        assert!(text.starts_with(part), "{text}");
    }
}
