//! Rolling statistics over the last `period` values, exact for ever.
//!
//! What a detector learns must not depend on what it learned and forgot before (see [`AnomalyDetector`](crate::AnomalyDetector)).
//! A running `sum - old + new` of floats keeps the rounding of one huge value for ever. Here sums are integers,
//! order statistics are the values themselves, and weighted sums are evaluated anew in a fixed order. Floats appear only
//! when a finished integer is divided or its root is taken.
//!
//! Values are `i64`: prices in units of 10⁻⁸ ([`Price::units`](crate::Price::units)), volumes in shares, or returns as
//! [`midpoint_return`] makes them. Every type holds its memory from construction on and allocates nothing later.
//!
//! | type | what | cost of a value |
//! |---|---|---|
//! | [`Ring`] | the values | constant |
//! | [`Sum`] | sum, mean | constant |
//! | [`Moments`] | sum, mean, variance, z-score | constant |
//! | [`Extremes`] | minimum, maximum | constant on average |
//! | [`Median`] | median, median absolute deviation | linear, a few compares |
//! | [`Window`] | weighted sums (FIR filters) | constant; a weighted sum is linear |

mod extremes;
mod median;
mod moments;
mod returns;
mod ring;
mod sum;
mod sums;
mod window;

pub use extremes::Extremes;
pub use median::Median;
pub use moments::Moments;
pub use returns::{RETURN_UNITS_PER_ONE, midpoint_return};
pub use ring::Ring;
pub use sum::Sum;
pub(crate) use sums::Sums;
pub use window::Window;

use crate::params::{InvalidConfig, MAX_LOOKBACK, within};

/// Largest absolute value that [`Moments`] takes in: that of [`Price::MAX`](crate::Price::MAX), 10¹⁷.
pub const MAX_VALUE: i64 = crate::Price::MAX.units();

fn check_period(period: usize, min: usize) -> Result<(), InvalidConfig> {
    within("period", period, min, MAX_LOOKBACK)
}

/// The float nearest to `value`; an `i64` converts in one instruction, an `i128` in a call.
#[inline]
pub(crate) fn to_f64(value: i128) -> f64 {
    match i64::try_from(value) {
        Ok(small) => small as f64,
        Err(_) => wide_to_f64(value),
    }
}

/// By itself, or the compiler makes the call for every value and then chooses.
#[cold]
#[inline(never)]
fn wide_to_f64(value: i128) -> f64 {
    value as f64
}
