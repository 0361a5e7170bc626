//! Asking again and again.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use stockflow_core::{
    Cursor, InvalidConfig, QuoteSource, Result, SourceBatch, Symbol, Timestamp, params::within,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    BACKEND, USER_AGENT,
    breaker::Breaker,
    budget::Budget,
    chart::{self, NoQuote, Reading},
    counts::FeedCounts,
    fresh::Fresh,
    http::{Answer, Fetch, Http},
    outcome::Outcome,
};
use crate::{
    calendar::{BySymbol, MarketStatus, TradingCalendar},
    pipeline::system_clock,
};

const URL: &str = "https://query1.finance.yahoo.com";
/// A symbol that is not known may be listed later.
const UNKNOWN: Duration = Duration::from_secs(3_600);
/// Longest pause of a symbol whose answers fail.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// A symbol is asked at most so often, however urgent it is.
const URGENT: Duration = Duration::from_secs(60);
/// Of a market that no calendar knows: how often it is asked when its own session is over, and for how long after its end it counts
/// as open.
const OVER: Duration = Duration::from_secs(1_800);

/// Polls Yahoo's chart endpoint, which needs neither cookie nor crumb, for many symbols.
///
/// **Yahoo's API is for personal use**; what one may do with its quotes is in its terms.
///
/// - A quote carries the market time of its last trade. What is no news is not passed on: of each symbol, nothing that is older than or
///   the same as what was given last, also across restarts, by the cursors. What changes within a second is numbered.
/// - What lacks a field or has no number in it makes no quote; it is counted, and told once.
/// - Each symbol is asked every [interval](Self::with_interval), not while its market is closed (by a [`TradingCalendar`]; where that
///   does not know, by the session that Yahoo tells), and only when this feed is asked for more: a consumer that waits asks nobody.
/// - The host gets at most so many [requests a minute](Self::with_rate), and so many [at once](Self::with_concurrency). After a 429
///   it is left alone: as long as it says (`Retry-After`, up to a day), or 30 s, doubling up to an hour. Then one request goes first.
///   Three other failures in a row do the same, from one second on.
///
/// Failures are logged and counted, and never an error of the feed.
pub struct YahooPoll {
    fetch: Arc<dyn Fetch>,
    url: String,
    listed: Vec<Listed>,
    calendar: Arc<dyn TradingCalendar>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    interval: Duration,
    concurrency: usize,
    budget: Budget,
    breaker: Breaker,
    /// When to ask for which symbol; those under way are not in it.
    due: BTreeSet<(Instant, usize)>,
    under_way: JoinSet<Asked>,
    fresh: Fresh,
    counts: FeedCounts,
}

/// A symbol, and what is known of its answers.
#[derive(Debug)]
struct Listed {
    symbol: Symbol,
    /// In a row.
    failures: u32,
    /// Polls that are left; none: no end.
    rounds: Option<u32>,
    /// What was told of its answers last.
    told: String,
    /// It may be asked again then, if it is urgent.
    earliest: Option<Instant>,
}

struct Asked {
    index: usize,
    at: Instant,
    answer: Result<Answer, String>,
}

impl YahooPoll {
    /// Polls `symbols`, 1 to 10,000, every 30 s, after what `cursors` say was given.
    ///
    /// # Errors
    /// [`InvalidConfig`]: too few or many symbols, or one twice.
    pub fn new(symbols: &[Symbol], cursors: &[Cursor]) -> Result<Self, InvalidConfig> {
        within("symbols", symbols.len(), 1, 10_000)?;
        let different: BTreeSet<&Symbol> = symbols.iter().collect();
        if different.len() < symbols.len() {
            return Err(InvalidConfig::new("symbols", symbols.len(), "each symbol once"));
        }
        let now = Instant::now();
        let listed = |symbol: &Symbol| Listed {
            symbol: *symbol,
            failures: 0,
            rounds: None,
            told: String::new(),
            earliest: None,
        };
        Ok(Self {
            fetch: Arc::new(Http::new(Duration::from_secs(10), USER_AGENT)),
            url: URL.to_owned(),
            listed: symbols.iter().map(listed).collect(),
            calendar: Arc::new(BySymbol),
            clock: Arc::new(system_clock),
            interval: Duration::from_secs(30),
            concurrency: 4,
            budget: Budget::new(120, 20),
            breaker: Breaker::default(),
            due: (0..symbols.len()).map(|index| (now, index)).collect(),
            under_way: JoinSet::new(),
            fresh: Fresh::new(cursors),
            counts: FeedCounts::default(),
        })
    }

