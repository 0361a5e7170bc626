//! The default detectors as a whole and one by one, and what one would take from `yata` for the same rules.

use stockflow_benches::compare::{Contestant, compare};
use stockflow_core::{
    AnomalyDetector, AnomalyDetectorExt, Monitor, Quote, Rules, TrendDetector, TrendSignal,
    anomaly, trend,
};

use super::{ROUNDS, SYMBOLS, yata_set::YataSet};

/// Feeds every quote to the state of its symbol; new states each time, since detectors are fed a market once.
fn feed<S>(
    quotes: &[Quote],
    make: impl Fn(&Quote) -> S,
    step: impl Fn(&mut S, &Quote) -> u64,
) -> u64 {
    let mut states: Vec<S> = quotes[..SYMBOLS].iter().map(make).collect();
    let mut found = 0;
    for round in quotes.chunks(SYMBOLS) {
        for (state, quote) in states.iter_mut().zip(round) {
            found += step(state, quote);
        }
    }
    found
}

fn judge(detector: &mut Box<dyn AnomalyDetector>, quote: &Quote) -> u64 {
    u64::from(detector.observe(quote).evidence().is_some())
}

fn follow(detector: &mut Box<dyn TrendDetector>, quote: &Quote) -> u64 {
    u64::from(matches!(detector.update(quote), TrendSignal::Turned(_)))
}

fn detectors(quotes: &[Quote]) -> u64 {
    let rules = Rules::default_set();
    let make = |quote: &Quote| {
        let anomaly: Vec<_> =
            rules.anomaly.iter().filter_map(|rule| rule.detector(&quote.symbol)).collect();
        let trend: Vec<_> =
            rules.trend.iter().filter_map(|rule| rule.detector(&quote.symbol)).collect();
        (anomaly, trend)
    };
    feed(quotes, make, |(anomaly, trend), quote| {
        let anomalies: u64 = anomaly.iter_mut().map(|d| judge(d, quote)).sum();
        anomalies + trend.iter_mut().map(|d| follow(d, quote)).sum::<u64>()
    })
}

fn monitor(quotes: &[Quote]) -> u64 {
    let mut monitor = Monitor::new(&Rules::default_set());
    let mut alerts = Vec::new();
    for quote in quotes {
        let _ = monitor.observe(quote, &mut alerts);
    }
    alerts.len() as u64
}

pub(crate) fn compare_all(quotes: &[Quote]) {
    compare(
        "default detectors, judge and learn",
        quotes.len(),
        ROUNDS,
        vec![
            Contestant::new("stockflow", || detectors(quotes)),
            Contestant::new("yata, equivalent set, called directly", || {
                feed(quotes, YataSet::new, YataSet::observe)
            }),
            Contestant::new("stockflow monitor: quality, policy, alerts too", || monitor(quotes)),
        ],
    );
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
