//! Live quotes by Yahoo's stream.

mod day;
mod dial;
mod line;
mod pricing;

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use stockflow_core::{
    Cursor, InvalidConfig, QuoteSource, Result, SourceBatch, Symbol, Timestamp, params::within,
};
use tokio::time::{Instant, sleep_until};

use self::{
    day::Day,
    dial::{Dial, Lost},
    line::{Event, Line},
    pricing::{Pricing, REGULAR},
};
use super::{BACKEND, chart::Reading, counts::FeedCounts, fresh::Fresh, poll::YahooPoll};
use crate::{
    calendar::{BySymbol, MarketStatus, TradingCalendar},
    pipeline::system_clock,
};

const URL: &str = "wss://streamer.finance.yahoo.com/?version=2";
/// Between two snapshots of a symbol.
const SNAPSHOT: Duration = Duration::from_secs(900);
/// So long after a message without a day another one asks for a snapshot again.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// Messages that are taken at once, if so many are there.
const MOST_MESSAGES: usize = 1_024;

/// Listens to Yahoo's WebSocket stream, for many symbols.
///
/// **Yahoo's API is for personal use**; what one may do with its quotes is in its terms.
///
/// - A message tells a price as soon as it changes, and leaves out much of what a quote has: mostly the open, high and low of the day, and
///   the close before. Those come from a *snapshot*, which is an answer of the chart endpoint, asked for by a [`YahooPoll`] with its rate,
///   breaker and calendar: first of all, every 15 minutes, and soon when a message finds that it needs one. They hold for the messages of the
///   same trading day; high and low follow the price. **Until a symbol's day is known, its messages make no quote**: nothing is made
///   up. The quotes of snapshots are passed on, too.
/// - A quote carries the market time of the message. What is no news is not passed on, as [`YahooPoll`] has it, whose cursors this feed
///   shares. Messages of before and after the regular session make no quote.
/// - A message that cannot be read costs itself; it is counted, and told now and then.
/// - The connection is kept alive by heartbeats. When it is lost, silent, or without a price for [some time](Self::with_idle) though a market is
///   open, it is made again, after a [pause](Self::with_pauses) that doubles and has chance in it. What the market did meanwhile is not seen.
/// - A consumer that waits lets messages wait on their way here; in the end, the host closes the connection, and a new one is made.
///
/// Failures are logged and counted, and never an error of the feed.
#[derive(Debug)]
pub struct YahooStream {
    line: Line,
    snapshots: YahooPoll,
    known: HashMap<Symbol, Known>,
    fresh: Fresh,
    counts: FeedCounts,
    calendar: Arc<dyn TradingCalendar>,
    clock: Clock,
    idle: Duration,
    /// When the line was idle for so long.
    idle_at: Instant,
}

/// What is known of a symbol.
#[derive(Debug, Default)]
struct Known {
    day: Option<Day>,
    /// What was missing in its messages last.
    told: &'static str,
    /// When a snapshot was asked for last.
    asked: Option<Instant>,
}

impl YahooStream {
    /// Listens for `symbols`, 1 to 10,000, after what `cursors` say was given.
    ///
    /// # Errors
    /// [`InvalidConfig`]: too few or many symbols, or one twice.
    pub fn new(symbols: &[Symbol], cursors: &[Cursor]) -> Result<Self, InvalidConfig> {
        let snapshots = YahooPoll::new(symbols, &[])?.with_interval(SNAPSHOT)?;
        let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
        let subscribe = serde_json::json!({ "subscribe": names }).to_string();
        let idle = Duration::from_secs(300);
        Ok(Self {
            line: Line::new(Dial::new(URL, subscribe)?),
            counts: snapshots.counts(),
            snapshots,
            known: symbols.iter().map(|symbol| (*symbol, Known::default())).collect(),
            fresh: Fresh::new(cursors),
            calendar: Arc::new(BySymbol),
            clock: Clock(Arc::new(system_clock)),
            idle,
            idle_at: Instant::now() + idle,
        })
    }

