//! A world that fails by seed: a stream, backends that refuse or crash at any call, and a driver that delivers again.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use stockflow_core::{
    Alert, AlertId, AlertLedger, AlertStatus, Alerter, Archive, BatchReport, Claim, Error,
    ErrorKind, ItemFailure, Object, PolicyState, Processor, QuoteHistory, QuoteTable, RecordBatch,
    Result, RowKey, RowQuery, RuleKey, Rules, StoredRow, StreamRecord, Symbol, Timestamp,
    TrendWatch,
    memory::{MemoryAlerter, MemoryArchive, MemoryLedger, MemoryTable},
    wire,
};

/// splitmix64: the same histories on every machine.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Decides at every call of a backend what goes wrong.
#[derive(Debug)]
pub struct Fate {
    dice: Mutex<Dice>,
    percent: u64,
    crashed: AtomicBool,
}

/// What happens to a call.
enum Luck {
    Fine,
    /// Done, but the answer is lost.
    AnswerLost,
    /// Not done.
    Refused,
    /// One item of a batch is refused.
    Partial(usize),
}

impl Fate {
    pub fn new(seed: u64, percent: u64) -> Arc<Self> {
        Arc::new(Self { dice: Mutex::new(Dice(seed)), percent, crashed: AtomicBool::new(false) })
    }

    fn luck(&self, items: usize) -> Luck {
        let mut dice = self.dice.lock().unwrap();
        if self.crashed.load(SeqCst) {
            return Luck::Refused;
        }
        if !dice.percent(self.percent) {
            return Luck::Fine;
        }
        match dice.below(4) {
            // A process that is killed does nothing any more until it is started again.
            0 => {
                self.crashed.store(true, SeqCst);
                if dice.percent(50) { Luck::AnswerLost } else { Luck::Refused }
            }
            1 => Luck::AnswerLost,
            2 if items > 0 => Luck::Partial(dice.below(items as u64) as usize),
            _ => Luck::Refused,
        }
    }
}

fn error() -> Error {
    Error::new(ErrorKind::Unavailable, "world", "call")
}

/// A backend behind fate.
#[derive(Debug)]
pub struct Flaky<T>(pub Arc<T>, pub Arc<Fate>);

impl<T> Flaky<T> {
    async fn call<R>(&self, done: impl Future<Output = Result<R>> + Send) -> Result<R> {
        match self.1.luck(0) {
            Luck::Fine => done.await,
            Luck::AnswerLost => {
                let _ = done.await;
                Err(error())
            }
            Luck::Refused | Luck::Partial(_) => Err(error()),
        }
    }
}

#[async_trait]
impl QuoteHistory for Flaky<MemoryTable> {
    async fn rows(&self, query: RowQuery) -> Result<Vec<StoredRow>> {
        self.call(self.0.rows(query)).await
    }
}

#[async_trait]
impl QuoteTable for Flaky<MemoryTable> {
    async fn newest(&self, symbols: &[Symbol]) -> Result<Vec<Option<StoredRow>>> {
        self.call(self.0.newest(symbols)).await
    }
    async fn contains(&self, keys: &[RowKey]) -> Result<Vec<bool>> {
        self.call(self.0.contains(keys)).await
    }
    async fn put(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        if let Luck::Partial(at) = self.1.luck(rows.len()) {
            let rest: Vec<StoredRow> =
                rows.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, r)| r.clone()).collect();
            self.0.put(&rest).await?.into_result()?;
            return Ok(BatchReport::partial(vec![ItemFailure { index: at, error: error() }]));
        }
        self.call(self.0.put(rows)).await
    }
    async fn put_absent(&self, rows: &[StoredRow]) -> Result<BatchReport> {
        self.call(self.0.put_absent(rows)).await
    }
}

#[async_trait]
impl Archive for Flaky<MemoryArchive> {
    async fn put(&self, object: Object) -> Result<()> {
        self.call(self.0.put(object)).await
    }
}

#[async_trait]
impl AlertLedger for Flaky<MemoryLedger> {
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim> {
        self.call(self.0.claim(alert, now, lease)).await
    }
    async fn mark_sent(&self, id: &AlertId, at: Timestamp) -> Result<()> {
        self.call(self.0.mark_sent(id, at)).await
    }
    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>> {
        self.call(self.0.status(id)).await
    }
    async fn policy_state(&self, key: &RuleKey) -> Result<Option<PolicyState>> {
        self.call(self.0.policy_state(key)).await
    }
    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool> {
        self.call(self.0.advance(key, state)).await
    }
}

#[async_trait]
impl Alerter for Flaky<MemoryAlerter> {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        if let Luck::Partial(at) = self.1.luck(alerts.len()) {
            let rest: Vec<Alert> = alerts
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != at)
                .map(|(_, a)| a.clone())
                .collect();
            self.0.notify(&rest).await?.into_result()?;
            return Ok(BatchReport::partial(vec![ItemFailure { index: at, error: error() }]));
        }
        self.call(self.0.notify(alerts)).await
    }
}

/// What is left at the end.
#[derive(Debug, PartialEq, Eq)]
pub struct Remains {
    pub rows: Vec<String>,
    pub lake: Vec<String>,
    pub quarantine: Vec<String>,
    pub alerts: Vec<String>,
}

impl Remains {
    /// What one has and the other has not, a line each.
    pub fn difference(&self, other: &Self) -> Vec<String> {
        let mut out = Vec::new();
        for (name, a, b) in [
            ("row", &self.rows, &other.rows),
            ("lake", &self.lake, &other.lake),
            ("quarantine", &self.quarantine, &other.quarantine),
            ("alert", &self.alerts, &other.alerts),
        ] {
            let count = |of: &[String], line: &String| of.iter().filter(|l| *l == line).count();
            out.extend(
                a.iter().filter(|l| count(a, l) > count(b, l)).map(|l| format!("- {name} {l}")),
            );
            out.extend(
                b.iter().filter(|l| count(b, l) > count(a, l)).map(|l| format!("+ {name} {l}")),
            );
        }
        out
    }
}

