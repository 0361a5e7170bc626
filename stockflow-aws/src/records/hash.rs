//! Which shard a key belongs to.

use md5::{Digest as _, Md5};

/// Where Kinesis places records of the partition key `key`: its MD5 as a number.
#[must_use]
pub fn hash_of(key: &[u8]) -> u128 {
    u128::from_be_bytes(Md5::digest(key).into())
}

/// The hash keys of a shard, from the first to the last; a shard keeps them as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashRange {
    first: u128,
    last: u128,
}

impl HashRange {
    /// All hash keys: the range of the only shard of a stream.
    pub const ALL: Self = Self { first: 0, last: u128::MAX };

    /// From `first` to `last`, both included.
    #[must_use]
    pub const fn new(first: u128, last: u128) -> Self {
        Self { first, last }
    }

    /// From the decimal numbers that `ListShards` answers with; `None`, if they are none.
    #[must_use]
    pub fn from_text(first: &str, last: &str) -> Option<Self> {
        Some(Self { first: first.parse().ok()?, last: last.parse().ok()? })
    }

    /// The first hash key.
    #[must_use]
    pub const fn first(&self) -> u128 {
        self.first
    }

    /// The last hash key.
    #[must_use]
    pub const fn last(&self) -> u128 {
        self.last
    }

    /// Whether records of that partition key belong here.
    #[must_use]
    pub fn holds_key(&self, key: &[u8]) -> bool {
        self.holds(hash_of(key))
    }

    /// Whether records of that hash key belong here.
    #[must_use]
    pub const fn holds(&self, hash: u128) -> bool {
        self.first <= hash && hash <= self.last
    }
}