    /// How long from one poll of a symbol to the next, 1 s to a day (default 30 s).
    ///
    /// # Errors
    /// [`InvalidConfig`] out of these bounds.
    pub fn with_interval(mut self, interval: Duration) -> Result<Self, InvalidConfig> {
        within("interval", interval.as_secs(), 1, 86_400)?;
        self.interval = interval;
        Ok(self)
    }

    /// Most requests a minute, 1 to 6,000 (default 120).
    ///
    /// # Errors
    /// [`InvalidConfig`] out of these bounds.
    pub fn with_rate(mut self, a_minute: u32) -> Result<Self, InvalidConfig> {
        within("requests_a_minute", a_minute, 1, 6_000)?;
        self.budget = Budget::new(a_minute, a_minute / 6);
        Ok(self)
    }

    /// Most requests under way at once, 1 to 64 (default 4).
    ///
    /// # Errors
    /// [`InvalidConfig`] out of these bounds.
    pub fn with_concurrency(mut self, requests: usize) -> Result<Self, InvalidConfig> {
        within("concurrency", requests, 1, 64)?;
        self.concurrency = requests;
        Ok(self)
    }

    /// Asks another host, `https://host` without a path: a proxy, or a stub in a test.
    #[must_use]
    pub fn with_url(mut self, url: &str) -> Self {
        url.trim_end_matches('/').clone_into(&mut self.url);
        self
    }

    /// How long a request may take, and the name under which the client is known (default: 10 s, a browser's).
    #[must_use]
    pub fn with_client(mut self, timeout: Duration, user_agent: Option<&str>) -> Self {
        self.fetch = Arc::new(Http::new(timeout, user_agent.unwrap_or(USER_AGENT)));
        self
    }

