//! The file, and what is laid over it.

use std::{
    net::SocketAddr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use stockflow_core::{
    Symbol, Timestamp,
    config::{ConfigError, Section},
};

use super::{FeedKind, LEAST_SPOOL, MOST_SPOOL, RecordForm, Settings, Simulated, Yahoo, address};
use crate::{Cli, Failure};

const KEYS: [&str; 12] = [
    "feed",
    "symbols",
    "stream",
    "records",
    "spool",
    "replay",
    "yahoo",
    "simulated",
    "health",
    "linger",
    "drain",
    "metrics",
];
const FEEDS: [(&str, FeedKind); 4] = [
    ("simulated", FeedKind::Simulated),
    ("replay", FeedKind::Replay),
    ("yahoo", FeedKind::Yahoo),
    ("yahoo-stream", FeedKind::YahooStream),
];
const RECORDS: [(&str, RecordForm); 3] = [
    ("plain", RecordForm::Plain),
    ("aggregated", RecordForm::Aggregated),
    ("compressed", RecordForm::Compressed),
];

/// Settings as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Partial {
    feed: Option<FeedKind>,
    symbols: Option<Vec<Symbol>>,
    stream: Option<String>,
    records: Option<RecordForm>,
    folder: Option<PathBuf>,
    spool_bytes: Option<u64>,
    replay: Vec<PathBuf>,
    speed: Option<u32>,
    simulated: Simulated,
    yahoo: Yahoo,
    health: Option<SocketAddr>,
    linger: Option<Duration>,
    drain: Option<Duration>,
    metrics: Option<Duration>,
    once: bool,
    dry_run: bool,
    batch: Option<NonZeroUsize>,
}

pub(super) fn read(path: &Path) -> Result<Partial, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    Ok(Partial::parse(&text, &name)?)
}

impl Partial {
    pub(super) fn parse(text: &str, name: &str) -> Result<Self, ConfigError> {
        let millis = Duration::from_millis;
        let root = Section::parse(text, name)?;
        root.only(KEYS)?;
        let mut partial = Self {
            feed: root.choice("feed", &FEEDS)?,
            symbols: symbols(&root)?,
            stream: root.text("stream")?.map(str::to_owned),
            records: root.choice("records", &RECORDS)?,
            linger: root.duration("linger", millis(0)..=millis(60_000))?,
            drain: root.duration("drain", millis(0)..=millis(3_600_000))?,
            metrics: root.duration("metrics", millis(1_000)..=millis(3_600_000))?,
            ..Self::default()
        };
        if let Some(text) = root.text("health")? {
            partial.health = Some(address(text).ok_or_else(|| root.invalid("health", HEALTH))?);
        }
        if let Some(spool) = root.table("spool")? {
            spool.only(["folder", "bytes"])?;
            partial.folder = spool.text("folder")?.map(PathBuf::from);
            let bound = LEAST_SPOOL as i64..=MOST_SPOOL as i64;
            partial.spool_bytes = spool.integer("bytes", bound)?.map(i64::unsigned_abs);
        }
        if let Some(replay) = root.table("replay")? {
            replay.only(["files", "speed"])?;
            let files = replay.texts("files")?.unwrap_or_default();
            partial.replay = files.into_iter().map(PathBuf::from).collect();
            partial.speed = speed(&replay)?;
        }
        if let Some(simulated) = root.table("simulated")? {
            simulated.only(["seed", "date", "days", "speed"])?;
            let seed = simulated.integer("seed", 0..=i64::MAX)?;
            partial.simulated.seed = seed.map_or(partial.simulated.seed, i64::unsigned_abs);
            let days = simulated.integer("days", 1..=1_000)?;
            partial.simulated.days = days.map_or(partial.simulated.days, |days| days as u32);
            if let Some(date) = simulated.text("date")? {
                let start: Result<Timestamp, _> = format!("{date}T00:00:00Z").parse();
                let start = start.map_err(|_| simulated.invalid("date", "a date, 2026-11-23"))?;
                partial.simulated.date = Some(start.date());
            }
            partial.speed = partial.speed.or(speed(&simulated)?);
        }
        if let Some(section) = root.table("yahoo")? {
            partial.yahoo = yahoo(&section)?;
        }
        Ok(partial)
    }

