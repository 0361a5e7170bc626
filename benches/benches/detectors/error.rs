//! How wrong a rolling standard deviation is after a million values at a price of ten million.

use stockflow_core::{Price, rolling::Moments};
use ta::{Next, indicators::StandardDeviation};
use yata::{methods::StDev, prelude::*};

const PERIOD: usize = 20;
const VALUES: i64 = 1_000_000;

/// Around 10⁷, up and down by up to 1 in steps of a cent.
fn price(i: i64) -> f64 {
    1e7 + ((i * 7_919) % 201 - 100) as f64 / 100.0
}

pub(crate) fn report() {
    // The naive formula over the last values, in integers; one rounding at the end.
    let units = |i| Price::from_f64(price(i)).unwrap().units();
    let last: Vec<i128> = (VALUES - PERIOD as i64..VALUES).map(|i| i128::from(units(i))).collect();
    let (n, sum) = (PERIOD as i128, last.iter().sum::<i128>());
    let spread = (n * last.iter().map(|x| x * x).sum::<i128>() - sum * sum) as f64;
    let truth = (spread / (n * n) as f64).sqrt() / 1e8;
    // yata divides by n - 1.
    let sample = (spread / (n * (n - 1)) as f64).sqrt() / 1e8;
    for (title, first) in [("", price(0)), (", the first of them a bad print of 10^9", 1e9)] {
        let mut ours = Moments::new(PERIOD).unwrap();
        let mut ta = StandardDeviation::new(PERIOD).unwrap();
        let mut yata = StDev::new(PERIOD as u8, &first).unwrap();
        let (mut by_ta, mut by_yata) = (0.0, 0.0);
        for i in 0..VALUES {
            let price = if i == 0 { first } else { price(i) };
            ours.push(Price::from_f64(price).unwrap().units());
            by_ta = ta.next(price);
            by_yata = yata.next(&price);
        }
        println!(
            "\nerror of the deviation of the last {PERIOD} of {VALUES} values around 10^7{title}"
        );
        println!("  {:<12} {:e}", "stockflow", (ours.deviation() / 1e8 - truth).abs());
        println!("  {:<12} {:e}", "ta", (by_ta - truth).abs());
        println!("  {:<12} {:e}", "yata", (by_yata - sample).abs());
        println!("  {:<12} {truth}", "(true value)");
    }
}
