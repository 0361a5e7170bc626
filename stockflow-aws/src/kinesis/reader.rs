//! The records of a stream, without a Lambda.

mod lineage;
mod poll;

use std::{collections::HashMap, fmt, future::Future, pin::Pin, time::Duration};

use aws_sdk_kinesis::Client;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use stockflow_core::{
    Cursor, CursorStore, Error, ErrorKind, InvalidConfig, RecordBatch, Result, SequenceNumber,
    ShardId, Timestamp,
};
use tokio::time::sleep;

use self::{
    lineage::{Lineage, Progress},
    poll::{Answer, Poll},
};
use super::{shards::LIST, stream::Stream};
use crate::{patience::Patience, records::unpack};

/// A shard answers five requests in a second, to all its readers together.
const BETWEEN: Duration = Duration::from_millis(200);
/// What a cursor says of a shard that is read to its end.
const END: &str = "end";

/// Where to begin to read a stream that nobody has read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the oldest record that the stream still has.
    Oldest,
    /// With what comes from now on.
    ///
    /// A shard that has delivered nothing yet is read from its oldest record after a restart, so that nothing is lost; use
    /// [`Start::At`] for an exact beginning.
    Latest,
    /// With the first record that arrived at that time or later.
    At(Timestamp),
}

/// Records of one shard, and how to go on after them.
#[derive(Clone, Debug)]
pub struct ShardBatch {
    /// In the order of the shard, unpacked; empty where a shard has ended, or all that was read belongs to other shards.
    pub records: RecordBatch,
    /// To be stored when the records are done with, and given to the next reader.
    pub cursor: Cursor,
}

/// Reads all shards of a stream: for a container that runs the stages without Lambda, and below [`KinesisSource`](super::KinesisSource).
///
/// - **Order.** Records of a shard come in order, and a shard is read when its parents are read to their ends: so quotes of a symbol come in
///   the order of the stream, also while shards split and merge.
/// - **Going on.** Each batch has a [`Cursor`] for its shard. Who stores it when the batch is done with, and opens the next reader with all
///   that are stored, gets every record at least once: what was not stored comes again. A stream that is made anew under the same name has nothing to
///   do with them: forget them with it.
/// - **Many readers** of one stream share the five requests a second that a shard answers; one reader asks a shard again after 200 ms if there is
///   more, and after a second otherwise ([`with_pause`](Self::with_pause)).
/// - Iterators that expire are made anew; what may pass is tried again until the deadline of [`Patience`], per shard and request.
/// - Records that the stream's retention drops before they are read are lost.
///
/// Needs `kinesis:ListShards`, `kinesis:GetShardIterator` and `kinesis:GetRecords`.
pub struct KinesisReader {
    stream: Stream,
    patience: Patience,
    pause: Duration,
    limit: i32,
    to_the_tip: bool,
    lineage: Lineage,
    start: Start,
    known: HashMap<ShardId, Progress>,
    /// Shards have come or gone since they were listed.
    stale: bool,
    /// Shards that are told not to exist.
    missing: Vec<(Poll, Error)>,
    under_way: FuturesUnordered<Asked>,
}

type Asked = Pin<Box<dyn Future<Output = (Poll, Result<Answer>)> + Send>>;

impl KinesisReader {
    /// A reader of the stream named `stream`, from its oldest record on, with credentials, region and endpoint of `client`; its retries are not used.
    ///
    /// # Errors
    /// The name is not one that a stream can have.
    pub fn new(client: &Client, stream: &str) -> Result<Self, InvalidConfig> {
        Ok(Self {
            stream: Stream::new(client, stream)?,
            patience: Patience::default(),
            pause: Duration::from_secs(1),
            limit: 10_000,
            to_the_tip: false,
            lineage: Lineage::new(Start::Oldest, HashMap::new()),
            start: Start::Oldest,
            known: HashMap::new(),
            stale: true,
            missing: Vec::new(),
            under_way: FuturesUnordered::new(),
        })
    }

    /// Begins there, unless there are cursors.
    #[must_use]
    pub fn with_start(mut self, start: Start) -> Self {
        self.start = start;
        self.lineage = Lineage::new(start, self.known.clone());
        self
    }

