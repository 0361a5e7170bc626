//! A pipeline of one's own: from a Kinesis stream through stage 1 to a sink of one's own, without a Lambda. It runs on an emulator
//! of AWS that the example starts itself.
//!
//! `cargo run -p stockflow-examples --features aws --example kinesis_to_own_sink`

use std::{
    collections::BTreeMap,
    error::Error as StdError,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use stockflow_aws::{
    client,
    kinesis::{KinesisReader, KinesisSink},
    testing::Emulator,
};
use stockflow_core::{
    BatchReport, CursorStore as _, Processor, QuoteSource as _, Result, Row, Rules, Sink,
    SinkExt as _, Symbol,
};
use stockflow_local::{FileCursors, Lake, LocalTable, SimulatedMarket, SimulatedOptions, Store};

const STREAM: &str = "stock-market-stream";

/// The last row of each symbol: stands for a screen, a cache, or whatever you have.
#[derive(Debug, Default)]
struct Board {
    last: Mutex<BTreeMap<Symbol, Row>>,
}

#[async_trait]
impl Sink<Row> for Board {
    async fn write(&self, batch: &[Row]) -> Result<BatchReport> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        for row in batch {
            last.insert(row.quote.symbol, row.clone());
        }
        Ok(BatchReport::complete())
    }
}

/// Puts a simulated day of five symbols on the stream, many quotes in a record; tells how many.
async fn produce(kinesis: &aws_sdk_kinesis::Client) -> Result<u64, Box<dyn StdError>> {
    let symbols = ["AAPL", "MSFT", "BRK-B", "XOM", "JPM"].map(str::parse);
    let options = SimulatedOptions {
        symbols: symbols.into_iter().collect::<Result<_, _>>()?,
        interval: Duration::from_secs(60),
        events: 5,
        ..SimulatedOptions::default()
    };
    let mut market = SimulatedMarket::new(7, options, &[])?;
    let sink = KinesisSink::new(kinesis, STREAM)?.with_compression();
    let mut count = 0;
    while let Some(batch) = market.next_batch().await? {
        sink.write_all(&batch.quotes).await?;
        count += batch.quotes.len() as u64;
    }
    Ok(count)
}

/// Takes at most `most` batches from the stream, from where the last one ended; tells how many quotes were accepted.
async fn consume(
    kinesis: &aws_sdk_kinesis::Client,
    data: &Path,
    board: &Arc<Board>,
    most: usize,
) -> Result<u64, Box<dyn StdError>> {
    let table = Arc::new(LocalTable::new(&Store::open(data)?));
    let lake = Arc::new(Lake::open(data.join("lake"))?);
    let quarantine = Arc::new(Lake::open(data.join("quarantine"))?);
    let mut stage = Processor::new(&Rules::default_set(), table, lake, quarantine)
        .with_sink(Arc::clone(board) as _);

    let cursors = FileCursors::new(data.join("cursors.json"));
    // Few records at a time, so that there is a middle to stop in; and not waiting for more when it has read everything.
    let mut reader = KinesisReader::new(kinesis, STREAM)?
        .with_limit(1)
        .going_on_from(&cursors)
        .await?
        .to_the_tip();
    let mut accepted = 0;
    for _ in 0..most {
        let Some(batch) = reader.next_batch().await? else { break };
        let done = stage.process(&batch.records).await?;
        done.report.into_result()?;
        accepted += done.counts.accepted;
        // Only now: whatever is killed before gets the batch again, and changes nothing by it.
        cursors.store(&[batch.cursor]).await?;
    }
    Ok(accepted)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    // On AWS: aws_config::defaults(BehaviorVersion::latest()).http_client(client::https()).load().await
    let config = Emulator::shared()?.new_account(client::https());
    let kinesis = aws_sdk_kinesis::Client::new(&config);
    kinesis.create_stream().stream_name(STREAM).shard_count(2).send().await?;
    let ready = || kinesis.describe_stream_summary().stream_name(STREAM).send();
    while ready()
        .await?
        .stream_description_summary
        .is_none_or(|s| s.stream_status.as_str() != "ACTIVE")
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let quotes = produce(&kinesis).await?;
    let folder = tempfile::tempdir()?;
    let board = Arc::new(Board::default());
    // Stopped in the middle, and started again.
    let first = consume(&kinesis, folder.path(), &board, 2).await?;
    let second = consume(&kinesis, folder.path(), &board, usize::MAX).await?;

    println!("{quotes} quotes on the stream, {first} and {second} accepted; the board:");
    let last = board.last.lock().unwrap_or_else(PoisonError::into_inner);
    for (symbol, row) in last.iter() {
        println!("{symbol:8} {:>10} at {}", row.quote.price.to_string(), row.quote.timestamp);
    }
    assert!(first > 0 && second > 0 && first + second == quotes);
    assert_eq!(last.len(), 5);
    Ok(())
}
