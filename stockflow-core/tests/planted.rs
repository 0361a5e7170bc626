//! What is planted into real minute quotes is found by the default rules.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "common/files.rs"]
mod files;

use std::collections::BTreeMap;

use stockflow_core::{Judgement, Monitor, Price, Quote, Rules, Volume};

/// Quote of the day at which something is planted, past the first hour.
const PLACES: [usize; 4] = [100, 170, 240, 310];

struct Kind {
    name: &'static str,
    /// Changes the day's quotes from that index on; the price's size is in deviations of the returns of the hour before.
    plant: fn(&mut Vec<Quote>, usize, f64),
    rules: &'static [&'static str],
    /// Quotes within which it has to be told.
    within: usize,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "spike of 12 deviations, and half a percent, that stays",
        plant: |day, at, deviation| {
            day[at..].iter_mut().for_each(|q| move_price(q, (12.0 * deviation).max(0.005)));
        },
        rules: &["return_zscore"],
        within: 1,
    },
    Kind {
        name: "bad print, 3 % off",
        plant: |day, at, _| move_price(&mut day[at], -0.03),
        rules: &["hampel", "return_zscore"],
        within: 1,
    },
    Kind {
        name: "fall of 5 % in twelve steps",
        plant: |day, at, _| {
            for (i, quote) in day[at..].iter_mut().enumerate() {
                move_price(quote, -0.05 * ((i + 1) as f64 / 12.0).min(1.0));
            }
        },
        rules: &["range_break", "hampel", "return_zscore"],
        within: 12,
    },
    Kind {
        name: "eight times the hour's mean volume on top, for four quotes",
        plant: |day, at, _| {
            let mean = (day[at - 1].volume.get() - day[at - 61].volume.get()) / 60;
            for (i, quote) in (1..).zip(&mut day[at..]) {
                quote.volume = Volume::new(quote.volume.get() + 8 * mean * i.min(4)).unwrap();
            }
        },
        rules: &["volume_spike"],
        within: 4,
    },
    Kind {
        name: "nothing traded for 25 quotes",
        plant: |day, at, _| {
            let last = day[at - 1];
            for quote in &mut day[at..at + 25] {
                *quote = Quote { timestamp: quote.timestamp, ..last };
            }
        },
        rules: &["flat_line"],
        within: 25,
    },
    Kind {
        name: "no quote for 15 minutes",
        plant: |day, at, _| drop(day.drain(at..at + 15)),
        rules: &["feed_gap"],
        within: 1,
    },
];

fn move_price(quote: &mut Quote, by: f64) {
    let cents = (quote.price.to_f64() * (1.0 + by) * 100.0).round() as i64;
    quote.price = Price::from_units(cents * (Price::UNITS_PER_ONE / 100)).unwrap();
}

/// Standard deviation of the hour's returns before `at`.
fn deviation(day: &[Quote], at: usize) -> f64 {
    let returns =
        day[at - 60..at].windows(2).map(|w| w[1].price.to_f64() / w[0].price.to_f64() - 1.0);
    (returns.map(|r| r * r).sum::<f64>() / 59.0).sqrt()
}

fn is_told(day: &[Quote], at: usize, kind: &Kind) -> bool {
    let mut monitor = Monitor::new(&Rules::default_set());
    let mut told = false;
    for (i, quote) in day.iter().enumerate().take(at + kind.within) {
        let judgement = monitor.observe(quote, &mut Vec::new());
        let Judgement::Accepted { anomalies, .. } = judgement else { unreachable!("in order") };
        told |= i >= at && anomalies.iter().any(|a| kind.rules.contains(&&*a.rule));
    }
    told
}

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn what_is_planted_into_minute_quotes_is_found() {
    let mut days: BTreeMap<_, Vec<Quote>> = BTreeMap::new();
    for quote in files::quotes("quotes-minute.csv.gz") {
        days.entry((quote.symbol, quote.timestamp.date())).or_default().push(quote);
    }
    for kind in KINDS {
        let (mut planted, mut told) = (0, 0);
        for day in days.values().filter(|day| day.len() >= 380) {
            for at in PLACES {
                let mut changed = day.clone();
                (kind.plant)(&mut changed, at, deviation(day, at));
                planted += 1;
                told += usize::from(is_told(&changed, at, kind));
            }
        }
        println!("{}: {told} of {planted}", kind.name);
        assert!(planted >= 90, "{planted}");
        assert!(told * 20 >= planted * 19, "{}: {told} of {planted}", kind.name);
    }
}
