//! SQL over a data folder: read-only, in bounded memory, by DataFusion.
//!
//! | table | what | columns |
//! |---|---|---|
//! | `stock_data_table` | every record of the lake | those of the wire format, and `dt`, the UTC day |
//! | `judged_quotes` | rows of the table | the quote, `ohlc4`, `late`, `quality`, `warming_up`, `anomalies` (names of rules) |
//! | `anomalies` | what was found, one row each | `symbol`, `timestamp`, `rule`, `direction`, `score`, `value`, `threshold` |
//! | `alerts` | what was told | as `stockflow alerts` shows |
//!
//! Numbers are doubles, `volume` is a bigint, `timestamp` is text in canonical form, so that its order is the order of time.

mod alerts;
mod answer;
mod engine;
mod error;
mod judged;
mod lake;
mod problems;
mod quotes;
mod raw;
mod remote;
mod stream;

pub use answer::{Answer, AnswerColumn, SqlValue};
pub use engine::SqlEngine;
pub use error::SqlError;

#[cfg(test)]
mod tests;
