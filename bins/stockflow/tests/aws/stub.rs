//! One service that gives one answer, whatever it is asked: for states that the emulator cannot hold.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    thread,
};

/// Serves until the test program ends; where it listens. `head` is a status line and headers.
pub(crate) fn answering(head: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let length = body.len();
    let head = head.replace('\n', "\r\n");
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let body = body.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut line, mut left) = (String::new(), 0);
            while stream.read_line(&mut line).unwrap() > 2 {
                let (name, value) = line.split_once(':').unwrap_or_default();
                if name.eq_ignore_ascii_case("content-length") {
                    left = value.trim().parse().unwrap();
                }
                line.clear();
            }
            // An answer to HEAD has no body, and nobody reads it.
            stream.read_exact(&mut vec![0; left]).unwrap();
            let _ = stream.get_mut().write_all(&[head.as_bytes(), body.as_bytes()].concat());
        }
    });
    format!("http://{address}")
}