#[derive(Debug, Default)]
pub struct Backends {
    table: Arc<MemoryTable>,
    lake: Arc<MemoryArchive>,
    quarantine: Arc<MemoryArchive>,
    ledger: Arc<MemoryLedger>,
    alerter: Arc<MemoryAlerter>,
}

impl Backends {
    fn stages(&self, rules: &Rules, fate: &Arc<Fate>) -> (Processor, TrendWatch) {
        let table = Arc::new(Flaky(Arc::clone(&self.table), Arc::clone(fate)));
        let processor = Processor::new(
            rules,
            Arc::clone(&table) as _,
            Arc::new(Flaky(Arc::clone(&self.lake), Arc::clone(fate))),
            Arc::new(Flaky(Arc::clone(&self.quarantine), Arc::clone(fate))),
        );
        let watch = TrendWatch::new(
            rules,
            table,
            Arc::new(Flaky(Arc::clone(&self.ledger), Arc::clone(fate))),
            Arc::new(Flaky(Arc::clone(&self.alerter), Arc::clone(fate))),
        )
        .with_lease(Duration::from_secs(10));
        (processor, watch)
    }

    fn remains(&self) -> Remains {
        let rows = self.table.snapshot().into_iter().map(|stored| {
            let mut json = Vec::new();
            wire::encode_row(&stored.row, &mut json);
            String::from_utf8(json).unwrap()
        });
        let text = |archive: &MemoryArchive| {
            let mut lines: Vec<String> = archive
                .lines()
                .iter()
                .map(|line| String::from_utf8(line.to_vec()).unwrap())
                .collect();
            lines.sort();
            lines
        };
        let mut alerts: Vec<String> =
            self.alerter.sent().iter().map(|alert| alert.to_json()).collect();
        alerts.sort();
        Remains {
            rows: rows.collect(),
            lake: text(&self.lake),
            quarantine: text(&self.quarantine),
            alerts,
        }
    }
}

/// How a history goes wrong.
#[derive(Debug, Clone, Copy)]
pub struct Trouble {
    /// Calls that fail, in percent.
    pub percent: u64,
    /// Most records in a batch.
    pub batch: u64,
    /// Whether each new attempt may be cut shorter, as by a bisect.
    pub bisect: bool,
}

/// Delivers `records` through both stages until all is done: what is left.
pub async fn play(rules: &Rules, records: &[StreamRecord], seed: u64, trouble: Trouble) -> Remains {
    let backends = Backends::default();
    let fate = Fate::new(seed ^ 0xFA7E, trouble.percent);
    let mut dice = Dice(seed);
    let (mut one, mut two) = backends.stages(rules, &fate);
    // Another container of the same function: warm, and behind whenever it is not its turn.
    let mut other = backends.stages(rules, &fate);
    let mut now = Timestamp::MIN;
    let mut done = 0;
    let mut feed: Vec<StoredRow> = Vec::new();
    let mut attempts = 0;
    while done < records.len() || !feed.is_empty() {
        attempts += 1;
        assert!(attempts < 100 * records.len() + 1_000, "attempts are bounded");
        now = now.saturating_add(Duration::from_secs(7));
        // A killed process starts again, cold; and now and then one is replaced without a reason.
        if fate.crashed.swap(false, SeqCst) || dice.percent(trouble.percent / 2) {
            (one, two) = backends.stages(rules, &fate);
        }
        if dice.percent(trouble.percent) {
            std::mem::swap(&mut one, &mut other.0);
            std::mem::swap(&mut two, &mut other.1);
        }
        if done < records.len() {
            let left = (records.len() - done) as u64;
            let size =
                1 + if trouble.bisect { dice.below(trouble.batch) } else { trouble.batch - 1 };
            let batch = RecordBatch {
                shard: "shard-0".into(),
                records: records[done..done + size.min(left) as usize].to_vec(),
            };
            if let Ok(outcome) = one.process(&batch).await {
                let acknowledged = outcome
                    .report
                    .failures()
                    .first()
                    .map_or(batch.records.len(), |failure| failure.index);
                assert_eq!(acknowledged as u64, outcome.counts.records);
                done += acknowledged;
            }
            let before = feed.len();
            feed.extend(backends.table.take_checkpoints());
            // The feed keeps order per row only.
            if feed.len() > before + 1 && dice.percent(trouble.percent) {
                let at = before + dice.below((feed.len() - before - 1) as u64) as usize;
                feed.swap(at, at + 1);
            }
            if before > 0 && feed.len() > before && dice.percent(trouble.percent) {
                feed.swap(before - 1, before);
            }
        }
        // The feed may deliver a checkpoint twice, too.
        if !feed.is_empty() && dice.percent(70) {
            let count = 1 + dice.below(feed.len() as u64) as usize;
            let outcome = two.process(&feed[..count], now).await;
            let acknowledged =
                outcome.report.failures().first().map_or(count, |failure| failure.index);
            // A feed that was not acknowledged in time comes again.
            if trouble.percent == 0 || dice.percent(60) {
                feed.drain(..acknowledged);
            }
        }
    }
    let unsent: Vec<_> = backends
        .ledger
        .alerts()
        .into_iter()
        .filter(|(_, status)| !matches!(status, AlertStatus::Sent { .. }))
        .collect();
    assert!(unsent.is_empty(), "claimed and never marked as sent: {unsent:?}");
    backends.remains()
}
