//! One statistic at a time.

use stockflow_benches::compare::{Contestant, compare};
use stockflow_core::{
    Quote,
    rolling::{Extremes, Median, Moments, Sum, Window},
};
use ta::{
    Next,
    indicators::{BollingerBands, ExponentialMovingAverage, Maximum, Minimum, SimpleMovingAverage},
};
use yata::{
    methods::{EMA, Highest, Lowest, SMA, SMM, StDev},
    prelude::*,
};

use super::{ROUNDS, SYMBOLS};

/// The same prices as our integers and as floats.
struct Prices {
    units: Vec<i64>,
    floats: Vec<f64>,
}

/// Feeds each value to the state of its symbol; answers something that depends on every result.
fn feed<'a, S: 'a, V: Copy>(
    name: &'static str,
    values: &'a [V],
    make: impl Fn(V) -> S,
    mut step: impl FnMut(&mut S, V) -> f64 + 'a,
) -> Contestant<'a> {
    let mut states: Vec<S> = values[..SYMBOLS].iter().map(|&value| make(value)).collect();
    Contestant::new(name, move || {
        let mut sum = 0.0;
        for round in values.chunks(SYMBOLS) {
            for (state, &value) in states.iter_mut().zip(round) {
                sum += step(state, value);
            }
        }
        sum.to_bits()
    })
}

pub(crate) fn compare_all(quotes: &[Quote]) {
    let prices = Prices {
        units: quotes.iter().map(|q| q.price.units()).collect(),
        floats: quotes.iter().map(|q| q.price.to_f64()).collect(),
    };
    mean(&prices);
    z_score(&prices);
    exponential(&prices);
    extremes(&prices);
    median(&prices);
}

fn race(title: &str, contestants: Vec<Contestant<'_>>, prices: &Prices) {
    compare(title, prices.units.len(), ROUNDS, contestants);
}

fn mean(prices: &Prices) {
    let contestants = vec![
        feed(
            "stockflow, exact",
            &prices.units,
            |_| Sum::new(20).unwrap(),
            |state, price| {
                state.push(price);
                state.mean().unwrap_or(0.0)
            },
        ),
        feed("ta", &prices.floats, |_| SimpleMovingAverage::new(20).unwrap(), |s, p| s.next(p)),
        feed("yata", &prices.floats, |p| SMA::new(20, &p).unwrap(), |s, p| s.next(&p)),
    ];
    race("mean of 20", contestants, prices);
}

fn z_score(prices: &Prices) {
    let contestants = vec![
        feed(
            "stockflow, exact",
            &prices.units,
            |_| Moments::new(20).unwrap(),
            |state, price| {
                let z = state.z_score(price).unwrap_or(0.0);
                state.push(price);
                z
            },
        ),
        feed(
            "ta, drifts",
            &prices.floats,
            |_| BollingerBands::new(20, 1.0).unwrap(),
            |s, p| {
                let bands = s.next(p);
                (p - bands.average) / (bands.upper - bands.average)
            },
        ),
        feed(
            "yata, drifts",
            &prices.floats,
            |p| (SMA::new(20, &p).unwrap(), StDev::new(20, &p).unwrap()),
            |(mean, deviation), p| (p - mean.next(&p)) / deviation.next(&p),
        ),
    ];
    race("z-score in 20", contestants, prices);
}

fn exponential(prices: &Prices) {
    const TERMS: usize = 104;
    let alpha = 2.0 / 27.0_f64;
    let weights: Vec<f64> =
        (0..TERMS).rev().map(|age| alpha * (1.0 - alpha).powi(age as i32)).collect();
    let weights = &weights;
    let contestants = vec![
        feed(
            "stockflow, a function of 104 prices",
            &prices.floats,
            |_| Window::new(TERMS).unwrap(),
            move |state, price| {
                state.push(price);
                state.weighted_sum(weights).unwrap_or(0.0)
            },
        ),
        feed(
            "ta, of all prices since the start",
            &prices.floats,
            |_| ExponentialMovingAverage::new(26).unwrap(),
            |s, p| s.next(p),
        ),
        feed(
            "yata, of all prices since the start",
            &prices.floats,
            |p| EMA::new(26, &p).unwrap(),
            |s, p| s.next(&p),
        ),
    ];
    race("exponential mean of 26", contestants, prices);
}

fn extremes(prices: &Prices) {
    let contestants = vec![
        feed(
            "stockflow",
            &prices.units,
            |_| Extremes::new(20).unwrap(),
            |state, price| {
                state.push(price);
                (state.max().unwrap_or(0) - state.min().unwrap_or(0)) as f64
            },
        ),
        feed(
            "ta",
            &prices.floats,
            |_| (Maximum::new(20).unwrap(), Minimum::new(20).unwrap()),
            |(max, min), p| max.next(p) - min.next(p),
        ),
        feed(
            "yata",
            &prices.floats,
            |p| (Highest::new(20, &p).unwrap(), Lowest::new(20, &p).unwrap()),
            |(max, min), p| max.next(&p) - min.next(&p),
        ),
    ];
    race("highest and lowest of 20", contestants, prices);
}

fn median(prices: &Prices) {
    let contestants = vec![
        feed(
            "stockflow, median and MAD",
            &prices.units,
            |_| Median::new(21).unwrap(),
            |s, p| {
                s.push(p);
                (s.median().unwrap_or(0) + s.mad().unwrap_or(0)) as f64
            },
        ),
        feed("yata, median only", &prices.floats, |p| SMM::new(21, &p).unwrap(), |s, p| s.next(&p)),
        feed(
            "median and MAD by selecting anew",
            &prices.units,
            |p| (vec![p; 21], 0_usize),
            |(window, next), p| {
                window[*next] = p;
                *next = (*next + 1) % window.len();
                let mut values = window.clone();
                let median = *values.select_nth_unstable(10).1;
                values.iter_mut().for_each(|v| *v = (*v - median).abs());
                (median + *values.select_nth_unstable(10).1) as f64
            },
        ),
    ];
    race("median and median absolute deviation of 21", contestants, prices);
}
