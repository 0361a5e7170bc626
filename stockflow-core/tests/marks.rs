//! Stage 2 asks its ledger seldom, however many symbols an event has.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use stockflow_core::{
    Alert, AlertId, AlertLedger, AlertLedgerExt as _, AlertStatus, Checkpoint, Claim, PolicyState,
    QuoteTable as _, Result, RuleKey, Rules, StoredRow, Symbol, Timestamp, TrendWatch,
    conformance::samples::{at, row},
    memory::{MemoryAlerter, MemoryLedger, MemoryTable},
};

/// A ledger that counts how often it is asked.
#[derive(Debug, Default)]
struct Counting {
    ledger: MemoryLedger,
    reads: AtomicUsize,
    advances: AtomicUsize,
}

#[async_trait]
impl AlertLedger for Counting {
    async fn claim(&self, alert: &Alert, now: Timestamp, lease: Duration) -> Result<Claim> {
        self.ledger.claim(alert, now, lease).await
    }
    async fn mark_sent(&self, id: &AlertId, at: Timestamp) -> Result<()> {
        self.ledger.mark_sent(id, at).await
    }
    async fn status(&self, id: &AlertId) -> Result<Option<AlertStatus>> {
        self.ledger.status(id).await
    }
    async fn policy_states(&self, keys: &[RuleKey]) -> Result<Vec<Option<PolicyState>>> {
        self.reads.fetch_add(1, Relaxed);
        self.ledger.policy_states(keys).await
    }
    async fn advance(&self, key: &RuleKey, state: &PolicyState) -> Result<bool> {
        self.advances.fetch_add(1, Relaxed);
        self.ledger.advance(key, state).await
    }
}

/// Symbols that all have a checkpoint in every event, a minute apart.
struct Market {
    symbols: Vec<Symbol>,
    table: Arc<MemoryTable>,
    ledger: Arc<Counting>,
    events: u64,
}

impl Market {
    fn new(symbols: usize) -> Self {
        let symbols = (0..symbols).map(|n| format!("S{n}").parse().unwrap()).collect();
        Self { symbols, table: Arc::default(), ledger: Arc::default(), events: 0 }
    }

    fn container(&self) -> TrendWatch {
        let alerter = Arc::new(MemoryAlerter::new());
        TrendWatch::new(&Rules::default_set(), self.table.clone(), self.ledger.clone(), alerter)
    }

    /// The next event: how often it reads from the ledger, and how often it writes to it.
    async fn event(&mut self, watch: &mut TrendWatch) -> (usize, usize) {
        let time = |event: u64| event * 60;
        let previous = self.events.checked_sub(1).map(|event| at(time(event)));
        let checkpoint = |symbol: &Symbol| {
            let checkpoint = Some(Checkpoint { previous });
            StoredRow { checkpoint, ..row(*symbol, time(self.events)) }
        };
        let rows: Vec<_> = self.symbols.iter().map(checkpoint).collect();
        self.table.put(&rows).await.unwrap().into_result().unwrap();
        self.events += 1;
        let count = || (self.ledger.reads.load(Relaxed), self.ledger.advances.load(Relaxed));
        let before = count();
        watch.process(&rows, at(0)).await.report.into_result().unwrap();
        (count().0 - before.0, count().1 - before.1)
    }

    /// Up to which event the symbol that is behind the others is marked.
    async fn least_mark(&self) -> Option<u64> {
        let mut least = Some(u64::MAX);
        for symbol in &self.symbols {
            let key = RuleKey { symbol: *symbol, rule: "@followed".into() };
            let state = self.ledger.policy_state(&key).await.unwrap();
            least = least.min(state.map(|state| state.last_input.since(at(0)).as_secs() / 60));
        }
        least
    }
}

#[tokio::test]
async fn an_event_of_many_symbols_writes_few_marks_and_none_falls_far_behind() {
    for (symbols, most, behind) in [(1, 1, 16), (4, 4, 16), (100, 4, 42), (300, 12, 42)] {
        let mut market = Market::new(symbols);
        let mut watch = market.container();
        for event in 0..100 {
            let (reads, writes) = market.event(&mut watch).await;
            assert_eq!(reads, usize::from(event == 0), "{symbols} symbols, event {event}");
            assert!(writes <= most, "{writes} marks for {symbols} symbols");
            if event >= 30 {
                let mark = market.least_mark().await.unwrap();
                assert!(mark + behind >= event, "{symbols} symbols, event {event}: {mark}");
            }
        }
    }
}

#[tokio::test]
async fn a_cold_start_looks_up_all_marks_at_once() {
    let mut market = Market::new(50);
    let mut watch = market.container();
    for _ in 0..20 {
        market.event(&mut watch).await;
    }
    let (reads, _) = market.event(&mut market.container()).await;
    assert_eq!(reads, 1);
}
