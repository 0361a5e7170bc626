//! The reader on a stream whose shards come and go.

use std::{collections::HashMap, time::Duration};

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use stockflow_aws::{
    kinesis::{KinesisReader, KinesisSink, KinesisSource, ShardBatch, Start},
    records::HashRange,
    testing::{Fault, Faults},
};
use stockflow_core::{
    Cursor, CursorStore as _, Position, Quote, QuoteSource as _, ShardId, Sink as _, Timestamp,
    memory::MemoryCursors, wire,
};
use tokio::time::timeout;

use crate::{
    fake::{Fake, client, name},
    stream::{assert_in_order, market},
};

fn reader(fake: &Fake) -> KinesisReader {
    KinesisReader::new(&client(fake.clone()), "quotes").unwrap().with_limit(40)
}

fn quotes_of(batch: &ShardBatch) -> Vec<Quote> {
    batch.records.records.iter().map(|record| wire::decode(&record.data).unwrap().quote).collect()
}

/// Reads to the tip.
async fn read(mut reader: KinesisReader) -> Vec<Quote> {
    let mut quotes = Vec::new();
    while let Some(batch) = reader.next_batch().await.unwrap() {
        quotes.extend(quotes_of(&batch));
    }
    quotes
}

fn store(cursors: &mut Vec<Cursor>, cursor: Cursor) {
    cursors.retain(|known| known.feed != cursor.feed);
    cursors.push(cursor);
}

fn range_of(fake: &Fake, shard: &str) -> HashRange {
    let state = fake.state();
    let found = (0..).zip(&state.shards).find(|(number, _)| name(*number) == *shard);
    found.map(|(_, shard)| HashRange::new(shard.first, shard.last)).unwrap()
}

/// A consumer that is killed now and then, and goes on where it stored its cursors, beside a sink: every quote comes, each symbol's in
/// order, each position of a shard once in each life.
async fn read_beside_a_writer(seed: u64, form: fn(KinesisSink) -> KinesisSink, reshard: usize) {
    let fake = Fake::new(2, seed);
    fake.state().latency = 40;
    fake.state().expire = Some(7);
    fake.state().reshard_at = (1..9).map(|n| n * reshard).collect();
    let http = Faults::by_seed(seed)
        .with(Fault::Partial, 0.2)
        .with(Fault::Throttle, 0.2)
        .with(Fault::ServerError, 0.1)
        .with(Fault::Hang, 0.02)
        .with(Fault::Reset, 0.1)
        .around(SharedHttpClient::new(fake.clone()));
    let client = client(http);
    let market = market(4_000, 60);
    let sink = form(KinesisSink::new(&client, "quotes").unwrap());
    let written = market.clone();
    let writer = tokio::spawn(async move {
        for batch in written.chunks(400) {
            let mut left = batch.to_vec();
            while !left.is_empty() {
                if let Ok(report) = sink.write(&left).await {
                    left = report.failures().iter().map(|failure| left[failure.index]).collect();
                }
            }
        }
    });

    let mut cursors = Vec::new();
    let mut found = Vec::new();
    let mut seen: HashMap<ShardId, Position> = HashMap::new();
    let mut life = 0;
    let mut quiet = false;
    while !quiet {
        life += 1;
        let mut reader = KinesisReader::new(&client, "quotes").unwrap();
        reader = reader.with_limit(30).with_cursors(&cursors);
        for _ in 0..life % 5 + 3 {
            // As long as any wait and any hang.
            match timeout(Duration::from_secs(120), reader.next_batch()).await {
                Ok(Ok(Some(batch))) => {
                    found.extend(quotes_of(&batch));
                    let range = range_of(&fake, &batch.records.shard);
                    for quote in quotes_of(&batch) {
                        assert!(range.holds_key(quote.symbol.as_str().as_bytes()), "elsewhere");
                    }
                    for record in &batch.records.records {
                        let before =
                            seen.insert(batch.records.shard.clone(), record.position.clone());
                        assert!(before.is_none_or(|before| before < record.position));
                    }
                    store(&mut cursors, batch.cursor);
                }
                Ok(Ok(None)) => panic!("a stream has no end"),
                Ok(Err(error)) => assert!(error.is_retryable(), "{}", error.chain()),
                Err(_) => {
                    quiet = writer.is_finished();
                    break;
                }
            }
        }
    }
    writer.await.unwrap();
    assert_in_order(&found, &market);
    assert!(fake.state().shards.len() > 6);
}

#[tokio::test(start_paused = true)]
async fn everything_comes_in_order_while_shards_split_and_merge() {
    for seed in 0..2 {
        read_beside_a_writer(seed, |sink| sink, 400).await;
        read_beside_a_writer(seed, KinesisSink::with_aggregation, 6).await;
        read_beside_a_writer(seed, KinesisSink::with_compression, 4).await;
    }
}

