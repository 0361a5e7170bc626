//! The emulator itself, and what errors of AWS look like to a caller.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{io::Read as _, io::Write as _, net::TcpStream};

use stockflow_aws::testing::Emulator;

#[test]
fn the_emulator_answers_on_loopback() {
    let emulator = Emulator::shared().unwrap();
    let address = emulator.endpoint().strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "GET /_ministack/health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
