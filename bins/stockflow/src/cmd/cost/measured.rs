//! What a quote is billed for, as it was measured. The one table that the estimate reads.
//!
//! | constant | measured by |
//! |---|---|
//! | of ours, but for times | `cargo test -p stockflow --features full --lib units`: both stages through the cost meter, against the emulator; the test fails if a constant is not what it measures |
//! | bytes of a row, alerts of a day | `cargo test -p stockflow --features full --test aws cost -- --include-ignored`, on recorded minutes |
//! | calls of ours | `cargo test -p stockflow-aws --features full --test calls`, the sums of docs/cost.md |
//! | times of ours | not on AWS: from the sums of docs/capacity.md (0.36 ms of processor a call by `benches/cold_start/run`, 5 µs a quote, a seventh of a processor at 256 MB) |
//! | what the template makes | counted in deploy/template.yaml; a test counts again |
//! | of the original | read in its code, its sizes and times taken as round numbers; docs/cost.md says which |

/// Bytes of a quote in the wire format, with prices of up to four digits behind the point.
pub(super) const RECORD_BYTES: f64 = 205.0;
/// Bytes of a quote in a compressed record of many, and in the lake.
pub(super) const COMPRESSED_BYTES: f64 = 20.5;
/// Bytes of a quote's row, as DynamoDB stores it: with 100 for its own index.
pub(super) const ROW_BYTES: f64 = 190.0 + 100.0;
/// Write units of a quote.
pub(super) const WRITES_PER_QUOTE: f64 = 1.0;
/// Read units of stage 1, for each symbol of an event.
pub(super) const READS_STAGE_1: f64 = 1.0;
/// Read units of stage 2, for each checkpoint, that is each symbol of an event of stage 1.
pub(super) const READS_STAGE_2: f64 = 1.0;
/// Write units of stage 2 that marks how far it followed a symbol, for each checkpoint.
pub(super) const WRITES_STAGE_2: f64 = 1.0 / 16.0;
/// Objects in the lake, for each event.
pub(super) const PUTS_PER_EVENT: f64 = 1.0;
/// Write units of an alert: claim and mark with the ledger's index, the policy's state, the row's index of anomalies.
pub(super) const WRITES_PER_ALERT: f64 = 6.0;
/// Alerts of a symbol in a day, on recorded minutes with the default rules.
pub(super) const ALERTS_PER_SYMBOL_DAY: f64 = 0.88;
/// Bytes of the line that stage 1 logs for an event.
pub(super) const LOG_STAGE_1: f64 = 730.0;
/// Bytes of the line that stage 2 logs for an event.
pub(super) const LOG_STAGE_2: f64 = 660.0;

/// Most records in an event of stage 1: `BatchSize` of the template.
pub(super) const BATCH: f64 = 1_000.0;
/// Seconds that stage 1 waits for an event to fill: `BatchingWindowSeconds`.
pub(super) const WINDOW: f64 = 5.0;
/// Most checkpoints in an event of stage 2.
pub(super) const BATCH_STAGE_2: f64 = 100.0;
/// GB of each function: `MemoryMegabytes`.
pub(super) const MEMORY: f64 = 0.25;
/// Alarms of the template.
pub(super) const ALARMS: f64 = 17.0;
/// Metrics of one's own: 7 of stage 1, 7 of stage 2, and 6 of each mapping.
pub(super) const METRICS: f64 = 7.0 + 7.0 + 2.0 * 6.0;
/// GB of the instance's disk.
pub(super) const DISK: f64 = 8.0;

/// Milliseconds that an invocation waits for its calls, most of them side by side.
const WAIT: f64 = 20.0;
/// How much longer a function of [`MEMORY`] computes than a whole processor would.
const SHARE: f64 = 7.0;
/// Milliseconds of a whole processor for a call of the SDK, with its share of TLS and kernel.
const CALL: f64 = 0.36;
/// Milliseconds of a whole processor for a quote.
const QUOTE: f64 = 0.005;

/// Seconds of an invocation of stage 1 on that many quotes of that many symbols.
pub(super) fn seconds_stage_1(quotes: f64, symbols: f64) -> f64 {
    let rows = (quotes - symbols).max(0.0);
    let calls = (rows / 25.0).ceil() + (symbols / 25.0).ceil() + symbols + 1.0;
    (WAIT + SHARE * (CALL * calls + QUOTE * quotes)) / 1_000.0
}

/// Seconds of an invocation of stage 2 on that many checkpoints.
pub(super) fn seconds_stage_2(checkpoints: f64) -> f64 {
    (WAIT + SHARE * CALL * checkpoints * (1.0 + WRITES_STAGE_2)) / 1_000.0
}

/// Of the original.
pub(super) mod original {
    /// Most records in an event of its first function.
    pub(crate) const BATCH: f64 = 2.0;
    /// Times a second that Lambda looks at the table's stream, each time at most this many records.
    pub(crate) const POLLS: f64 = 4.0;
    pub(crate) const BATCH_TREND: f64 = 100.0;
    /// Bytes of its record, which is also its object.
    pub(crate) const RECORD_BYTES: f64 = 240.0;
    /// Bytes of its item, as a query reads it.
    pub(crate) const ITEM_BYTES: f64 = 165.0;
    /// Where a query's page ends, of which it reads one.
    pub(crate) const PAGE_BYTES: f64 = 1_048_576.0;
    /// GB of each function: Lambda's default.
    pub(crate) const MEMORY: f64 = 0.125;
    /// Seconds of an invocation of the first function, and for each record in it (a PUT and a write, one after the other).
    pub(crate) const SECONDS: (f64, f64) = (0.04, 0.04);
    /// Seconds of an invocation of the second function.
    pub(crate) const SECONDS_TREND: f64 = 0.1;
    /// Bytes logged for a quote: the record twice, and Lambda's own lines.
    pub(crate) const LOG_BYTES: f64 = 900.0;
}
