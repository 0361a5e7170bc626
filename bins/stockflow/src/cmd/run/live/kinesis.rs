//! A Kinesis stream.

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use stockflow_aws::kinesis::{KinesisReader, KinesisSource};
use stockflow_core::{Cursor, QuoteSource, Result, SourceBatch, Symbol};

use crate::{Failure, aws::sdk_config};

pub(super) async fn open(
    stream: &str,
    symbols: Option<Vec<Symbol>>,
    cursors: &[Cursor],
) -> Result<(String, Box<dyn QuoteSource>), Failure> {
    let client = Client::new(&sdk_config().await?);
    let reader = KinesisReader::new(&client, stream)?.with_cursors(cursors);
    let source = Only { source: KinesisSource::new(reader), symbols };
    Ok((format!("Kinesis stream {stream}"), Box::new(source)))
}

/// The quotes of some symbols, with all cursors.
#[derive(Debug)]
struct Only {
    source: KinesisSource,
    symbols: Option<Vec<Symbol>>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl QuoteSource for Only {
    async fn next_batch(&mut self) -> Result<Option<SourceBatch>> {
        let Some(mut batch) = self.source.next_batch().await? else { return Ok(None) };
        if let Some(symbols) = &self.symbols {
            batch.quotes.retain(|quote| symbols.contains(&quote.symbol));
        }
        Ok(Some(batch))
    }
}