    /// Goes on after what these say was read of this stream; those of other feeds are ignored.
    #[must_use]
    pub fn with_cursors(mut self, cursors: &[Cursor]) -> Self {
        let prefix = self.feed("");
        for Cursor { feed, offset } in cursors {
            let Some(shard) = feed.strip_prefix(&prefix) else { continue };
            let progress = match offset.as_str() {
                END => Progress::End,
                sequence => Progress::After(SequenceNumber::from_text(sequence)),
            };
            self.known.insert(shard.into(), progress);
        }
        self.lineage = Lineage::new(self.start, self.known.clone());
        self
    }

    /// Goes on where `store` says that this stream was read. Store each batch's cursor there when the batch is done with.
    ///
    /// # Errors
    /// What the store says.
    pub async fn going_on_from(self, store: &dyn CursorStore) -> Result<Self> {
        Ok(self.with_cursors(&store.load().await?))
    }

    /// Ends when all that there is has been read, instead of waiting for more.
    #[must_use]
    pub const fn to_the_tip(mut self) -> Self {
        self.to_the_tip = true;
        self
    }

    /// With another time until a shard is asked again that had nothing new; at least 200 ms.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause.max(BETWEEN);
        self
    }

    /// With at most so many records in a batch, of those that the stream counts: 1 to 10,000 (the default).
    #[must_use]
    pub fn with_limit(mut self, records: u16) -> Self {
        self.limit = i32::from(records).clamp(1, 10_000);
        self
    }

    /// With another limit for a request with its repetitions, and other waits.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Waits for the next records of any shard; `None`, when there are none and will be none. May be dropped while it waits, without losing a record.
    ///
    /// # Errors
    /// Of this call: a later one goes on where this one failed.
    pub async fn next_batch(&mut self) -> Result<Option<ShardBatch>> {
        loop {
            if self.stale {
                self.look_at_shards().await?;
            }
            match self.under_way.next().await {
                Some((poll, answer)) => {
                    if let Some(batch) = self.take(poll, answer)? {
                        return Ok(Some(batch));
                    }
                }
                None if self.to_the_tip => return Ok(None),
                None => {
                    // The last shard has ended, and its children are not told yet.
                    sleep(self.pause).await;
                    self.stale = true;
                }
            }
        }
    }

    async fn look_at_shards(&mut self) -> Result<()> {
        let mut attempts = self.patience.begin();
        let shards = self.stream.insist(LIST, &mut attempts, || self.stream.list_shards()).await?;
        let mut outcome = Ok(());
        for (poll, error) in std::mem::take(&mut self.missing) {
            if shards.iter().any(|shard| shard.id == poll.shard.id) {
                self.ask(poll);
                outcome = Err(error);
            } else {
                tracing::warn!(shard = &*poll.shard.id, "a shard is gone before it was read");
                self.lineage.end(&poll.shard.id);
            }
        }
        for (shard, from) in self.lineage.begin(shards) {
            self.ask(Poll::new(shard, from));
        }
        self.stale = false;
        outcome
    }

    fn ask(&self, poll: Poll) {
        self.under_way.push(Box::pin(poll.run(self.stream.clone(), self.patience, self.limit)));
    }

    /// Takes in what a shard answered; no waiting in here, so that nothing is lost if a call is dropped.
    fn take(&mut self, mut poll: Poll, answer: Result<Answer>) -> Result<Option<ShardBatch>> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.stale = true;
                self.missing.push((poll, error));
                return Ok(None);
            }
            Err(error) => {
                self.ask(poll);
                return Err(error);
            }
        };
        poll.advance(&answer, if answer.at_tip { self.pause } else { BETWEEN });
        let shard = poll.shard.id.clone();
        let range = poll.shard.range;
        let offset = if answer.next.is_none() {
            self.lineage.end(&shard);
            self.stale = true;
            END.to_owned()
        } else {
            if !(self.to_the_tip && answer.at_tip) {
                self.ask(poll);
            }
            match &answer.last {
                Some(last) => last.to_string(),
                None => return Ok(None),
            }
        };
        let mut records = Vec::with_capacity(answer.records.len());
        for record in answer.records {
            unpack(record, Some(&range), &mut records);
        }
        let cursor = Cursor { feed: self.feed(&shard), offset };
        Ok(Some(ShardBatch { records: RecordBatch { shard, records }, cursor }))
    }

    /// The name of a shard among all feeds.
    fn feed(&self, shard: &str) -> String {
        format!("kinesis:{}/{shard}", self.stream.name)
    }
}

impl fmt::Debug for KinesisReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KinesisReader")
            .field("stream", &self.stream.name)
            .field("lineage", &self.lineage)
            .finish_non_exhaustive()
    }
}
