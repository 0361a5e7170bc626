//! On the emulator.

use aws_sdk_kinesis::{Client, types::ShardIteratorType};
use stockflow_aws::{client, kinesis::KinesisSink, records::unpack, testing::Emulator};
use stockflow_core::{
    ErrorKind, Position, Quote, Result, SequenceNumber, SinkExt as _, StreamRecord, Timestamp,
    conformance::{self, Probe, samples},
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
