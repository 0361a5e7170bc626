//! A stream as a feed.

use async_trait::async_trait;
use stockflow_core::{QuoteSource, Result, SourceBatch, Unreadable, wire};

use super::reader::{KinesisReader, ShardBatch};

/// The quotes of a Kinesis stream, of all shards, plain, aggregated and compressed ones.
///
/// What the [`KinesisReader`] in it promises holds here, too: quotes of a symbol come in the order of the stream, and whoever
/// stores the cursors of a batch with it and gives them to the next reader gets each record once. A quote that stands on the
/// stream twice comes twice.
#[derive(Debug)]
pub struct KinesisSource {
    reader: KinesisReader,
}

impl KinesisSource {
    /// The feed of `reader`.
    #[must_use]
    pub const fn new(reader: KinesisReader) -> Self {
        Self { reader }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl QuoteSource for KinesisSource {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        Ok(self.reader.next_batch().await?.map(decode))
    }
}

fn decode(batch: ShardBatch) -> SourceBatch {
    let ShardBatch { records, cursor } = batch;
    let mut decoded = SourceBatch { cursors: vec![cursor], ..SourceBatch::default() };
    for record in records.records {
        match wire::decode(&record.data) {
            Ok(quote) => decoded.quotes.push(quote.quote),
            Err(error) => decoded.unreadable.push(Unreadable {
                origin: format!("{}@{}", records.shard, record.position),
                reason: error.to_string(),
                data: record.data,
            }),
        }
    }
    decoded
}
