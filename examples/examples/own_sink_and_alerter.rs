//! A sink and an alerter of one's own in a pipeline: a board with the last price of each symbol, and a pager.
//!
//! `cargo run -p stockflow-examples --example own_sink_and_alerter`

use std::{
    collections::{BTreeMap, HashSet},
    error::Error as StdError,
    fs::{self, File},
    future::pending,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use stockflow_core::{
    Alert, AlertId, Alerter, BatchReport, Error, ErrorKind, Price, Result, Row, Rules, Sink,
    Symbol, Timestamp,
};
use stockflow_local::{Pipeline, SimulatedMarket, SimulatedOptions};

/// A CSV file with a line for each symbol: last time, last price, findings so far.
#[derive(Debug)]
struct Board {
    path: PathBuf,
    entries: Mutex<BTreeMap<Symbol, Entry>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    time: Timestamp,
    price: Price,
    findings: usize,
}

impl Board {
    /// Goes on with the board at `path`, or starts an empty one.
    fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let entries = match fs::read_to_string(&path) {
            Ok(text) => text.lines().map(read).collect::<Option<_>>().ok_or(
                Error::new(ErrorKind::Corrupt, "board", "read").with_source("a line is no entry"),
            )?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(failed("read", error)),
        };
        Ok(Self { path, entries: Mutex::new(entries) })
    }

    /// All or nothing, and durable: a whole new file takes the place of the old one.
    fn save(&self, entries: &BTreeMap<Symbol, Entry>) -> io::Result<()> {
        let draft = self.path.with_extension("draft");
        let mut file = File::create(&draft)?;
        for (symbol, Entry { time, price, findings }) in entries {
            writeln!(file, "{symbol},{time},{price},{findings}")?;
        }
        file.sync_all()?;
        fs::rename(&draft, &self.path)?;
        // The new name has to last, too.
        File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
    }
}

#[async_trait]
impl Sink<Row> for Board {
    async fn write(&self, batch: &[Row]) -> Result<BatchReport> {
        let mut kept = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = kept.clone();
        for row in batch {
            let quote = &row.quote;
            let before = entries.get(&quote.symbol);
            // Rows come at least once: one that is not newer was counted before.
            if before.is_some_and(|entry| entry.time >= quote.timestamp) {
                continue;
            }
            let findings = before.map_or(0, |entry| entry.findings) + row.anomalies().len();
            let entry = Entry { time: quote.timestamp, price: quote.price, findings };
            entries.insert(quote.symbol, entry);
        }
        self.save(&entries).map_err(|error| failed("save", error))?;
        *kept = entries;
        Ok(BatchReport::complete())
    }
}

fn read(line: &str) -> Option<(Symbol, Entry)> {
    let [symbol, time, price, findings] = line.split(',').collect::<Vec<_>>().try_into().ok()?;
    let (time, price) = (time.parse().ok()?, price.parse().ok()?);
    Some((symbol.parse().ok()?, Entry { time, price, findings: findings.parse().ok()? }))
}

/// A full disk will not pass by itself; the rest may.
fn failed(operation: &'static str, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull => ErrorKind::Exhausted,
        io::ErrorKind::PermissionDenied => ErrorKind::Denied,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, "board", operation).with_source(error)
}

/// Stands for a pager: shows the short text of each alert, each alert once.
#[derive(Debug, Default)]
struct Pager {
    sent: Mutex<HashSet<AlertId>>,
}

#[async_trait]
impl Alerter for Pager {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        for alert in alerts {
            // An alert may come again, if the mark after it was lost.
            if sent.insert(alert.id()) {
                println!("beep: {}", alert.short());
            }
        }
        Ok(BatchReport::complete())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("board.csv");
    let mut pipeline = Pipeline::open(folder.path().join("data"), Rules::default_set())?
        .with_sink(Arc::new(Board::open(&path)?))
        .with_alerter(Arc::new(Pager::default()));

    // A day of five symbols with a quote a minute, and what can go wrong on it.
    let symbols = ["AAPL", "MSFT", "BRK-B", "XOM", "JPM"].map(str::parse);
    let options = SimulatedOptions {
        symbols: symbols.into_iter().collect::<Result<_, _>>()?,
        interval: Duration::from_secs(60),
        events: 5,
        ..SimulatedOptions::default()
    };
    let market = SimulatedMarket::new(7, options, &pipeline.cursors())?;
    let summary = pipeline.run(Box::new(market), pending()).await?;

    println!("\n{} quotes, {} alerts; the board:", summary.quotes, summary.alerts);
    print!("{}", fs::read_to_string(&path)?);

    // Every row that was judged is on the board, and what is on it survives a restart.
    let board = Board::open(&path)?;
    let entries = board.entries.lock().unwrap_or_else(PoisonError::into_inner);
    let findings: usize = entries.values().map(|entry| entry.findings).sum();
    assert_eq!(findings as u64, summary.anomalies.values().sum::<u64>());
    assert_eq!(entries.len(), 5);
    Ok(())
}
