//! The stream: Kinesis.
//!
//! [`KinesisSink`] puts quotes on it, [`KinesisReader`] reads it without a Lambda, with shards that split and merge meanwhile, and
//! [`KinesisSource`] is the reader as a feed. What is in a record is in [`records`](crate::records).

mod reader;
mod shards;
mod sink;
mod source;
mod stream;

pub use self::{
    reader::{KinesisReader, ShardBatch, Start},
    sink::KinesisSink,
    source::KinesisSource,
};

const BACKEND: &str = "kinesis";
