//! Quotes onto the stream.

mod delivery;
mod lanes;
mod pace;
mod packing;
mod request;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use stockflow_core::{BatchReport, InvalidConfig, Quote, Result, Sink};

use self::{delivery::Delivery, pace::Pace, packing::Packing};
use super::{
    shards::{LIST, ShardMap},
    stream::Stream,
};
use crate::patience::{Attempts, Patience};

/// Puts quotes on a Kinesis stream, each in the wire format, with its symbol as partition key.
///
/// # Delivery
/// At least once. What the report does not name is on the stream, and of each symbol what stands there first is in the order of the
/// batch: later quotes of a symbol are sent only when the service has confirmed the earlier ones, since it takes the entries of one
/// request one by one, and refuses some and takes later ones. Copies come after. Two calls at a time with quotes of one symbol have no order between them.
///
/// - *Plain* (the default): a record is a quote, readable by anybody. A request has at most one quote of a symbol, so
///   few symbols with many quotes each cost a round trip for each quote of the fullest symbol.
/// - [`with_aggregation`](Self::with_aggregation): a record is many quotes of a shard, up to 25 kB, in the format of the Kinesis Producer
///   Library, which consumers elsewhere know.
/// - [`with_compression`](Self::with_compression): the same with a Zstandard frame, about a tenth of the bytes; only
///   [`records::unpack`](crate::records::unpack) reads it.
///
/// Records of many quotes need to know the shards (`kinesis:ListShards`); when a record arrives in another shard than the one that it
/// was made for, the map is read again, and what belongs elsewhere is sent again.
///
/// # Limits
/// Requests have at most 500 records and 10 MiB; four at a time, 16 MiB in memory. What was refused is sent again with jitter until the deadline of
/// [`Patience`]. If the stream is asked for more than it takes, the sink learns how long to wait between requests, and remembers it from call to call.
///
/// # Errors
/// [`ErrorKind::NotFound`](stockflow_core::ErrorKind::NotFound), [`Denied`](stockflow_core::ErrorKind::Denied): as the service says, at once.
#[derive(Debug)]
pub struct KinesisSink {
    stream: Stream,
    packing: Packing,
    patience: Patience,
    /// For packed records.
    map: Mutex<Option<Arc<ShardMap>>>,
    pace: Mutex<Pace>,
}

impl KinesisSink {
    /// A sink for the stream named `stream`, with credentials, region and endpoint of `client`; its retries are not used.
    ///
    /// # Errors
    /// The name is not one that a stream can have.
    pub fn new(client: &Client, stream: &str) -> Result<Self, InvalidConfig> {
        Ok(Self {
            stream: Stream::new(client, stream)?,
            packing: Packing::Plain,
            patience: Patience::default(),
            map: Mutex::new(None),
            pace: Mutex::new(Pace::default()),
        })
    }

    /// With many quotes in a record, in the format of the Kinesis Producer Library.
    #[must_use]
    pub fn with_aggregation(mut self) -> Self {
        self.packing = Packing::Aggregated;
        self
    }

    /// With many quotes in a record, compressed.
    #[must_use]
    pub fn with_compression(mut self) -> Self {
        self.packing = Packing::compressed();
        self
    }

    /// With another limit for a call, and other waits.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The shards as they were when somebody last looked; none for plain records, which need no map.
    async fn map(&self, attempts: &mut Attempts) -> Result<Option<Arc<ShardMap>>> {
        if matches!(self.packing, Packing::Plain) {
            return Ok(None);
        }
        let known = self.map.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(map) => Ok(Some(map)),
            None => self.look_at_shards(attempts).await.map(Some),
        }
    }

    /// The shards as they are now.
    async fn look_at_shards(&self, attempts: &mut Attempts) -> Result<Arc<ShardMap>> {
        let shards = self.stream.insist(LIST, attempts, || self.stream.list_shards()).await?;
        let map = Arc::new(ShardMap::new(shards));
        *self.map.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&map));
        Ok(map)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Sink<Quote> for KinesisSink {
    async fn write(&self, batch: &[Quote]) -> Result<BatchReport> {
        if batch.is_empty() {
            return Ok(BatchReport::complete());
        }
        let mut attempts = self.patience.begin();
        let map = self.map(&mut attempts).await?;
        Delivery::new(self, batch, attempts, map).run().await
    }
}
