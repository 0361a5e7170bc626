//! The tables in the file.

use redb::{ReadOnlyTable, Table, TableDefinition};

type Bytes = &'static [u8];
/// A table of bytes by bytes, while reading.
pub(crate) type ReadTable = ReadOnlyTable<Bytes, Bytes>;
/// A table of bytes by bytes, while writing.
pub(crate) type WriteTable<'txn> = Table<'txn, Bytes, Bytes>;

/// Rows by symbol and market time.
pub(crate) const ROWS: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("rows");
/// Rows that wait for their place in [`ROWS`], in chunks as they came.
pub(crate) const RECENT: TableDefinition<'_, u64, Bytes> = TableDefinition::new("recent");
/// Checkpoint rows as they came, in chunks by the number of their first.
pub(crate) const FEED: TableDefinition<'_, u64, Bytes> = TableDefinition::new("feed");
/// Alerts by id.
pub(crate) const ALERTS: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("alerts");
/// Ids of alerts by market time of their cause.
pub(crate) const ALERT_TIMES: TableDefinition<'_, Bytes, Bytes> =
    TableDefinition::new("alert_times");
/// Policy states by symbol and rule.
pub(crate) const POLICIES: TableDefinition<'_, Bytes, Bytes> = TableDefinition::new("policies");
/// Counters.
pub(crate) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// Keys of [`META`].
pub(crate) mod meta {
    /// Format of the whole file.
    pub(crate) const FORMAT: &str = "format";
    /// Number of the next entry of the feed.
    pub(crate) const FEED_NEXT: &str = "feed_next";
    /// Number of the last entry of the feed that was acknowledged.
    pub(crate) const FEED_ACKED: &str = "feed_acked";
    /// Number of the next chunk of recent rows.
    pub(crate) const CHUNK_NEXT: &str = "chunk_next";
}

/// Format of the whole file that this program writes.
pub(crate) const FORMAT: u64 = 1;
/// A value of about this size fills its pages.
pub(crate) const CHUNK_BYTES: usize = 65_000;
