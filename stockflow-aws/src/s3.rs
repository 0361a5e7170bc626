//! Lake and quarantine in S3.
//!
//! Objects are named as in a lake on disk, `<prefix>/dt=2026-11-23/<shard>-<first position>.ndjson.zst`, so that a bucket that is
//! copied to a folder is a lake, and the other way round. Athena reads them as they are: partitions by `dt`, Zstandard by the
//! suffix (engine version 3).

mod body;
mod copy;
mod location;
mod read;

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::{Client, primitives::ByteStream, types::ChecksumAlgorithm};
use aws_smithy_types::retry::RetryConfig;
use stockflow_core::{Archive, Error, ErrorKind, Object, Result};
use tokio::sync::Semaphore;

pub use self::{location::S3Location, read::S3Object};
use crate::{Patience, again::again, error::Call};

const BACKEND: &str = "s3";
const SUFFIX: &str = ".ndjson.zst";
/// Objects that are compressed and sent side by side, which bounds the memory for them.
const PUTS: usize = 8;

/// An [`Archive`] in a bucket, for the lake or the quarantine; it can also be listed and read.
///
/// **Delivery.** `put` returns when S3 has the object on several devices; it is there as a whole or not at all, and a reader
/// sees it at once. An object of the same name is replaced: a retry of a batch, or a bisected part of it, overwrites what it
/// repeats. That is why objects are *not* created on the condition that there is none: after a bisect the shorter object has
/// to replace the longer one, or records would be in the lake twice.
///
/// **Limits.** A key has at most 1,024 bytes. At most eight objects are on their way at once, each in memory as it is and
/// compressed; further ones wait. S3 takes 3,500 puts a second below a prefix, and answers `SlowDown` above it, which is tried
/// again until the [deadline](Patience).
///
/// **Bytes.** Zstandard with checksum, `application/zstd`, without `Content-Encoding`: the object is the compressed file that its
/// name says, and no client may unpack it on the way. S3 compares the content with a CRC-32 before it takes it.
///
/// ```no_run
/// use stockflow_aws::s3::S3Lake;
/// use stockflow_core::{Archive as _, Object, ObjectName, Position};
///
/// # async fn f(client: &aws_sdk_s3::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let lake = S3Lake::new(client, "s3://stock-market-data-bucket-7/lake".parse()?);
/// let name = ObjectName { dt: "2026-11-23".parse()?, shard: "spool-0".into(), first: Position::new(1.into()) };
/// lake.put(Object { name, lines: "{}\n".into() }).await?;
/// for dt in lake.days().await? {
///     for object in lake.objects(dt).await? {
///         println!("{}: {} bytes", object.key(), object.bytes());
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct S3Lake {
    client: Client,
    location: S3Location,
    resource: Arc<str>,
    patience: Patience,
    puts: Arc<Semaphore>,
}

impl S3Lake {
    /// A lake at `location`, whose bucket must be there.
    ///
    /// The client's own retries are turned off: [`Patience`] takes their place.
    #[must_use]
    pub fn new(client: &Client, location: S3Location) -> Self {
        let config = client.config().to_builder().retry_config(RetryConfig::disabled()).build();
        Self {
            client: Client::from_conf(config),
            resource: format!("bucket `{}`", location.bucket()).into(),
            location,
            patience: Patience::default(),
            puts: Arc::new(Semaphore::new(PUTS)),
        }
    }

    /// With other limits of time for a call.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Where it is.
    #[must_use]
    pub const fn location(&self) -> &S3Location {
        &self.location
    }

    fn call(&self, operation: &'static str) -> Call<'_> {
        Call { backend: BACKEND, operation, resource: &self.resource }
    }
}

#[async_trait]
impl Archive for S3Lake {
    async fn put(&self, object: Object) -> Result<()> {
        let call = self.call("PutObject");
        let key = self.location.key(&object.name).map_err(|why| rejected(call, why))?;
        // The semaphore is never closed.
        let _turn = self.puts.acquire().await.map_err(|e| unexpected(call, e))?;
        let body = tokio::task::spawn_blocking(move || body::compress(&object.lines))
            .await
            .map_err(|e| unexpected(call, e))?
            .map_err(|e| unexpected(call, e))?;
        again(self.patience, call, || async {
            let request = self.client.put_object().bucket(self.location.bucket()).key(&key);
            request
                .content_type("application/zstd")
                .checksum_algorithm(ChecksumAlgorithm::Crc32)
                .body(ByteStream::from(body.clone()))
                .send()
                .await
                .map_err(|error| call.failed(error))
        })
        .await?;
        Ok(())
    }
}

fn rejected(call: Call<'_>, why: String) -> Error {
    call.error(ErrorKind::Rejected).with_source(why)
}

fn unexpected(call: Call<'_>, why: impl std::error::Error + Send + Sync + 'static) -> Error {
    call.error(ErrorKind::Unexpected).with_source(why)
}
