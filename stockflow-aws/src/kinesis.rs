//! The stream: Kinesis.
//!
//! [`KinesisSink`] puts quotes on it, [`KinesisReader`] reads it without a Lambda, with shards that split and merge meanwhile, and
//! [`KinesisSource`] is the reader as a feed. What is in a record is in [`records`](crate::records).

mod shards;
mod sink;
mod stream;

pub use self::sink::KinesisSink;

const BACKEND: &str = "kinesis";
