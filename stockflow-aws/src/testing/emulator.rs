//! An emulator of AWS, run as a process of the test that asks for it.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{behavior_version::BehaviorVersion, http::SharedHttpClient};
use aws_types::{SdkConfig, region::Region};

use super::install;

/// How long the server may take from start to its first answer; it needs a third of a second on a quiet machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running [ministack], in the version that this crate is tested with, on a free port of the loopback interface.
///
/// The first test on a machine installs it from the Python package index with `python3 -m venv` and `pip`. The server ends with
/// the process that started it, however that process ends.
///
/// [ministack]: https://pypi.org/project/ministack/
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    log: PathBuf,
    // The server's guard waits for the end of this pipe: it closes when this process ends, even by a signal.
    _alive: ChildStdin,
    _guard: Child,
}

impl Emulator {
    /// The emulator of this process: started at the first call.
    ///
    /// # Errors
    /// See [`EmulatorError`].
    pub fn shared() -> Result<&'static Self, EmulatorError> {
        static SHARED: OnceLock<Result<Emulator, EmulatorError>> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[])).as_ref().map_err(Clone::clone)
    }

    /// Starts an emulator with environment variables of its own, as `AUTH=true`.
    ///
    /// # Errors
    /// See [`EmulatorError`].
    pub fn start(variables: &[(&str, &str)]) -> Result<Self, EmulatorError> {
        let program = install::ministack()?;
        // Another process may take the port between here and the server's own bind; the server then ends, and is started again.
        for _ in 0..5 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .and_then(|listener| listener.local_addr())
                .map_err(|error| failed("looking for a free port", &error))?
                .port();
            if let Some(emulator) = Self::start_on(port, &program, variables)? {
                return Ok(emulator);
            }
        }
        Err(EmulatorError("the emulator found no port to listen on in 5 attempts".into()))
    }

    fn start_on(
        port: u16,
        program: &PathBuf,
        variables: &[(&str, &str)],
    ) -> Result<Option<Self>, EmulatorError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let log = std::env::temp_dir().join(format!("ministack-{}-{port}.log", std::process::id()));
        let output =
            std::fs::File::create(&log).map_err(|error| failed("creating its log", &error))?;
        let errors = output.try_clone().map_err(|error| failed("creating its log", &error))?;
        // The shell ends the server when its standard input does, that is when this process is no more.
        let script =
            "\"$0\" </dev/null & server=$!; read -r _; kill $server 2>/dev/null; wait $server";
        let mut guard = Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("LAMBDA_EXECUTOR", "local")
            .env("AWS_ENDPOINT_URL", format!("http://{address}"))
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|error| failed("starting `sh`", &error))?;
        let Some(alive) = guard.stdin.take() else {
            return Err(EmulatorError("the emulator's guard has no standard input".into()));
        };
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return Ok(Some(Self { address, log, _alive: alive, _guard: guard }));
            }
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            if text.to_lowercase().contains("address already in use") {
                return Ok(None);
            }
            sleep(Duration::from_millis(20));
        }
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        Err(EmulatorError(format!(
            "the emulator did not listen on {address} in {PATIENCE:?}: {text}"
        )))
    }

    /// Where it listens, as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the server has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Configuration for clients of an account that nobody else uses, through `http`.
    #[must_use]
    pub fn new_account(&self, http: SharedHttpClient) -> SdkConfig {
        static NEXT: AtomicU64 = AtomicU64::new(100_000_000_000);
        self.account(NEXT.fetch_add(1, Ordering::Relaxed), http)
    }

    /// Configuration for clients of the account of that number (12 digits), through `http`.
    #[must_use]
    pub fn account(&self, number: u64, http: SharedHttpClient) -> SdkConfig {
        let credentials =
            Credentials::new(format!("{number:012}"), "secret", None, None, "emulator");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url(self.endpoint())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http)
            .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
                aws_smithy_async::rt::sleep::TokioSleep::new(),
            ))
            .build()
    }
}

/// Why there is no emulator: what was tried, and what the program said.
#[derive(Clone, Debug)]
pub struct EmulatorError(pub(super) String);

impl fmt::Display for EmulatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EmulatorError {}

pub(super) fn failed(what: &str, error: &io::Error) -> EmulatorError {
    EmulatorError(format!("{what} failed: {error}"))
}
