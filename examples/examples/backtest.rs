//! What would another threshold have told? Two sets of rules over the same quotes, compared, and a page to look at.
//!
//! `cargo run -p stockflow-examples --example backtest [FILE.csv[.gz|.zst]] [REPORT.html]`
//!
//! Without arguments it takes a simulated morning of two symbols, and a page that is gone afterwards.

use std::{error::Error, fs, path::PathBuf};

use stockflow_core::{AnomalyDetector, Rule, Rules, Severity, anomaly::PercentChange};
use stockflow_local::{
    Replay, ReplayOptions,
    backtest::{self, Backtest, Comparison},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/data/morning.csv");
    let file = arguments.next().unwrap_or_else(|| sample.into());
    let scratch = tempfile::tempdir()?;
    let report = arguments.next().unwrap_or_else(|| scratch.path().join("report.html"));

    // A rule of the name of a default one takes its place.
    let nearer: Rule<dyn AnomalyDetector> =
        Rule::new("percent_change", Severity::Warning, |_symbol| {
            PercentChange::new(0.5, 30).ok().map(|detector| Box::new(detector) as _)
        });
    let mut tests = [
        Backtest::new(&Rules::default_set()),
        Backtest::new(&Rules::default_set().with_anomaly(nearer)).with_charts(),
    ];
    let replay = Replay::open([&file], ReplayOptions::default(), &[])?;
    backtest::run(Box::new(replay), &mut tests, |_quotes| {}).await?;

    let [before, after] = tests;
    print!("{}", Comparison::of(before.alerts(), after.alerts()));
    println!("{:.2} alerts per symbol and day", after.tally().alert_rate());
    fs::write(&report, backtest::page(&after, &file.display().to_string()))?;
    println!("a page in {}", report.display());
    Ok(())
}
