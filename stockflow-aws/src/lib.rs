#![doc = include_str!("../README.md")]

pub mod client;
#[cfg(any(
    feature = "athena",
    feature = "dynamodb",
    feature = "kinesis",
    feature = "s3",
    feature = "sns"
))]
mod error;
#[cfg(any(
    feature = "athena",
    feature = "dynamodb",
    feature = "kinesis",
    feature = "s3",
    feature = "sns"
))]
mod patience;
#[cfg(feature = "records")]
pub mod records;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(any(
    feature = "athena",
    feature = "dynamodb",
    feature = "kinesis",
    feature = "s3",
    feature = "sns"
))]
pub use patience::Patience;
