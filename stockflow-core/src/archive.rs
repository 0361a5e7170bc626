//! Objects of the lake and of the quarantine.

mod name;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Date, Position, Result, ShardId};

/// Name of an object: the same for the same first record, so that a retry overwrites what it repeats.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectName {
    /// Partition: the UTC day of the market time in the lake, of the arrival in the quarantine.
    pub dt: Date,
    /// Where the records come from.
    pub shard: ShardId,
    /// Position of the first record in the object.
    pub first: Position,
}

/// An object: lines of JSON, each ended by a line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub name: ObjectName,
    /// Newline-delimited JSON, not compressed; a backend compresses as it likes.
    pub lines: Bytes,
}

/// Keeps objects: the lake (raw quotes for SQL and replay) and the quarantine (what could not be read).
///
/// # Contract
/// - When `put` returns `Ok`, the object is durable as a whole. A reader never sees a part of it.
/// - An object of the same name is replaced.
///
/// # Errors
/// After an error, the object is there as a whole, or as it was before.
#[async_trait]
pub trait Archive: fmt::Debug + Send + Sync {
    /// Stores `object`.
    async fn put(&self, object: Object) -> Result<()>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: Archive + ?Sized> Archive for Arc<A> {
    async fn put(&self, object: Object) -> Result<()> {
        (**self).put(object).await
    }
}
