#![doc = include_str!("../README.md")]

#[cfg(any(feature = "athena", feature = "s3"))]
mod again;
#[cfg(feature = "athena")]
pub mod athena;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "dynamodb")]
pub mod dynamodb;
#[cfg(any(
    feature = "athena",
    feature = "dynamodb",
    feature = "kinesis",
    feature = "s3",
    feature = "sns"
))]
mod error;
#[cfg(feature = "kinesis")]
pub mod kinesis;
#[cfg(feature = "lambda")]
pub mod lambda;
#[cfg(feature = "meter")]
pub mod meter;
#[cfg(any(
    feature = "athena",
    feature = "dynamodb",
    feature = "kinesis",
    feature = "s3",
    feature = "sns"
))]
mod patience;
#[cfg(feature = "prices")]
pub mod prices;
#[cfg(feature = "records")]
pub mod records;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(feature = "sns")]
pub mod sns;
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
