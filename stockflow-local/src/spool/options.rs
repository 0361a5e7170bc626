//! Sizes and name.

use stockflow_core::{InvalidConfig, ShardId};

/// Sizes of a [`Spool`](super::Spool).
#[derive(Clone, Debug)]
pub struct SpoolOptions {
    pub(super) segment_bytes: u64,
    pub(super) max_bytes: u64,
    pub(super) shard: ShardId,
}

impl SpoolOptions {
    /// Smallest segment, in bytes.
    pub const LEAST_SEGMENT_BYTES: u64 = 4096;

    /// Segments of `segment_bytes`, and at most `max_bytes` that wait for acknowledgement.
    ///
    /// # Errors
    /// [`InvalidConfig`] for a segment of less than 4 KiB, or a bound below two segments.
    pub fn new(segment_bytes: u64, max_bytes: u64) -> Result<Self, InvalidConfig> {
        let least = Self::LEAST_SEGMENT_BYTES;
        if segment_bytes < least {
            let allowed = format!("{least} bytes or more");
            return Err(InvalidConfig::new("segment_bytes", segment_bytes, allowed));
        }
        if max_bytes / 2 < segment_bytes {
            let allowed = format!("two segments of {segment_bytes} bytes or more");
            return Err(InvalidConfig::new("max_bytes", max_bytes, allowed));
        }
        Ok(Self { segment_bytes, max_bytes, shard: super::DEFAULT_SHARD.into() })
    }

    /// With another start of the shard's name (default `spool`); a hyphen and the spool's id follow.
    #[must_use]
    pub fn with_shard(mut self, shard: impl Into<ShardId>) -> Self {
        self.shard = shard.into();
        self
    }
}

impl Default for SpoolOptions {
    /// Segments of 64 MiB, at most 1 GiB that waits.
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, max_bytes: 1 << 30, shard: super::DEFAULT_SHARD.into() }
    }
}
