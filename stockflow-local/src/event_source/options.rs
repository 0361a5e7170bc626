//! Settings of a mapping, and what goes wrong on purpose.

use std::time::Duration;

use stockflow_core::{InvalidConfig, params::within};

/// Which kind of stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Kinesis: records come in the order in which they were put, within a shard; with a parallelisation factor, within a
    /// partition key.
    Kinesis,
    /// DynamoDB Streams: changes come in the order in which they were made, within an item; changes of two items come in any order.
    DynamoDb {
        /// A change is on the stream at most so long after it was made.
        delay: Duration,
    },
}

/// Settings of an event source mapping and its function, under the names that Lambda has for them; the defaults are Lambda's.
#[derive(Clone, Debug)]
pub struct MappingOptions {
    /// Shards, at least 1. A key always goes to the same one.
    pub shards: usize,
    /// Most records of a batch: 1 to 10,000.
    pub batch_size: usize,
    /// How long a batch waits until it is full: up to 300 s.
    pub maximum_batching_window: Duration,
    /// Most bytes of an event: up to Lambda's 6 MB, which nobody can set. It counts with
    /// [`with_payload_sizes`](super::EventSourceMapping::with_payload_sizes).
    pub payload_limit: usize,
    /// Batches of a shard that are handled side by side: 1 to 10.
    pub parallelization_factor: usize,
    /// Whether `ReportBatchItemFailures` is among the `FunctionResponseTypes`: without it, responses are not looked at.
    pub report_batch_item_failures: bool,
    /// Whether a failed batch is split.
    pub bisect_batch_on_function_error: bool,
    /// How often a batch that failed and cannot be split comes again: up to 10,000; `None`: for ever.
    pub maximum_retry_attempts: Option<u32>,
    /// Records older than this are given up: from 60 s to 7 days; `None`: never.
    pub maximum_record_age: Option<Duration>,
    /// The function's timeout: 1 s to 900 s.
    pub timeout: Duration,
    /// The function's reserved concurrency, at least 1; `None`: as many containers as there are batches.
    pub reserved_concurrency: Option<usize>,
    /// How long a container takes to start.
    pub cold_start: Duration,
}

impl Default for MappingOptions {
    fn default() -> Self {
        Self {
            shards: 1,
            batch_size: 100,
            maximum_batching_window: Duration::ZERO,
            payload_limit: Self::PAYLOAD_LIMIT,
            parallelization_factor: 1,
            report_batch_item_failures: false,
            bisect_batch_on_function_error: false,
            maximum_retry_attempts: None,
            maximum_record_age: None,
            timeout: Duration::from_secs(3),
            reserved_concurrency: None,
            cold_start: Duration::from_millis(100),
        }
    }
}

impl MappingOptions {
    /// Lambda's limit to an event, in bytes.
    pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

    pub(super) fn check(&self) -> Result<(), InvalidConfig> {
        const WEEK: u64 = 7 * 86_400;
        within("shards", self.shards, 1, 10_000)?;
        within("batch_size", self.batch_size, 1, 10_000)?;
        let window = self.maximum_batching_window.as_secs_f64();
        within("maximum_batching_window", window, 0.0, 300.0)?;
        within("payload_limit", self.payload_limit, 1, Self::PAYLOAD_LIMIT)?;
        within("parallelization_factor", self.parallelization_factor, 1, 10)?;
        within("maximum_retry_attempts", self.maximum_retry_attempts.unwrap_or(0), 0, 10_000)?;
        let age = self.maximum_record_age.map_or(60, |age| age.as_secs());
        within("maximum_record_age", age, 60, WEEK)?;
        within("timeout", self.timeout.as_secs_f64(), 1.0, 900.0)?;
        within("reserved_concurrency", self.reserved_concurrency.unwrap_or(1), 1, 1_000)?;
        Ok(())
    }
}

/// What goes wrong between stream and function, in percent; nothing by default. What goes wrong in the function is its own affair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MappingFaults {
    /// Invocations whose container is killed while it waits for something, if it waits for long enough.
    pub crashes: u8,
    /// Invocations that run to their end, but whose response is lost: they failed.
    pub lost_answers: u8,
    /// Batches that come once more although they were a complete success; cut anew, so perhaps with records after them.
    pub redelivered: u8,
    /// Invocations before which all idle containers are thrown away.
    pub recycled: u8,
    /// New batches that are cut at a random place.
    pub cut: u8,
}

impl MappingFaults {
    pub(super) fn check(&self) -> Result<(), InvalidConfig> {
        for (key, percent) in [
            ("crashes", self.crashes),
            ("lost_answers", self.lost_answers),
            ("redelivered", self.redelivered),
            ("recycled", self.recycled),
            ("cut", self.cut),
        ] {
            within(key, percent, 0, 100)?;
        }
        // Each of them at 100 means that nothing ever ends.
        let failing = u32::from(self.crashes) + u32::from(self.lost_answers);
        within("crashes + lost_answers", failing, 0, 99)?;
        within("redelivered", self.redelivered, 0, 99)?;
        Ok(())
    }
}
