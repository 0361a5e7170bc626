//! The same rules of `yata` as in [`YataSet`](super::yata_set::YataSet), each by itself behind a pointer, as a set has to be from which a
//! configuration chooses.

use stockflow_core::Quote;
use yata::{
    methods::{Cross, Highest, Lowest, MedianAbsDev, Past, SMA, StDev},
    prelude::*,
};

use super::yata_set::{LONG, SHORT};

/// A rule with its state: whether it found something.
pub(crate) type Rule = Box<dyn FnMut(&Quote) -> bool>;

pub(crate) fn rules(first: &Quote) -> Vec<Rule> {
    vec![
        Box::new(|quote| (quote.price.to_f64() / quote.previous_close.to_f64() - 1.0).abs() > 0.05),
        Box::new(|quote| (quote.open.to_f64() / quote.previous_close.to_f64() - 1.0).abs() > 0.03),
        returns(first),
        level(first),
        range(first),
        drift(first),
        volumes(first),
        standstill(first),
        pauses(first),
        trend(first),
    ]
}

fn returns(first: &Quote) -> Rule {
    let (mut mean, mut deviation) = (SMA::new(60, &0.0).unwrap(), StDev::new(60, &0.0).unwrap());
    let mut before = first.price.to_f64();
    Box::new(move |quote| {
        let price = quote.price.to_f64();
        let change = price / before - 1.0;
        before = price;
        let z = (change - mean.peek()) / deviation.peek();
        mean.next(&change);
        deviation.next(&change);
        z.abs() > 8.0
    })
}

fn level(first: &Quote) -> Rule {
    let mut level = MedianAbsDev::new(21, &first.price.to_f64()).unwrap();
    Box::new(move |quote| {
        let price = quote.price.to_f64();
        let found = (price - level.get_smm().peek()).abs() > 10.0 * 1.4826 * level.peek();
        level.next(&price);
        found
    })
}

fn range(first: &Quote) -> Rule {
    let price = first.price.to_f64();
    let mut settled = Past::new(15, &price).unwrap();
    let (mut highest, mut lowest) =
        (Highest::new(60, &price).unwrap(), Lowest::new(60, &price).unwrap());
    Box::new(move |quote| {
        let price = quote.price.to_f64();
        let (high, low) = (highest.peek(), lowest.peek());
        let margin = 1.5 * (high - low);
        let settled = settled.next(&price);
        highest.next(&settled);
        lowest.next(&settled);
        price > high + margin || price < low - margin
    })
}

fn drift(first: &Quote) -> Rule {
    let mut before = first.price.to_f64();
    let (mut older, mut usual) = (Past::new(20, &0.0).unwrap(), StDev::new(60, &0.0).unwrap());
    let (mut long, mut short) = (Past::new(20, &before).unwrap(), Past::new(5, &before).unwrap());
    Box::new(move |quote| {
        let price = quote.price.to_f64();
        let usual = usual.next(&older.next(&(price / before - 1.0)));
        before = price;
        let far = |from: f64, bound: f64| {
            let size = (price / from - 1.0).abs();
            size > bound * usual && size > 0.012
        };
        let (long, short) = (long.next(&price), short.next(&price));
        far(long, LONG) || far(short, SHORT)
    })
}

fn volumes(first: &Quote) -> Rule {
    let (mut mean, mut most) = (SMA::new(60, &0.0).unwrap(), Highest::new(60, &0.0).unwrap());
    let mut before = first.volume.get();
    Box::new(move |quote| {
        let volume = (quote.volume.get() - before) as f64;
        before = quote.volume.get();
        let bound = (8.0 * mean.peek()).max(2.0 * most.peek());
        mean.next(&volume);
        most.next(&volume);
        volume > bound
    })
}

fn standstill(first: &Quote) -> Rule {
    let mut changed = SMA::new(60, &0.0).unwrap();
    let mut before = (first.price, first.volume);
    Box::new(move |quote| {
        let is_changed = before != (quote.price, quote.volume);
        before = (quote.price, quote.volume);
        let found = !is_changed && changed.peek() * 15.0 > 15.0;
        changed.next(&f64::from(u8::from(is_changed)));
        found
    })
}

fn pauses(first: &Quote) -> Rule {
    let mut pauses = SMA::new(20, &0.0).unwrap();
    let mut before = first.timestamp.as_micros();
    Box::new(move |quote| {
        let pause = (quote.timestamp.as_micros() - before) as f64;
        before = quote.timestamp.as_micros();
        let found = pause > 3e8 && pause > 8.0 * pauses.peek();
        pauses.next(&pause);
        found
    })
}

fn trend(first: &Quote) -> Rule {
    let price = first.price.to_f64();
    let (mut fast, mut slow) = (SMA::new(5, &price).unwrap(), SMA::new(20, &price).unwrap());
    let (mut mean, mut noise) = (SMA::new(60, &0.0).unwrap(), StDev::new(78, &0.0).unwrap());
    let mut cross = Cross::new((), &(0.0, 0.0)).unwrap();
    let mut before = price;
    Box::new(move |quote| {
        let price = quote.price.to_f64();
        let mean = mean.next(&(fast.next(&price) - slow.next(&price)));
        let noise = noise.next(&(price - before));
        before = price;
        let side = if mean.abs() > 0.5 * noise { mean } else { 0.0 };
        cross.next(&(side, 0.0)).analog() != 0
    })
}