    /// With another calendar.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Arc<dyn TradingCalendar>) -> Self {
        self.calendar = calendar;
        self
    }

    /// With another clock, which is asked whether markets are open.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Ends when each symbol was polled so often, closed markets too; what fails is not tried again.
    #[must_use]
    pub fn with_rounds(mut self, rounds: u32) -> Self {
        self.listed.iter_mut().for_each(|listed| listed.rounds = Some(rounds));
        if rounds == 0 {
            self.due.clear();
        }
        self
    }

    /// What this feed has seen.
    #[must_use]
    pub fn counts(&self) -> FeedCounts {
        self.counts.clone()
    }

    /// Sends what may be sent now: when to look again, if that is before an answer comes.
    fn send(&mut self) -> Option<Instant> {
        loop {
            if self.under_way.len() >= self.concurrency {
                return None;
            }
            let &(due, index) = self.due.first()?;
            let now = Instant::now();
            if due > now {
                return Some(due);
            }
            if let Some(opens) = self.opens(index, now) {
                self.due.remove(&(due, index));
                self.due.insert((opens, index));
                continue;
            }
            let ready = self.breaker.ready_at(now)?.max(self.budget.ready_at(now));
            if ready > now {
                return Some(ready);
            }
            self.due.remove(&(due, index));
            self.ask(index, now);
        }
    }

    /// When the market of a symbol opens, if it is closed.
    fn opens(&self, index: usize, now: Instant) -> Option<Instant> {
        let listed = &self.listed[index];
        if listed.rounds.is_some() {
            return None;
        }
        let at = (self.clock)();
        match self.calendar.status(&listed.symbol, at) {
            MarketStatus::ClosedUntil(opens) if opens > at => Some(now + opens.since(at)),
            _ => None,
        }
    }

    fn ask(&mut self, index: usize, now: Instant) {
        self.budget.spend(now);
        self.breaker.sent();
        self.counts.count_poll();
        let listed = &mut self.listed[index];
        if let Some(rounds) = &mut listed.rounds {
            *rounds -= 1;
        }
        let symbol = encoded(&listed.symbol);
        // A day's bar has the open; everything else stands in the header of the answer.
        let url = format!("{}/v8/finance/chart/{symbol}?interval=1d&range=1d", self.url);
        let fetch = Arc::clone(&self.fetch);
        self.under_way.spawn(async move { Asked { index, at: now, answer: fetch.get(url).await } });
    }

    /// Waits for the next answers: what they say. `None`, when there will be none. Dropped while it waits, it loses none.
    pub(super) async fn next_readings(&mut self) -> Option<Vec<Reading>> {
        loop {
            let wake = self.send();
            if self.under_way.is_empty() && self.due.is_empty() {
                return None;
            }
            // Dropped here, requests go on, and their answers wait.
            let answered = tokio::select! {
                Some(answered) = self.under_way.join_next() => answered,
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => continue,
            };
            let mut readings = Vec::new();
            let mut next = Some(answered);
            while let Some(answered) = next {
                match answered {
                    Ok(asked) => readings.extend(self.settle(asked)),
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                }
                next = self.under_way.try_join_next();
            }
            if !readings.is_empty() {
                return Some(readings);
            }
        }
    }

    /// Asks for a symbol as soon as may be: a minute after it was asked last, if that was answered.
    pub(super) fn hurry(&mut self, symbol: &Symbol) {
        let of_symbol = |(_, index): &&(Instant, usize)| self.listed[*index].symbol == *symbol;
        let Some(&(due, index)) = self.due.iter().find(of_symbol) else { return };
        if let Some(earliest) = self.listed[index].earliest.filter(|earliest| *earliest < due) {
            self.due.remove(&(due, index));
            self.due.insert((earliest, index));
        }
    }

    /// Takes in an answer.
    fn settle(&mut self, asked: Asked) -> Option<Reading> {
        let Asked { index, at, answer } = asked;
        let now = Instant::now();
        let symbol = self.listed[index].symbol;
        self.listed[index].earliest = None;
        let mut reading = None;
        let next = match Outcome::of(answer) {
            Outcome::Body(body) => match chart::read(symbol, &body) {
                Err(NoQuote::NotAChart(why)) => self.failed(index, now, &why),
                read => {
                    self.breaker.answered();
                    self.listed[index].failures = 0;
                    let next = self.answered(index, at, &read);
                    reading = read.ok();
                    next
                }
            },
            Outcome::Refused(after) => {
                self.counts.count_refused();
                let pause = self.breaker.refused(now, after);
                tracing::warn!(
                    backend = BACKEND,
                    ?pause,
                    "too many requests; the host is left alone"
                );
                now
            }
            Outcome::Failed(why) => self.failed(index, now, &why),
        };
        if self.listed[index].rounds != Some(0) {
            self.due.insert((next, index));
        }
        reading
    }

    fn failed(&mut self, index: usize, now: Instant, why: &str) -> Instant {
        self.counts.count_failed();
        let pause = self.breaker.failed(now);
        let listed = &mut self.listed[index];
        listed.failures += 1;
        tracing::warn!(backend = BACKEND, symbol = %listed.symbol, why, ?pause, "a poll failed");
        let doubled = 1_u32.checked_shl(listed.failures - 1).unwrap_or(u32::MAX);
        now + self.interval.saturating_mul(doubled).min(LONGEST_PAUSE.max(self.interval))
    }

    /// When to ask next.
    fn answered(&mut self, index: usize, at: Instant, read: &Result<Reading, NoQuote>) -> Instant {
        let symbol = self.listed[index].symbol;
        let pause = match read {
            Ok(reading) => {
                self.listed[index].told.clear();
                self.pause(index, reading.session)
            }
            Err(why) => {
                self.counts.count_incomplete();
                let told = why.to_string();
                if told != self.listed[index].told {
                    tracing::warn!(backend = BACKEND, %symbol, why = told, "no quote");
                    self.listed[index].told = told;
                }
                if matches!(why, NoQuote::Unknown(_)) {
                    return at + UNKNOWN;
                }
                self.interval
            }
        };
        self.listed[index].earliest = Some(at + pause.min(URGENT));
        at + pause
    }

    /// Until the next poll of a symbol whose session is that.
    fn pause(&self, index: usize, session: Option<(Timestamp, Timestamp)>) -> Duration {
        let listed = &self.listed[index];
        let now = (self.clock)();
        let status = self.calendar.status(&listed.symbol, now);
        let Some((start, end)) = session else { return self.interval };
        if listed.rounds.is_some() || status != MarketStatus::Unknown {
            return self.interval;
        }
        if now < start {
            return start.since(now).min(OVER).max(self.interval);
        }
        if now > end.saturating_add(OVER) { OVER.max(self.interval) } else { self.interval }
    }
}

/// A symbol as part of a path.
fn encoded(symbol: &Symbol) -> String {
    let mut text = String::with_capacity(32);
    for byte in symbol.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl QuoteSource for YahooPoll {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        while let Some(readings) = self.next_readings().await {
            let mut batch = SourceBatch::default();
            for reading in readings {
                self.fresh.put(reading.quote, &self.counts, &mut batch);
            }
            if !batch.quotes.is_empty() {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for YahooPoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YahooPoll")
            .field("url", &self.url)
            .field("symbols", &self.listed.len())
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
