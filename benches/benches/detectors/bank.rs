//! The default detectors as a whole and one by one, and what one would take from `yata` for the same rules.
//!
//! Ours as a whole is what [`Processor`](stockflow_core::Processor) runs for a symbol: its bank of anomaly detectors, made from the
//! default rules, and the trend detectors behind pointers. What follows from the bank's flags and verdicts (quality, policy,
//! alerts) is in the line of the monitor only. `yata` comes twice: as ten rules behind a pointer each, which is what a
//! configurable set needs, and as one struct written by hand for these rules, without a call through a pointer. Both do less than ours, as is
//! said there; nothing was added to them to make up for it, so their times are the least that the same rules would take.

use stockflow_benches::compare::{Contestant, compare};
use stockflow_core::{
    AnomalyBank, AnomalyDetector, Monitor, Quality, Quote, Rules, TrendDetector, TrendSignal,
    anomaly, trend,
};

use super::{ROUNDS, yata_boxes, yata_set::YataSet};

/// Feeds every quote to the state of its symbol; new states each time, since detectors are fed a market once.
fn feed<S>(
    quotes: &[Quote],
    make: impl Fn(&Quote) -> S,
    step: impl Fn(&mut S, &Quote) -> u64,
) -> u64 {
    let symbols = 1 + quotes[1..].iter().position(|q| q.symbol == quotes[0].symbol).unwrap();
    let mut states: Vec<S> = quotes[..symbols].iter().map(make).collect();
    let mut found = 0;
    for round in quotes.chunks(symbols) {
        for (state, quote) in states.iter_mut().zip(round) {
            found += step(state, quote);
        }
    }
    found
}

fn judge(detector: &mut Box<dyn AnomalyDetector>, quote: &Quote) -> u64 {
    u64::from(detector.judge(quote, Quality::GOOD).evidence().is_some())
}

fn follow(detector: &mut Box<dyn TrendDetector>, quote: &Quote) -> u64 {
    u64::from(matches!(detector.update(quote), TrendSignal::Turned(_)))
}

fn detectors(quotes: &[Quote]) -> u64 {
    let rules = Rules::default_set();
    let make =
        |quote: &Quote| (AnomalyBank::new(&rules.anomaly, &quote.symbol), trends(&rules, quote));
    feed(quotes, make, |(bank, trend), quote| {
        let anomalies = bank.judge(quote, Quality::GOOD).1.len() as u64;
        anomalies + trend.iter_mut().map(|d| follow(d, quote)).sum::<u64>()
    })
}

fn boxes(quotes: &[Quote]) -> u64 {
    let rules = Rules::default_set();
    let make = |quote: &Quote| {
        let anomaly: Vec<_> =
            rules.anomaly.iter().filter_map(|rule| rule.detector(&quote.symbol)).collect();
        (anomaly, trends(&rules, quote))
    };
    feed(quotes, make, |(anomaly, trend), quote| {
        let anomalies: u64 = anomaly.iter_mut().map(|d| judge(d, quote)).sum();
        anomalies + trend.iter_mut().map(|d| follow(d, quote)).sum::<u64>()
    })
}

fn trends(rules: &Rules, quote: &Quote) -> Vec<Box<dyn TrendDetector>> {
    rules.trend.iter().filter_map(|rule| rule.detector(&quote.symbol)).collect()
}

fn monitor(quotes: &[Quote]) -> u64 {
    let mut monitor = Monitor::new(&Rules::default_set());
    let mut alerts = Vec::new();
    for quote in quotes {
        let _ = monitor.observe(quote, &mut alerts);
    }
    alerts.len() as u64
}

/// The default detectors as a whole; `title` says of how many symbols.
pub(crate) fn compare_sets(title: &str, quotes: &[Quote]) {
    compare(
        title,
        quotes.len(),
        ROUNDS,
        vec![
            Contestant::new("stockflow, as the processor runs them", || detectors(quotes)),
            Contestant::new("yata, nearest set, each rule behind a pointer", || {
                feed(quotes, yata_boxes::rules, |rules, quote| {
                    rules.iter_mut().map(|rule| u64::from(rule(quote))).sum()
                })
            }),
            Contestant::new("yata, nearest set, one struct written by hand", || {
                feed(quotes, YataSet::new, YataSet::observe)
            }),
            Contestant::new("stockflow, each detector by itself behind a pointer", || {
                boxes(quotes)
            }),
            Contestant::new("stockflow monitor: quality, policy, alerts too", || monitor(quotes)),
        ],
    );
}

pub(crate) fn compare_each(quotes: &[Quote]) {
    let mut single = Vec::new();
    for entry in anomaly::DETECTORS.iter().filter(|entry| entry.default) {
        single.push(Contestant::new(entry.name, || {
            feed(quotes, |_| entry.build_default().unwrap(), judge)
        }));
    }
    for entry in trend::DETECTORS {
        single.push(Contestant::new(entry.name, || {
            feed(quotes, |_| entry.build_default().unwrap(), follow)
        }));
    }
    compare("detectors one at a time", quotes.len(), ROUNDS, single);
}
