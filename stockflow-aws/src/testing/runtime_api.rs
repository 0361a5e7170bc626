//! Lambda's side of a function: gives it events, and takes its answers.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::{Duration, SystemTime},
};

/// How long a function has for an event.
const TIME: Duration = Duration::from_secs(60);

/// A Runtime API on a free port of the loopback interface: enough of it to run the real binary of a function in a test.
///
/// Start the binary with [`variables`](Self::variables), then hand it events one by one with [`invoke`](Self::invoke).
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    events: Sender<Vec<u8>>,
    answers: Receiver<(String, String)>,
}

impl RuntimeApi {
    /// Starts to listen.
    ///
    /// # Errors
    /// No port is free.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (events, next) = mpsc::channel();
        let (done, answers) = mpsc::channel();
        thread::spawn(move || {
            let mut number = 0_u64;
            // A function uses one connection after the other; an error on one ends that one.
            for stream in listener.incoming().flatten() {
                let _ = serve(&stream, &next, &done, &mut number);
            }
        });
        Ok(Self { address, events, answers })
    }

    /// What Lambda sets in the environment of a function of that name.
    #[must_use]
    pub fn variables(&self, function: &str) -> [(&'static str, String); 4] {
        [
            ("AWS_LAMBDA_RUNTIME_API", self.address.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", function.to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ]
    }

    /// Has the function handle `event`: the last part of the path that it answers to, `response` or `error`, and its answer.
    ///
    /// # Errors
    /// No answer in a minute.
    pub fn invoke(&self, event: impl Into<Vec<u8>>) -> io::Result<(String, String)> {
        let gone = |_| io::Error::other("the runtime API ended");
        self.events.send(event.into()).map_err(|error| gone(error.to_string()))?;
        let answer = self.answers.recv_timeout(TIME);
        answer.map_err(|error| io::Error::new(io::ErrorKind::TimedOut, error))
    }
}

fn serve(
    mut stream: &TcpStream,
    next: &Receiver<Vec<u8>>,
    done: &Sender<(String, String)>,
    number: &mut u64,
) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        let mut chunked = false;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
        }
        let body =
            if chunked { read_chunks(&mut reader)? } else { read_exactly(&mut reader, length)? };
        let path = request.split(' ').nth(1).unwrap_or_default();
        if path.ends_with("/invocation/next") {
            let Ok(event) = next.recv() else { return Ok(()) };
            *number += 1;
            let end = SystemTime::now() + TIME;
            let end = end.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
                 Lambda-Runtime-Aws-Request-Id: request-{number}\r\nLambda-Runtime-Deadline-Ms: {end}\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:test\r\n\r\n",
                event.len()
            )?;
            stream.write_all(&event)?;
        } else {
            let kind = path.rsplit('/').next().unwrap_or_default().to_owned();
            // Nobody listens any more when the test is over.
            let _ = done.send((kind, String::from_utf8_lossy(&body).into_owned()));
            stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")?;
        }
    }
}

fn read_exactly(reader: &mut impl io::Read, length: usize) -> io::Result<Vec<u8>> {
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunks(reader: &mut BufReader<&TcpStream>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let chunk = read_exactly(reader, length + 2)?;
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..length]);
    }
}
