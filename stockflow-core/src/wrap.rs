//! Wrappers that add one thing to a backend and keep its contract.
//!
//! They can be put around each other: `Retry` around `Throttle` counts what is sent again too, and a
//! [`FanOut`] of retrying targets tries each target by itself.
//!
//! None of them reads a clock or knows a runtime. How to wait is passed in: any function from a [`Duration`](std::time::Duration) to a future,
//! such as `tokio::time::sleep`.

mod fan_out;
mod pause;
mod retry;
mod throttle;

use std::error::Error as _;

pub use fan_out::FanOut;
pub use pause::Pause;
pub use retry::{Backoff, Retry};
pub use throttle::Throttle;

use crate::{Error, error};

/// The same error for one more item.
fn copy(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.backend(), error.operation());
    match error.source() {
        Some(cause) => copy.with_source(error::chain(cause)),
        None => copy,
    }
}