#[tokio::test(start_paused = true)]
async fn plain_aggregated_and_compressed_records_are_read_mixed() {
    let fake = Fake::new(3, 0);
    let market = market(3_000, 50);
    for (batch, form) in market.chunks(100).zip(
        [|sink: KinesisSink| sink, KinesisSink::with_aggregation, KinesisSink::with_compression]
            .into_iter()
            .cycle(),
    ) {
        let sink = form(KinesisSink::new(&client(fake.clone()), "quotes").unwrap());
        assert!(sink.write(batch).await.unwrap().is_complete());
    }
    let found = read(reader(&fake).to_the_tip()).await;
    assert_eq!(found.len(), market.len());
    assert_in_order(&found, &market);
}

#[tokio::test(start_paused = true)]
async fn a_reader_goes_on_from_stored_cursors_of_its_stream() {
    let fake = Fake::new(3, 0);
    let market = market(900, 30);
    let sink = KinesisSink::new(&client(fake.clone()), "quotes").unwrap();
    assert!(sink.write(&market).await.unwrap().is_complete());
    let store = MemoryCursors::new();
    let other = Cursor { feed: "another feed".into(), offset: "end".into() };
    store.store(std::slice::from_ref(&other)).await.unwrap();
    let mut found = Vec::new();
    // A program that is stopped after every fourth batch.
    for _ in 0..100 {
        let mut reader = reader(&fake).to_the_tip().going_on_from(&store).await.unwrap();
        for _ in 0..4 {
            let Some(batch) = reader.next_batch().await.unwrap() else { break };
            found.extend(quotes_of(&batch));
            store.store(&[batch.cursor]).await.unwrap();
        }
        if found.len() >= market.len() {
            break;
        }
    }
    assert_eq!(found.len(), market.len(), "each quote once");
    assert_in_order(&found, &market);
    assert!(store.load().await.unwrap().contains(&other));
}

#[tokio::test(start_paused = true)]
async fn a_reader_begins_where_it_is_told() {
    let fake = Fake::new(2, 0);
    let line = |quote: &Quote| {
        let mut line = Vec::new();
        wire::encode(quote, &mut line);
        line
    };
    let market = market(300, 10);
    let put = |quotes: &[Quote]| {
        for quote in quotes {
            fake.state().append(quote.symbol.as_str(), line(quote));
        }
    };
    put(&market[..100]);
    fake.state().split(0);
    put(&market[100..200]);
    let at = |micros| Start::At(Timestamp::from_micros(micros).unwrap());
    let arrival = 1_795_444_800_250_000;
    for (start, expected) in
        [(Start::Oldest, 200), (Start::Latest, 0), (at(arrival), 200), (at(arrival + 1), 0)]
    {
        let found = read(reader(&fake).with_start(start).to_the_tip()).await;
        assert_eq!(found.len(), expected, "{start:?}");
    }
    // From the latest on, through a reshard.
    let mut latest = reader(&fake).with_start(Start::Latest);
    timeout(Duration::from_secs(3), latest.next_batch()).await.unwrap_err();
    put(&market[200..250]);
    fake.state().split(2);
    put(&market[250..]);
    let mut found = Vec::new();
    while let Ok(batch) = timeout(Duration::from_secs(10), latest.next_batch()).await {
        found.extend(quotes_of(&batch.unwrap().unwrap()));
    }
    assert_in_order(&found, &market[200..]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_quote_is_told_by_its_place() {
    let fake = Fake::new(1, 0);
    for data in ["no quote", "\u{3}"] {
        fake.state().append("A", data.into());
    }
    let mut source = KinesisSource::new(reader(&fake).to_the_tip());
    let batch = source.next_batch().await.unwrap().unwrap();
    let origins: Vec<&str> = batch.unreadable.iter().map(|u| &*u.origin).collect();
    let place = |n| format!("shardId-000000000000@49{n:054}");
    assert_eq!(origins, [place(1), place(2)]);
    assert_eq!(&batch.unreadable[0].data[..], b"no quote");
    assert_eq!(batch.cursors[0].feed, "kinesis:quotes/shardId-000000000000");
    assert_eq!(source.next_batch().await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn an_idle_shard_is_asked_once_a_second() {
    let fake = Fake::new(1, 0);
    let mut reader = reader(&fake);
    timeout(Duration::from_secs(100), reader.next_batch()).await.unwrap_err();
    let asked = fake.count("GetRecords");
    assert!((90..=101).contains(&asked), "{asked}");
    // And one with more to read at most five times.
    for quote in market(2_000, 1) {
        let mut line = Vec::new();
        wire::encode(&quote, &mut line);
        fake.state().append("S0", line);
    }
    let begin = tokio::time::Instant::now();
    for _ in 0..50 {
        reader.next_batch().await.unwrap();
    }
    assert!(begin.elapsed() >= Duration::from_millis(200 * 49), "{:?}", begin.elapsed());
}
