//! The whole pipeline over a data folder.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use stockflow_core::{Rules, memory::MemoryAlerter};
use stockflow_local::{
    LocalReader, Pipeline, SimulatedMarket, SimulatedOptions, Summary,
    lake::{days, objects},
};

async fn day(dir: &std::path::Path, stop_after: Option<u64>) -> (Summary, Vec<String>) {
    let alerter = Arc::new(MemoryAlerter::new());
    let mut pipeline =
        Pipeline::open(dir, Rules::default_set()).unwrap().with_alerter(alerter.clone());
    let market = SimulatedMarket::with_seed(7, pipeline.cursors()).unwrap();
    let mut progress = pipeline.progress();
    let stop = async move {
        match stop_after {
            None => std::future::pending().await,
            Some(quotes) => {
                let _ = progress.wait_for(|progress| progress.taken >= quotes).await;
            }
        }
    };
    let summary = pipeline.run(Box::new(market), stop).await.unwrap();
    (summary, alerter.sent().iter().map(|alert| alert.to_json()).collect())
}

fn rows(dir: &std::path::Path) -> Vec<stockflow_core::Row> {
    let reader = LocalReader::open(dir).unwrap();
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = reader.scan(after, 10_000).unwrap();
        let Some(last) = page.last() else { return rows };
        after = Some(last.row.key());
        rows.extend(page.into_iter().map(|stored| stored.row));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_that_was_stopped_and_continued_is_the_day() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (summary, alerts) = day(whole.path(), None).await;
    assert!(summary.quotes > 10_000, "{summary:?}");
    assert_eq!(summary.accepted, summary.quotes);
    assert_eq!(summary.rows, summary.quotes);
    assert_eq!(
        (summary.late, summary.duplicate, summary.quarantined, summary.pending),
        (0, 0, 0, 0)
    );
    assert_eq!(summary.alerts as usize, alerts.len());
    let mut undisturbed = alerts;
    undisturbed.sort();

    let (first, alerts) = day(parts.path(), Some(5_000)).await;
    let mut told = alerts;
    assert!(first.quotes >= 5_000 && first.quotes < summary.quotes, "{first:?}");
    let (second, alerts) = day(parts.path(), None).await;
    told.extend(alerts);
    told.sort();
    assert_eq!(first.quotes + second.quotes, summary.quotes);
    let (third, alerts) = day(parts.path(), None).await;
    assert_eq!(
        (third.quotes, third.processed, alerts.len()),
        (0, 0, 0),
        "the same again adds nothing"
    );
    let (ours, theirs) = (rows(whole.path()), rows(parts.path()));
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(&theirs) {
        assert_eq!(a, b);
    }
    assert_eq!(undisturbed, told);
}

fn one_symbol() -> SimulatedOptions {
    let symbols = vec!["AAPL".parse().unwrap()];
    SimulatedOptions { symbols, events: 1, ..SimulatedOptions::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_behind_quarantines_a_simulated_day_unless_it_is_told_when_quotes_arrive() {
    for is_told in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let market = SimulatedMarket::new(7, one_symbol(), &[]).unwrap();
        let (quotes, ends) = (market.total_quotes(), market.ends());
        let mut pipeline = Pipeline::open(folder.path(), Rules::default_set())
            .unwrap()
            .with_clock(|| "2020-01-01T00:00:00Z".parse().unwrap());
        if is_told {
            pipeline = pipeline.with_earliest_arrival(ends);
        }
        let summary = pipeline.run(Box::new(market), std::future::pending()).await.unwrap();
        let expected = if is_told { (quotes, 0) } else { (0, quotes) };
        assert_eq!((summary.accepted, summary.quarantined), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_spool_does_not_overwrite_what_an_earlier_one_left_in_the_lake() {
    let folder = tempfile::tempdir().unwrap();
    let options = one_symbol();
    let mut quotes = 0;
    for seed in [1, 2] {
        let mut pipeline = Pipeline::open(folder.path(), Rules::default_set()).unwrap();
        let market = SimulatedMarket::new(seed, options.clone(), &pipeline.cursors()).unwrap();
        let summary = pipeline.run(Box::new(market), std::future::pending()).await.unwrap();
        drop(pipeline);
        quotes += summary.quotes;
        std::fs::remove_dir_all(folder.path().join("spool")).unwrap();
    }
    let lake = folder.path().join("lake");
    let [day] = days(&lake).unwrap()[..] else { panic!("one day") };
    let objects = objects(&lake, day).unwrap();
    let lines = objects.iter().map(|o| o.read().unwrap().iter().filter(|b| **b == b'\n').count());
    assert_eq!(lines.sum::<usize>() as u64, quotes);
}
