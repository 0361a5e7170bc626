//! Every feed keeps the contract of `QuoteSource`, alone and at the market's pace.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::PathBuf;

use stockflow_core::{
    Cursor, Quote, QuoteSource,
    conformance::{
        Outcome,
        source::{SourceHarness, all, goes_on_from_every_cursor},
    },
    wire,
};
use stockflow_local::{Paced, Replay, ReplayOptions, SimulatedMarket, SimulatedOptions};

async fn keeps_the_contract(harness: &impl SourceHarness) -> Outcome {
    all(harness).await?;
    goes_on_from_every_cursor(harness).await
}

/// What a source gives, to hold others against it.
async fn play(mut source: impl QuoteSource) -> Vec<Quote> {
    let mut quotes = Vec::new();
    while let Some(batch) = source.next_batch().await.unwrap() {
        quotes.extend(batch.quotes);
    }
    quotes
}

fn market(batch: usize, cursors: &[Cursor]) -> SimulatedMarket {
    let mut options = SimulatedOptions { batch, ..SimulatedOptions::default() };
    options.symbols.truncate(3);
    options.interval = std::time::Duration::from_secs(60);
    SimulatedMarket::new(7, options, cursors).unwrap()
}

struct Market(Vec<Quote>);

impl SourceHarness for Market {
    type Source = SimulatedMarket;
    async fn open(&self, cursors: &[Cursor]) -> SimulatedMarket {
        market(100, cursors)
    }
    fn expected(&self) -> Vec<Quote> {
        self.0.clone()
    }
}

#[tokio::test]
async fn the_simulated_market_keeps_the_contract() -> Outcome {
    // One batch or many: the same quotes.
    keeps_the_contract(&Market(play(market(1_000_000, &[])).await)).await
}

/// The market's quotes, in two files and a lake folder, one of them with a line that is none.
struct Files {
    folder: tempfile::TempDir,
    quotes: Vec<Quote>,
}

impl Files {
    async fn new() -> Self {
        let quotes = play(market(100, &[])).await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("lake/dt=2026-11-23")).unwrap();
        let mut texts = vec![Vec::new(); 3];
        for quote in &quotes {
            let of = quotes[..3].iter().position(|first| first.symbol == quote.symbol).unwrap();
            wire::encode(quote, &mut texts[of]);
            texts[of].push(b'\n');
        }
        let middle = texts[1].iter().position(|b| *b == b'\n').unwrap() + 1;
        texts[1].splice(middle..middle, *b"no quote\n");
        let files = Self { folder, quotes };
        for (path, text) in files.paths().iter().zip(texts) {
            let path =
                if path.is_dir() { path.join("dt=2026-11-23/a.ndjson") } else { path.clone() };
            std::fs::write(path, text).unwrap();
        }
        files
    }

    fn paths(&self) -> [PathBuf; 3] {
        ["lake", "two", "three"].map(|name| self.folder.path().join(name))
    }

    fn replay(&self, batch: usize, cursors: &[Cursor]) -> Replay {
        let options = ReplayOptions { batch, ..ReplayOptions::default() };
        Replay::open(self.paths(), options, cursors).unwrap()
    }
}

impl SourceHarness for Files {
    type Source = Replay;
    async fn open(&self, cursors: &[Cursor]) -> Replay {
        self.replay(100, cursors)
    }
    fn expected(&self) -> Vec<Quote> {
        self.quotes.clone()
    }
    fn unreadable(&self) -> usize {
        1
    }
}

#[tokio::test]
async fn a_replay_keeps_the_contract() -> Outcome {
    keeps_the_contract(&Files::new().await).await
}

struct AtPace(Files);

impl SourceHarness for AtPace {
    type Source = Paced<Replay>;
    async fn open(&self, cursors: &[Cursor]) -> Paced<Replay> {
        // Slow enough that most calls wait, fast enough that most batches join several.
        Paced::new(self.0.replay(7, cursors), 100_000.0).unwrap()
    }
    fn expected(&self) -> Vec<Quote> {
        self.0.expected()
    }
    fn unreadable(&self) -> usize {
        1
    }
}

#[tokio::test(start_paused = true)]
async fn a_paced_replay_keeps_the_contract() -> Outcome {
    keeps_the_contract(&AtPace(Files::new().await)).await
}
