//! On the emulator.

use std::time::Duration;

use aws_credential_types::provider::{
    ProvideCredentials, error::CredentialsError, future::ProvideCredentials as ProvideFuture,
};
use aws_sdk_kinesis::{Client, types::ShardIteratorType};
use stockflow_aws::{
    Patience, client,
    kinesis::{KinesisReader, KinesisSink, KinesisSource},
    records::unpack,
    testing::Emulator,
};
use stockflow_core::{
    Cursor, ErrorKind, Position, Quote, Result, SequenceNumber, SinkExt as _, StreamRecord,
    Timestamp,
    conformance::{self, Probe, samples, source::SourceHarness},
    wire,
};

pub(crate) fn new_client() -> Client {
    Client::new(&Emulator::shared().unwrap().new_account(client::https()))
}

pub(crate) async fn create(client: &Client, shards: i32) {
    client.create_stream().stream_name("quotes").shard_count(shards).send().await.unwrap();
    loop {
        let answer = client.describe_stream_summary().stream_name("quotes").send().await.unwrap();
        if answer.stream_description_summary().unwrap().stream_status().as_str() == "ACTIVE" {
            return;
        }
    }
}

/// Everything on the stream, by the SDK alone.
async fn quotes_on(client: Client) -> Result<Vec<Quote>> {
    let mut quotes = Vec::new();
    let shards = client.list_shards().stream_name("quotes").send().await.unwrap();
    for shard in shards.shards() {
        let iterator = client
            .get_shard_iterator()
            .stream_name("quotes")
            .shard_id(shard.shard_id())
            .shard_iterator_type(ShardIteratorType::TrimHorizon)
            .send()
            .await
            .unwrap();
        let answer =
            client.get_records().shard_iterator(iterator.shard_iterator().unwrap()).send().await;
        for record in answer.unwrap().records {
            let record = StreamRecord {
                position: Position::new(SequenceNumber::from_text(&record.sequence_number)),
                arrival: Timestamp::MIN,
                data: record.data.into_inner().into(),
            };
            let mut parts = Vec::new();
            unpack(record, None, &mut parts);
            quotes.extend(parts.iter().map(|part| wire::decode(&part.data).unwrap().quote));
        }
    }
    Ok(quotes)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sink_conforms() {
    let items = samples::quotes(1_200);
    for form in [
        |sink: KinesisSink| sink,
        KinesisSink::with_aggregation as fn(KinesisSink) -> KinesisSink,
        KinesisSink::with_compression,
    ] {
        let harness = async || {
            let client = new_client();
            create(&client, 3).await;
            let sink = form(KinesisSink::new(&client, "quotes").unwrap());
            Probe::new(sink, move || quotes_on(client.clone()))
        };
        conformance::sink::all(&harness, &items).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_there_is_told_with_what_to_do() {
    let quotes = samples::quotes(3);
    for form in [|sink: KinesisSink| sink, KinesisSink::with_aggregation] {
        let sink = form(KinesisSink::new(&new_client(), "stok-market-stream").unwrap());
        let error = sink.write_all(&quotes).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let chain = error.chain();
        assert!(chain.contains("stream `stok-market-stream` does not exist"), "{chain}");
        assert!(chain.contains("AWS_REGION"), "{chain}");
    }
}

/// 400 quotes and three other things, in records of all forms.
struct Mixed(Client);

impl SourceHarness for Mixed {
    type Source = KinesisSource;

    async fn open(&self, cursors: &[Cursor]) -> KinesisSource {
        let reader = KinesisReader::new(&self.0, "quotes").unwrap().with_limit(20);
        KinesisSource::new(reader.with_cursors(cursors).to_the_tip())
    }

    fn expected(&self) -> Vec<Quote> {
        let symbol = samples::symbol("AAPL");
        (0..400).map(|n| samples::quote(symbol, n)).collect()
    }

    fn unreadable(&self) -> usize {
        3
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_conforms() {
    let client = new_client();
    create(&client, 1).await;
    let feed = Mixed(client.clone());
    let quotes = feed.expected();
    let (plain, rest) = quotes.split_at(60);
    let (aggregated, compressed) = rest.split_at(170);
    let sink = || KinesisSink::new(&client, "quotes").unwrap();
    sink().write_all(plain).await.unwrap();
    for data in ["{", "", "\u{f3}"] {
        let data = aws_sdk_kinesis::primitives::Blob::new(data);
        let put = client.put_record().stream_name("quotes").partition_key("AAPL").data(data);
        put.send().await.unwrap();
    }
    sink().with_aggregation().write_all(aggregated).await.unwrap();
    sink().with_compression().write_all(compressed).await.unwrap();
    conformance::source::all(&feed).await.unwrap();
    conformance::source::goes_on_from_every_cursor(&feed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_is_gone_is_passed() {
    // On the emulator, a split deletes the parent; on AWS, the end of its retention does.
    let client = new_client();
    create(&client, 1).await;
    let mut reader = KinesisReader::new(&client, "quotes").unwrap();
    let quotes = samples::quotes(8);
    let sink = KinesisSink::new(&client, "quotes").unwrap();
    sink.write_all(&quotes[..4]).await.unwrap();
    assert_eq!(reader.next_batch().await.unwrap().unwrap().records.records.len(), 4);
    client
        .split_shard()
        .stream_name("quotes")
        .shard_to_split("shardId-000000000000")
        .new_starting_hash_key((u128::MAX / 2).to_string())
        .send()
        .await
        .unwrap();
    sink.write_all(&quotes[4..]).await.unwrap();
    let mut found = 0;
    while found < 4 {
        found += reader.next_batch().await.unwrap().unwrap().records.records.len();
    }
    assert_eq!(found, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_a_stream_that_is_not_there_tells_what_to_do() {
    let error = KinesisReader::new(&new_client(), "quotes").unwrap().next_batch().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.chain().contains("check its name and AWS_REGION"), "{}", error.chain());
}

/// Has no credentials, as a machine without any configuration.
#[derive(Debug)]
struct Nobody;

impl ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> ProvideFuture<'a>
    where
        Self: 'a,
    {
        ProvideFuture::ready(Err(CredentialsError::not_loaded("nothing is configured")))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_or_a_connection_the_error_tells_what_to_do() {
    let config = new_client().config().to_builder().credentials_provider(Nobody).build();
    let patience = Patience::default().with_deadline(Duration::from_millis(300));
    let nobody = Client::from_conf(config);
    let sink = KinesisSink::new(&nobody, "quotes").unwrap().with_patience(patience);
    let error = sink.write_all(&samples::quotes(3)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{}", error.chain());
    assert!(error.chain().contains("set AWS_PROFILE"), "{}", error.chain());

    // Nobody listens there.
    let config = new_client().config().to_builder().endpoint_url("http://127.0.0.1:9").build();
    let elsewhere = Client::from_conf(config);
    let sink = KinesisSink::new(&elsewhere, "quotes").unwrap().with_patience(patience);
    let error = sink.write_all(&samples::quotes(3)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{}", error.chain());
    assert!(error.chain().contains("AWS_ENDPOINT_URL"), "{}", error.chain());
}