    /// Listens to another host: `wss://…` or `ws://…`.
    ///
    /// # Errors
    /// [`InvalidConfig`]: no such URL.
    pub fn with_url(mut self, url: &str) -> Result<Self, InvalidConfig> {
        self.line.dial = self.line.dial.with_url(url)?;
        Ok(self)
    }

    /// Asks another host for snapshots, see [`YahooPoll::with_url`].
    #[must_use]
    pub fn with_snapshot_url(mut self, url: &str) -> Self {
        self.snapshots = self.snapshots.with_url(url);
        self
    }

    /// Most requests for snapshots a minute, see [`YahooPoll::with_rate`].
    ///
    /// # Errors
    /// [`InvalidConfig`] out of its bounds.
    pub fn with_rate(mut self, a_minute: u32) -> Result<Self, InvalidConfig> {
        self.snapshots = self.snapshots.with_rate(a_minute)?;
        Ok(self)
    }

    /// Most requests for snapshots under way at once, see [`YahooPoll::with_concurrency`].
    ///
    /// # Errors
    /// [`InvalidConfig`] out of its bounds.
    pub fn with_concurrency(mut self, requests: usize) -> Result<Self, InvalidConfig> {
        self.snapshots = self.snapshots.with_concurrency(requests)?;
        Ok(self)
    }

    /// How long it may take to connect or to get a snapshot, and the name under which the client is known (default: 10 s, a browser's).
    ///
    /// # Errors
    /// [`InvalidConfig`]: no name that can be sent.
    pub fn with_client(
        mut self,
        timeout: Duration,
        user_agent: Option<&str>,
    ) -> Result<Self, InvalidConfig> {
        self.snapshots = self.snapshots.with_client(timeout, user_agent);
        self.line.dial.timeout = timeout;
        if let Some(name) = user_agent {
            self.line.dial = self.line.dial.with_user_agent(name)?;
        }
        Ok(self)
    }

    /// Between two heartbeats (default 15 s); a connection that is silent for three is lost.
    ///
    /// # Errors
    /// [`InvalidConfig`] out of 10 ms to 10 minutes.
    pub fn with_heartbeat(mut self, beat: Duration) -> Result<Self, InvalidConfig> {
        within("heartbeat_ms", beat.as_millis(), 10, 600_000)?;
        self.line.beat = beat;
        Ok(self)
    }

    /// First and longest pause before a connection is made again (default: 1 s and 2 minutes); of each, a random part of up to a half is
    /// left out. After a 429 it is 30 s to an hour, or what the host asks for.
    ///
    /// # Errors
    /// [`InvalidConfig`] out of 10 ms to an hour, or the first is the longer one.
    pub fn with_pauses(
        mut self,
        first: Duration,
        longest: Duration,
    ) -> Result<Self, InvalidConfig> {
        within("longest_pause_ms", longest.as_millis(), 10, 3_600_000)?;
        within("first_pause_ms", first.as_millis(), 10, longest.as_millis())?;
        self.line.pauses = (first, longest);
        Ok(self)
    }

    /// How long there may be no price, while a market is open, before the connection is made anew (default 5 minutes).
    ///
    /// # Errors
    /// [`InvalidConfig`] out of 10 ms to a day.
    pub fn with_idle(mut self, idle: Duration) -> Result<Self, InvalidConfig> {
        within("idle_ms", idle.as_millis(), 10, 86_400_000)?;
        (self.idle, self.idle_at) = (idle, Instant::now() + idle);
        Ok(self)
    }

