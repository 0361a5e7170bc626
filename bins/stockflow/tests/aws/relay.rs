//! A server in place of the emulator, or before it: for answers that the emulator does not give, and moments that it cannot tell.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use stockflow_aws::testing::Emulator;

/// A whole request.
pub(crate) struct Request {
    head: String,
    /// As it is sent on.
    bytes: Vec<u8>,
    /// Where the body begins in it.
    body: usize,
}

/// Serves until the test program ends, a request on each connection; where it listens.
pub(crate) fn start(serve: impl Fn(Request, TcpStream) + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, serve) = (stream.unwrap(), serve.clone());
            thread::spawn(move || {
                if let Some(request) = read(&mut stream) {
                    serve(request, stream);
                }
            });
        }
    });
    format!("http://{address}")
}

/// One answer, whatever it is asked. `head` is a status line and headers.
pub(crate) fn answering(head: &str, body: &str) -> String {
    let answer = answer(head, body);
    start(move |_, mut stream| stream.write_all(&answer).unwrap_or_default())
}

/// An answer with this status line and headers.
pub(crate) fn answer(head: &str, body: &str) -> Vec<u8> {
    let (head, length) = (head.replace('\n', "\r\n"), body.len());
    let mut answer = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{body}").into();
    close(&mut answer);
    answer
}

/// None, if the other side went away.
fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 16 << 10]);
    loop {
        if let Some(end) = end_of_head(&bytes) {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
            let length = |line: &str| line.strip_prefix("content-length:")?.trim().parse().ok();
            let length: usize = head.lines().find_map(length).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                close(&mut bytes);
                let body = bytes.len() - length;
                return Some(Request { head, bytes, body });
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n")
}

/// Says that the connection ends with this message, so that nobody sends another one on it.
fn close(message: &mut Vec<u8>) {
    let end = end_of_head(message).unwrap();
    message.splice(end..end, *b"\r\nConnection: close");
}

impl Request {
    /// Method, path and headers, in small letters.
    pub(crate) fn head(&self) -> &str {
        &self.head
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.bytes[self.body..]).unwrap()
    }

    /// What the emulator answers.
    pub(crate) fn forward(&self) -> Vec<u8> {
        let emulator = Emulator::shared().unwrap().endpoint();
        let mut stream = TcpStream::connect(emulator.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(&self.bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        close(&mut answer);
        answer
    }
}