    /// What was typed, and what variables say, counts more.
    pub(super) fn overlay(&mut self, cli: &Cli) -> Result<(), Failure> {
        if !cli.replay.is_empty() {
            self.replay.clone_from(&cli.replay);
            self.feed = Some(FeedKind::Replay);
        }
        self.feed = cli.feed.or(self.feed);
        if !cli.symbols.is_empty() {
            self.symbols = Some(cli.symbols.clone());
        }
        self.stream = cli.stream.clone().or_else(|| self.stream.take());
        self.records = cli.records.or(self.records);
        self.folder = cli.spool.clone().or_else(|| self.folder.take());
        self.spool_bytes = cli.spool_bytes.or(self.spool_bytes);
        self.speed = cli.speed.or(self.speed);
        self.simulated.seed = cli.seed.unwrap_or(self.simulated.seed);
        if let Some(seconds) = cli.interval {
            self.yahoo.interval = Duration::from_secs(u64::from(seconds));
        }
        self.yahoo.url = cli.yahoo_url.clone().or_else(|| self.yahoo.url.take());
        self.yahoo.stream_url =
            cli.yahoo_stream_url.clone().or_else(|| self.yahoo.stream_url.take());
        if let Some(text) = &cli.health {
            let wrong = || Failure::Usage(format!("--health is {text}, allowed is {HEALTH}"));
            self.health = Some(address(text).ok_or_else(wrong)?);
        }
        (self.once, self.dry_run, self.batch) = (cli.once, cli.dry_run, cli.batch_records);
        Ok(())
    }

    pub(super) const fn health(&self) -> Option<SocketAddr> {
        self.health
    }

    pub(super) fn check(self) -> Result<Settings, Failure> {
        let usage = |text: &str| Failure::Usage(text.to_owned());
        let feed = self.feed.ok_or_else(|| {
            usage("no feed: say --feed (or feed in the file) with one of simulated, replay, yahoo, yahoo-stream")
        })?;
        if feed == FeedKind::Replay && self.replay.is_empty() {
            return Err(usage(
                "nothing to replay: name files with --replay, or replay.files in the file",
            ));
        }
        let is_yahoo = matches!(feed, FeedKind::Yahoo | FeedKind::YahooStream);
        if is_yahoo && self.symbols.is_none() {
            return Err(usage("whose quotes: say --symbols (or symbols in the file)"));
        }
        if feed == FeedKind::YahooStream && self.once {
            return Err(usage("a stream has no rounds: for --once, say --feed yahoo"));
        }
        if self.speed == Some(0) {
            return Err(usage("--speed is 0, allowed is 1 or more; leave it out for no limit"));
        }
        let stream = match self.stream {
            Some(stream) => stream,
            None if self.dry_run => String::new(),
            None => {
                return Err(usage("no stream: say --stream (or stream in the file), or --dry-run"));
            }
        };
        let settings = Settings {
            feed,
            symbols: self.symbols,
            stream,
            records: self.records.unwrap_or_default(),
            folder: self.folder.unwrap_or_else(|| "./stockflow-producer-data".into()),
            spool_bytes: self.spool_bytes.unwrap_or(1 << 30),
            replay: self.replay,
            speed: self.speed,
            simulated: self.simulated,
            yahoo: self.yahoo,
            health: self.health,
            linger: self.linger.unwrap_or(Duration::from_millis(100)),
            drain: self.drain.unwrap_or(Duration::from_secs(25)),
            metrics: self.metrics.unwrap_or(Duration::from_secs(60)),
            once: self.once,
            dry_run: self.dry_run,
            batch: self.batch,
        };
        settings.spool_options()?;
        Ok(settings)
    }
}

const HEALTH: &str = "a port, or an address with a port such as 0.0.0.0:8080";

fn speed(section: &Section) -> Result<Option<u32>, ConfigError> {
    Ok(section.integer("speed", 1..=1_000_000)?.map(|speed| speed as u32))
}

fn yahoo(section: &Section) -> Result<Yahoo, ConfigError> {
    let seconds = Duration::from_secs;
    section.only([
        "interval",
        "requests_a_minute",
        "concurrency",
        "timeout",
        "url",
        "stream_url",
    ])?;
    let mut yahoo = Yahoo::default();
    let interval = section.duration("interval", seconds(1)..=seconds(86_400))?;
    yahoo.interval = interval.unwrap_or(yahoo.interval);
    let rate = section.integer("requests_a_minute", 1..=6_000)?;
    yahoo.requests_a_minute = rate.map_or(yahoo.requests_a_minute, |rate| rate as u32);
    let concurrency = section.integer("concurrency", 1..=64)?;
    yahoo.concurrency = concurrency.map_or(yahoo.concurrency, |most| most as usize);
    let timeout = section.duration("timeout", seconds(1)..=seconds(300))?;
    yahoo.timeout = timeout.unwrap_or(yahoo.timeout);
    yahoo.url = section.text("url")?.map(str::to_owned);
    yahoo.stream_url = section.text("stream_url")?.map(str::to_owned);
    Ok(yahoo)
}

fn symbols(root: &Section) -> Result<Option<Vec<Symbol>>, ConfigError> {
    let Some(texts) = root.texts("symbols")? else { return Ok(None) };
    let symbols = texts.into_iter().map(|text| {
        let allowed = |why| format!("a list of symbols ({text:?}: {why})");
        Symbol::new(text).map_err(|why| root.invalid("symbols", allowed(why)))
    });
    symbols.collect::<Result<_, _>>().map(Some)
}