    /// With another calendar.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Arc<dyn TradingCalendar>) -> Self {
        self.snapshots = self.snapshots.with_calendar(Arc::clone(&calendar));
        self.calendar = calendar;
        self
    }

    /// With another clock, which is asked whether markets are open.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let clock = Arc::new(clock);
        self.clock = Clock(clock.clone());
        self.snapshots = self.snapshots.with_clock(move || clock());
        self
    }

    /// Ends when so many connections are over, or could not be made.
    #[must_use]
    pub const fn with_connections(mut self, connections: u32) -> Self {
        self.line.left = Some(connections);
        self
    }

    /// What this feed has seen, snapshots included.
    #[must_use]
    pub fn counts(&self) -> FeedCounts {
        self.counts.clone()
    }

    /// Takes in what has happened; false at the end.
    fn happened(&mut self, event: Event, batch: &mut SourceBatch) -> bool {
        match event {
            Event::Heard(text) => self.hear(&text, batch),
            Event::Open => self.not_idle(),
            Event::Lost { refused: true } => self.counts.count_refused(),
            Event::Lost { refused: false } => self.counts.count_failed(),
            Event::End => return false,
        }
        true
    }

    fn hear(&mut self, text: &str, batch: &mut SourceBatch) {
        self.counts.count_poll();
        match Pricing::read(text) {
            Ok(None) => {}
            Ok(Some(message)) => self.take(&message, batch),
            Err(why) => {
                self.counts.count_failed();
                // Not each one of many.
                if self.counts.failed().is_power_of_two() {
                    let failed = self.counts.failed();
                    tracing::warn!(backend = BACKEND, %why, failed, "a message cannot be read");
                }
            }
        }
    }

    fn take(&mut self, message: &Pricing, batch: &mut SourceBatch) {
        let Ok(symbol) = Symbol::new(&message.id) else { return };
        let Some(known) = self.known.get_mut(&symbol) else { return };
        self.idle_at = Instant::now() + self.idle;
        if message.market_hours != REGULAR {
            return;
        }
        let day = match message.at() {
            Some(time) if known.day.is_some_and(|day| time < day.newest().timestamp) => {
                self.counts.count_unchanged();
                return;
            }
            Some(time) => Day::after(known.day.as_ref(), symbol, time, message),
            None => Err("time"),
        };
        match day {
            Ok(day) => {
                (known.day, known.told) = (Some(day), "");
                self.fresh.put(*day.newest(), &self.counts, batch);
            }
            Err(missing) => {
                self.counts.count_incomplete();
                if known.told != missing {
                    known.told = missing;
                    tracing::warn!(backend = BACKEND, %symbol, missing, "no quote until a snapshot is there");
                }
                if known.asked.is_none_or(|asked| asked.elapsed() > ASK_AGAIN) {
                    known.asked = Some(Instant::now());
                    self.snapshots.hurry(&symbol);
                }
            }
        }
    }

    fn snapshot(&mut self, reading: &Reading, batch: &mut SourceBatch) {
        if let Some(known) = self.known.get_mut(&reading.quote.symbol) {
            known.day = Some(Day::of(known.day.as_ref(), reading));
        }
        self.fresh.put(reading.quote, &self.counts, batch);
    }

    fn not_idle(&mut self) {
        self.idle_at = Instant::now() + self.idle;
    }

    /// There was no price for long.
    fn is_idle(&mut self) {
        self.not_idle();
        let now = (self.clock.0)();
        let is_open = |symbol| self.calendar.status(symbol, now) == MarketStatus::Open;
        if self.line.is_open() && self.known.keys().any(is_open) {
            let why = format!("there was no price for {:?}, though a market is open", self.idle);
            self.counts.count_failed();
            self.line.lost(Lost::new(why));
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl QuoteSource for YahooStream {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        loop {
            let mut batch = SourceBatch::default();
            tokio::select! {
                event = self.line.next() => {
                    let mut more = self.happened(event, &mut batch);
                    // What is there already comes along.
                    for _ in 1..MOST_MESSAGES {
                        let Some(event) = self.line.next().now_or_never() else { break };
                        more = self.happened(event, &mut batch);
                        if !more {
                            break;
                        }
                    }
                    if !more && batch.quotes.is_empty() {
                        return Ok(None);
                    }
                }
                Some(readings) = self.snapshots.next_readings() => {
                    for reading in &readings {
                        self.snapshot(reading, &mut batch);
                    }
                }
                () = sleep_until(self.idle_at) => self.is_idle(),
            }
            if !batch.quotes.is_empty() {
                return Ok(Some(batch));
            }
        }
    }
}

/// Tells the time.
struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
